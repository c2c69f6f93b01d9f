import { type ChannelInfo, type ChannelValues, WRITABLE_FIELDS, type WritableFieldName } from "./fields.ts";

/** What became of an edit, inferred from what was seen. Pure. */

/** See the README ("Outcomes") for what each one means. */
export type Outcome =
  | "applied"
  | "accepted"
  | "unchanged"
  | "notApplied"
  | "partlyApplied"
  | "refused"
  | "declined"
  | "unknown";

/** True if an edit with this outcome took effect, or may have: only then does an undo make sense. */
export function mayHaveChanged(outcome: Outcome): boolean {
  return outcome === "applied" || outcome === "accepted" || outcome === "partlyApplied" || outcome === "unknown";
}

/** What the service said of an edit: ambiguous if any attempt may still take effect and the last one was not OK. */
export type ServiceReply = "ok" | "refused" | "ambiguous";

/**
 * What the looks after an edit say of one field:
 * - new: the wanted value
 * - normalized: after an OK, the wanted text trimmed or in another letter case, where that is not the old value
 * - old: the value before the edit, in the last look of the schedule
 * - tooEarly: the value before the edit, or what may be that, in a look that was too early to count
 * - other: a third value, or the old one again after the new one was seen: somebody else edits this channel
 * - noChange: it had the wanted value before, so it says nothing
 * - none: missing from the reads
 */
export type Evidence = "new" | "normalized" | "old" | "tooEarly" | "other" | "noChange" | "none";

/** What is known after an edit. */
export interface Observation {
  readonly reply: ServiceReply;
  readonly wanted: ChannelValues;
  /** The channel as read before the edit. */
  readonly before: ChannelInfo;
  /** The channel as each look after the edit showed it; failed looks are left out. */
  readonly looks: readonly ChannelInfo[];
  /** True if the last look of the schedule succeeded: only then does an old value count. */
  readonly isComplete: boolean;
}

export interface Inference {
  readonly outcome: Outcome;
  readonly evidence: Readonly<Partial<Record<WritableFieldName, Evidence>>>;
}

/** The fields that an edit names, in the order of the table. */
export function fieldsOf(wanted: ChannelValues): WritableFieldName[] {
  return WRITABLE_FIELDS.flatMap(({ name }) => (wanted[name] === undefined ? [] : [name]));
}

/** True if every wanted value could be read and is there already. */
export function isNoop(wanted: ChannelValues, before: ChannelInfo): boolean {
  return fieldsOf(wanted).every((name) => before[name] === wanted[name]);
}

/** Infers the outcome of an edit that was sent. */
export function inferOutcome(observation: Observation): Inference {
  const { reply, wanted } = observation;
  const evidence = Object.fromEntries(fieldsOf(wanted).map((name) => [name, evidenceOf(name, observation)]));
  return { outcome: outcomeOf(reply, Object.values(evidence)), evidence };
}

/** True if a further look could say no more: each field is new, had the wanted value before, or cannot be read. */
export function isDecided(observation: Observation): boolean {
  const { reply, wanted, before, looks } = observation;
  if (looks.length === 0 || Object.keys(foreignValues(observation)).length > 0) return false;
  const { outcome, evidence } = inferOutcome({ ...observation, isComplete: false });
  const names = fieldsOf(wanted);
  // The next look can show a field that this one lacks: it was there before the edit, or was not set then.
  const wasUnset = (name: WritableFieldName) => reply === "ok" && isFilterable(name) && wanted[name] !== "";
  const canShow = (name: WritableFieldName) => before[name] !== undefined || wasUnset(name);
  const isMissing = names.some((name) => evidence[name] === "none" && canShow(name));
  // A limit that the edit does not name is watched: only a look that shows the edit tells whether it changed.
  const watchesLimit = before.MaxSubscriberNum !== undefined && wanted.MaxSubscriberNum === undefined;
  const lacksLimit = watchesLimit && valuesOf("MaxSubscriberNum", looks).length === 0;
  const saysNothing = names.every((name) => evidence[name] === "noChange" || evidence[name] === "none");
  return !isMissing && !lacksLimit && (outcome === "applied" || (saysNothing && !watchesLimit));
}

