import { WRITABLE_FIELDS } from "../channel/fields.ts";
import { REPLACEMENT } from "../chat-api/auth/secrets.ts";

/** What a host or a template most likely put into an edit by accident: it would be public at once. */

/** Words that stand for "nothing" in programs and templates, also in quotes or brackets, and what is made of an object. */
const NOTHING =
  /^(""|''|``)$|^["'`(<[]*(null|undefined)["'`)>\]]*$|^[(<"'](nil|nan|none|no value)[)>"']$|^(\[object \w+\],?)+$|^%!.\(<nil>\)$/i;

/**
 * Problems of the values of an edit, each a sentence.
 * @param args that the schema accepts
 */
export function accidentsIn(tool: string, args: Readonly<Record<string, unknown>>): string[] {
  const given = texts(args);
  const isFilled = given.filter(([, text]) => FILLER.test(text)).length > 1;
  const words = given.flatMap(([name, text]) => {
    if (text.includes(REPLACEMENT))
      return [
        `${name} holds ${REPLACEMENT}, which stands for a credential in what was read: write the text without it.`,
      ];
    if (!NOTHING.test(text) && !(isFilled && FILLER.test(text))) return [];
    const instead =
      "Subscriber_Account" in args
        ? 'Send the value itself, or "" to empty the field.'
        : 'Leave the field out to keep its value; to empty it, send "" as the one field of its call.';
    return [`${name} is the word ${JSON.stringify(text)}, most likely put there by accident. ${instead}`];
  });
  return [...words, ...filler(tool, args)];
}

/** Characters of calls that a problem repeats: more would fill the answer. */
const MAX_CALL = 8_000;

/** Some hosts fill every field left out with "" or 0: it is taken only where it is the one field of its call. */
function filler(tool: string, { Official_Account, ...fields }: Readonly<Record<string, unknown>>): string[] {
  const given = WRITABLE_FIELDS.map(({ name }) => name).filter((name) => fields[name] !== undefined);
  const empty = given.filter((name) => fields[name] === "" || fields[name] === 0);
  if (empty.length === 0 || given.length === 1 || "Subscriber_Account" in fields) return [];
  const call = (names: readonly string[]) =>
    `${tool} ${JSON.stringify({ Official_Account, ...Object.fromEntries(names.map((name) => [name, fields[name]])) })}`;
  const filled = given.filter((name) => !empty.includes(name));
  const emptied = empty.filter((name) => fields[name] === "");
  const [are, them] = empty.length > 1 ? ["are", "them"] : ["is", "it"];
  const keep = call(filled);
  const alone = emptied.map((name) => call([name])).join(" and ");
  return [
    `Nothing was sent: ${empty.join(", ")} ${are} empty next to other fields, and some hosts fill fields that were left out.` +
      (filled.length > 0
        ? ` To keep ${them}, ${keep.length <= MAX_CALL ? `call ${keep}` : `leave ${them} out`}.`
        : "") +
      (emptied.length > 0 && alone.length <= MAX_CALL ? ` To empty a field, send it alone: ${alone}.` : ""),
  ];
}

/** One of these may be meant; in several fields of a call they fill what was left out. */
const FILLER = /^(none|nil|nan|null|n\/a|string|\{\}|\[\])$/i;

/** What a template or a wrong encoding leaves. CustomString may hold any of it in JSON. */
const UNREPLACED = /^none$|^\{\{.*\}\}$|^\$\{.*\}$|^<[A-Z_ ]+>$/i;
const DAMAGED = /^\?{2,}$|^"[^"]+"$|\\u[0-9a-f]{4}|&(amp|lt|gt|quot|#\d+);/i;

export function warningsFor(args: Readonly<Record<string, unknown>>): string[] {
  return texts(args).flatMap(([name, text]) => {
    const shown = JSON.stringify(text.slice(0, 80));
    if (UNREPLACED.test(text))
      return [`${name} is ${shown}, which looks like something that should have been replaced.`];
    const isDamaged = name !== "CustomString" && DAMAGED.test(text);
    return isDamaged ? [`${name} is ${shown}, which looks damaged on its way: compare it with what was meant.`] : [];
  });
}

/** The texts of the fields that an edit sets, trimmed. An ID may be any word. */
function texts(args: Readonly<Record<string, unknown>>): [name: string, text: string][] {
  return WRITABLE_FIELDS.flatMap(({ name, type }): [string, string][] => {
    const value = type === "string" ? args[name] : undefined;
    return typeof value === "string" ? [[name, value.replace(/[\u200b-\u200d\ufeff]/g, "").trim()]] : [];
  });
}
