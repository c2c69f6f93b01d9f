import { WRITABLE_FIELDS } from "../channel/fields.ts";

/** What a host or a template most likely put into an edit by accident: it would be public at once. */

/** Words that stand for "nothing" in programs, and what JavaScript makes of an object. */
const NOTHING = /^(null|undefined|<nil>|\[object object\])$/i;

/**
 * Problems of the values of an edit, each a sentence.
 * @param args that the schema accepts
 */
export function accidentsIn(tool: string, args: Readonly<Record<string, unknown>>): string[] {
  const words = Object.entries(args).flatMap(([name, value]) =>
    typeof value === "string" && NOTHING.test(value.trim())
      ? [
          `${name} is the word ${JSON.stringify(value.trim())}, most likely put there by accident. Leave the field out to keep its value; to empty it, send "" as the one field of its call.`,
        ]
      : [],
  );
  return [...words, ...filler(tool, args)];
}

/** Some hosts fill every field left out with "": it is taken only where it is the one field of its call. */
function filler(tool: string, { Official_Account, ...fields }: Readonly<Record<string, unknown>>): string[] {
  const given = WRITABLE_FIELDS.map(({ name }) => name).filter((name) => fields[name] !== undefined);
  const empty = given.filter((name) => fields[name] === "");
  if (empty.length === 0 || given.length === 1 || "Subscriber_Account" in fields) return [];
  const call = (names: readonly string[]) =>
    `${tool} ${JSON.stringify({ Official_Account, ...Object.fromEntries(names.map((name) => [name, fields[name]])) })}`;
  const filled = given.filter((name) => !empty.includes(name));
  const isPlural = empty.length > 1;
  return [
    `${empty.join(", ")} ${isPlural ? "are" : "is"} "", beside other fields: some hosts send that for fields left out, so nothing was sent.` +
      (filled.length > 0 ? ` To keep ${isPlural ? "them" : "it"}, call ${call(filled)}.` : "") +
      ` To empty a field, send it alone: ${empty.map((name) => call([name])).join(" and ")}.`,
  ];
}

/** Warnings for values that may be meant. */
export function suspiciousIn(args: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(args).flatMap(([name, value]) =>
    typeof value === "string" && /^none$/i.test(value.trim())
      ? [
          `${name} is the word ${JSON.stringify(value.trim())}. If the field was meant to be left alone, take the edit back.`,
        ]
      : [],
  );
}