function isFilterable(name: WritableFieldName): boolean {
  return WRITABLE_FIELDS.some((field) => field.name === name && field.filterable);
}

/** By field, the value of the last look that has it; undefined where there was no look. */
export function lastSeen({ looks }: Pick<Observation, "looks">): ChannelInfo | undefined {
  return looks.length === 0 ? undefined : Object.assign({}, ...looks);
}

function evidenceOf(name: WritableFieldName, { reply, wanted, before, looks, isComplete }: Observation): Evidence {
  const value = wanted[name];
  const old = before[name];
  if (old === value) return "noChange";
  const seen = valuesOf(name, looks);
  const last = seen.at(-1);
  if (last === undefined) return "none";
  // Without an OK, a field that the first read lacked may have had the wanted value all along.
  if (last === value) return reply === "ok" || old !== undefined ? "new" : "none";
  if (last === old) {
    if (!isComplete || looks.at(-1)?.[name] !== old) return "tooEarly";
    return seen.some((each) => each === value) ? "other" : "old";
  }
  if (reply === "ok" && isNormalized(last, value)) return "normalized";
  if (old !== undefined) return "other";
  // It may be the old value, which the first read lacked: only the last look of the schedule tells, after an OK.
  if (reply !== "ok") return "none";
  return isComplete && looks.at(-1)?.[name] === last ? "other" : "tooEarly";
}

/**
 * By field, every value in a look that is neither the old nor the wanted one: somebody else edits this channel, or the
 * service changed the text. A later look may show another value again, because a read can lag. It does not change the
 * outcome.
 */
export function foreignValues({ reply, wanted, before, looks }: Observation): ForeignValues {
  return Object.fromEntries(
    fieldsOf(wanted).flatMap((name) => {
      const [value, old] = [wanted[name], before[name]];
      if (old === undefined) return []; // what the first read lacked cannot be told from the old value
      const isStored = (each: string | number) => old !== value && reply === "ok" && isNormalized(each, value);
      const foreign = valuesOf(name, looks).filter((each) => each !== value && each !== old && !isStored(each));
      return foreign.length === 0 ? [] : [[name, [...new Set(foreign)]]];
    }),
  );
}

export type ForeignValues = Readonly<Partial<Record<WritableFieldName, readonly (string | number)[]>>>;

function valuesOf(name: WritableFieldName, looks: readonly ChannelInfo[]): (string | number)[] {
  return looks.flatMap((look) => look[name] ?? []);
}

/** True for two texts that differ in surrounding white space and letter case only. */
export function isNormalized(one: string | number | undefined, other: string | number | undefined): boolean {
  return typeof one === "string" && typeof other === "string" && fold(one) === fold(other);
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

/** Maps what the service said and the evidence of each field to an outcome. */
function outcomeOf(reply: ServiceReply, evidence: readonly Evidence[]): Outcome {
  const count = (...kinds: Evidence[]) => evidence.filter((each) => kinds.includes(each)).length;
  const applied = count("new", "normalized");
  const old = count("old");
  const readable = applied + old + count("other");
  const isMixed = applied > 0 && old > 0 && applied + old === readable;
  const isFullyRead = count("none", "tooEarly") === 0;

  switch (reply) {
    case "ok":
      if (readable === 0) return "accepted";
      if (applied === readable) return count("tooEarly") > 0 ? "accepted" : "applied";
      return isMixed ? "partlyApplied" : "unknown";
    case "refused":
      if (applied > 0 && applied === readable) return isFullyRead ? "applied" : "unknown";
      if (isMixed) return "partlyApplied";
      return applied === 0 ? "refused" : "unknown";
    case "ambiguous":
      if (readable === 0 || !isFullyRead) return "unknown";
      if (applied === readable) return "applied";
      if (old === readable) return "notApplied";
      return isMixed ? "partlyApplied" : "unknown";
  }
}
