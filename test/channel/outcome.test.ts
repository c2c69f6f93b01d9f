import { describe, expect, test } from "vitest";
import type { ChannelInfo, ChannelValues } from "../../src/channel/fields.ts";
import {
  foreignValues,
  inferOutcome,
  isDecided,
  isNoop,
  lastSeen,
  type Observation,
  type ServiceReply,
} from "../../src/channel/outcome.ts";

const FIELDS = ["Name", "Introduction", "FaceUrl", "Organization"] as const;
/** What the looks show of one field: the new value, the old one, a third one, or nothing. */
type Kind = "N" | "O" | "X" | "-";
const SHOWN: Readonly<Record<Kind, string | undefined>> = { N: "new", O: "old", X: "third", "-": undefined };

/** The table of outcomes, cell by cell: which kinds of evidence occur among the fields of an edit. */
const TABLE: Readonly<Record<ServiceReply, Readonly<Record<string, string>>>> = {
  ok: {
    "-": "accepted",
    N: "applied",
    "N-": "applied",
    O: "unknown",
    "O-": "unknown",
    X: "unknown",
    "X-": "unknown",
    NO: "partlyApplied",
    "NO-": "partlyApplied",
    NX: "unknown",
    "NX-": "unknown",
    OX: "unknown",
    "OX-": "unknown",
    NOX: "unknown",
    "NOX-": "unknown",
  },
  refused: {
    "-": "refused",
    N: "applied",
    "N-": "unknown",
    O: "refused",
    "O-": "refused",
    X: "refused",
    "X-": "refused",
    NO: "partlyApplied",
    "NO-": "partlyApplied",
    NX: "unknown",
    "NX-": "unknown",
    OX: "refused",
    "OX-": "refused",
    NOX: "unknown",
    "NOX-": "unknown",
  },
  ambiguous: {
    "-": "unknown",
    N: "applied",
    "N-": "unknown",
    O: "notApplied",
    "O-": "unknown",
    X: "unknown",
    "X-": "unknown",
    NO: "partlyApplied",
    "NO-": "unknown",
    NX: "unknown",
    "NX-": "unknown",
    OX: "unknown",
    "OX-": "unknown",
    NOX: "unknown",
    "NOX-": "unknown",
  },
};

const cells = Object.entries(TABLE).flatMap(([reply, row]) =>
  Object.entries(row).map(([kinds, outcome]) => [reply as ServiceReply, kinds, outcome] as const),
);

/** Every way to give the fields kinds of this set, so that each kind occurs. */
function assignments(kinds: string): Kind[][] {
  const all = FIELDS.reduce<Kind[][]>(
    (lists) => [...lists, ...lists.flatMap((list) => [...kinds].map((kind) => [...list, kind as Kind]))],
    [[]],
  );
  const unique = new Map(all.map((list) => [list.join(""), list]));
  return [...unique.values()].filter((list) => new Set(list).size === kinds.length);
}

function observe(reply: ServiceReply, kinds: readonly Kind[], before: ChannelInfo = {}): Observation {
  const wanted: Record<string, string> = {};
  const old: Record<string, string> = {};
  const look: Record<string, string> = {};
  for (const [index, kind] of kinds.entries()) {
    const name = FIELDS[index] as string;
    wanted[name] = "new";
    old[name] = "old";
    const shown = SHOWN[kind];
    if (shown !== undefined) look[name] = shown;
  }
  return { reply, wanted, before: { ...old, ...before }, looks: [look], isComplete: true };
}

describe("the outcome", () => {
  test.each(cells)("after %s, where the fields show %s, is %s", (reply, kinds, outcome) => {
    const all = assignments(kinds);
    expect(all.length).toBeGreaterThan(0);
    for (const list of all) expect(inferOutcome(observe(reply, list)).outcome, list.join("")).toBe(outcome);
  });

  test.each(cells)(
    "after %s, where the fields show %s, ignores fields that had the value before: %s",
    (reply, kinds, outcome) => {
      for (const list of assignments(kinds)) {
        for (const shown of [undefined, "same", "somebody else's"]) {
          const observation = observe(reply, list);
          const wanted: ChannelValues = { ...observation.wanted, CustomString: "same" };
          const before = { ...observation.before, CustomString: "same" };
          const looks = observation.looks.map((look) => ({
            ...look,
            ...(shown !== undefined && { CustomString: shown }),
          }));
          expect(inferOutcome({ ...observation, wanted, before, looks }).outcome).toBe(outcome);
        }
      }
    },
  );

  test("counts an old value only in the last look of the schedule", () => {
    const cut = { ...observe("ambiguous", ["O"]), isComplete: false };
    expect(inferOutcome(cut)).toEqual({ outcome: "unknown", evidence: { Name: "tooEarly" } });
    expect(inferOutcome({ ...cut, reply: "ok" }).outcome).toBe("accepted");
    const half = {
      wanted: { Name: "new", Introduction: "new" },
      before: { Name: "old", Introduction: "old" },
      looks: [{ Name: "new", Introduction: "old" }],
      isComplete: false,
    };
    expect(inferOutcome({ ...half, reply: "ok" }).outcome).toBe("accepted");
    expect(inferOutcome({ ...half, reply: "ambiguous" }).outcome).toBe("unknown");
  });

  test("does not follow from a field that was missing before, unless the service said OK", () => {
    const wanted = { MaxSubscriberNum: 5 };
    const looks = [{ MaxSubscriberNum: 5 }];
    const common = { wanted, before: { Name: "old" }, looks, isComplete: true };
    expect(inferOutcome({ ...common, reply: "ok" }).outcome).toBe("applied");
    expect(inferOutcome({ ...common, reply: "ambiguous" }).outcome).toBe("unknown");
    expect(inferOutcome({ ...common, reply: "refused" }).outcome).toBe("refused");
    expect(inferOutcome({ ...common, reply: "ambiguous", looks: [{ MaxSubscriberNum: 9 }] }).outcome).toBe("unknown");
    expect(inferOutcome({ ...common, reply: "ok", looks: [{ MaxSubscriberNum: 9 }] }).outcome).toBe("unknown");
  });

  test("is unknown without an OK where a field is missing from both reads, whatever the others show", () => {
    const wanted = { Name: "B", MaxSubscriberNum: 7 };
    const common = { wanted, before: { Name: "A" }, isComplete: true };
    for (const Name of ["A", "B"]) {
      expect(inferOutcome({ ...common, reply: "ambiguous", looks: [{ Name }] }).outcome, Name).toBe("unknown");
      const outcome = Name === "A" ? "refused" : "unknown";
      expect(inferOutcome({ ...common, reply: "refused", looks: [{ Name }] }).outcome, Name).toBe(outcome);
    }
    expect(inferOutcome({ ...common, reply: "ok", looks: [{ Name: "B" }] }).outcome).toBe("applied");
  });

  test("takes no cut text for a trimmed one, and a trimmed one also where the value before was not readable", () => {
    const cut = { wanted: { Name: "Spring sale" }, before: { Name: "old" }, looks: [{ Name: "Spring" }] };
    expect(inferOutcome({ ...cut, reply: "ok", isComplete: true }).outcome).toBe("unknown");
    const trimmed = { wanted: { Name: " B" }, before: {}, looks: [{ Name: "B" }] };
    expect(inferOutcome({ ...trimmed, reply: "ok", isComplete: true }).outcome).toBe("applied");
  });

  test("counts an old value only where the very last look shows it", () => {
    const looks = [{ Name: "old" }, { Introduction: "x" }];
    const observation = { wanted: { Name: "new" }, before: { Name: "old" }, looks, isComplete: true };
    expect(inferOutcome({ ...observation, reply: "ambiguous" }).outcome).toBe("unknown");
  });

  test("takes a text that the service trimmed or case-folded for applied, after an OK only", () => {
    const observation = {
      wanted: { Name: " New " },
      before: { Name: "old" },
      looks: [{ Name: "new" }],
      isComplete: true,
    };
    expect(inferOutcome({ ...observation, reply: "ok" })).toEqual({
      outcome: "applied",
      evidence: { Name: "normalized" },
    });
    expect(inferOutcome({ ...observation, reply: "ambiguous" }).evidence).toEqual({ Name: "other" });
    // The old value is never taken for the new one: the service may have ignored the field.
    const trimmed = { ...observation, wanted: { Name: "old " }, looks: [{ Name: "old" }] };
    expect(inferOutcome({ ...trimmed, reply: "ok" })).toEqual({ outcome: "unknown", evidence: { Name: "old" } });
    expect(inferOutcome({ ...trimmed, reply: "ok", isComplete: false }).evidence).toEqual({ Name: "tooEarly" });
    expect(inferOutcome({ ...trimmed, reply: "ambiguous" }).evidence).toEqual({ Name: "old" });
  });

  test("takes an old value after the new one was seen for somebody else's", () => {
    const observation = {
      reply: "ambiguous",
      wanted: { Name: "new" },
      before: { Name: "old" },
      looks: [{ Name: "new" }, { Name: "old" }],
      isComplete: true,
    } as const;
    expect(inferOutcome(observation)).toEqual({ outcome: "unknown", evidence: { Name: "other" } });
  });

  test("rests on the last look that shows a field", () => {
    const looks = [{ Name: "old" }, { Name: "new" }, {}];
    const observation = { wanted: { Name: "new" }, before: { Name: "old" }, looks, isComplete: true };
    expect(inferOutcome({ ...observation, reply: "ambiguous" }).outcome).toBe("applied");
  });
});

describe("values of somebody else", () => {
  const common = { wanted: { Name: "new" }, before: { Name: "old" }, isComplete: true } as const;
  const foreign = (looks: ChannelInfo[], reply: ServiceReply = "ok", more: Partial<Observation> = {}) =>
    foreignValues({ ...common, looks, reply, ...more });

  test("are those that any look showed and the edit did not write, also where a later look lags", () => {
    expect(foreign([{ Name: "third" }, { Name: "new" }])).toEqual({ Name: ["third"] });
    expect(foreign([{ Name: "old" }, { Name: "third" }, { Name: "old" }], "ambiguous")).toEqual({ Name: ["third"] });
    expect(foreign([{ Name: "one" }, { Name: "two" }, { Name: "one" }, {}])).toEqual({ Name: ["one", "two"] });
    expect(foreign([{ Name: "third" }], "ok", { before: { Name: "new" } })).toEqual({ Name: ["third"] });
  });

  test("are not the old one, the wanted one, or the wanted text as the service stored it", () => {
    expect(foreign([{ Name: "old" }, { Name: "new" }, { Name: " NEW" }])).toEqual({});
    expect(foreign([{ Name: " NEW" }], "ambiguous")).toEqual({ Name: [" NEW"] });
  });

  test("cannot be told from the old one where the first read lacked the field", () => {
    for (const reply of ["ok", "refused", "ambiguous"] as const) {
      expect(foreign([{ Name: "third" }], reply, { before: {} })).toEqual({});
    }
    const unset = { ...common, before: {}, looks: [{ Name: "third" }] };
    expect(inferOutcome({ ...unset, reply: "ok" }).evidence).toEqual({ Name: "other" });
    expect(inferOutcome({ ...unset, reply: "ok", isComplete: false }).evidence).toEqual({ Name: "tooEarly" });
    expect(inferOutcome({ ...unset, reply: "ambiguous" }).evidence).toEqual({ Name: "none" });
  });
});

describe("what the looks show together", () => {
  test("is the last value of each field", () => {
    expect(lastSeen({ looks: [] })).toBeUndefined();
    const looks = [{ Name: "a", Introduction: "i" }, { Name: "b" }];
    expect(lastSeen({ looks })).toEqual({ Name: "b", Introduction: "i" });
  });
});

describe("looking again", () => {
  test("ends where everything is new, and where no field can be read", () => {
    const limit = { wanted: { MaxSubscriberNum: 5 }, before: {}, looks: [{}], isComplete: false };
    expect(isDecided({ ...limit, reply: "ok" })).toBe(true);
    const watched = { wanted: { Name: "" }, before: { MaxSubscriberNum: 9 }, looks: [{ MaxSubscriberNum: 9 }] };
    expect(isDecided({ ...watched, reply: "ok", isComplete: false })).toBe(false); // it may fall yet
    const emptied = { wanted: { Name: "" }, before: {}, looks: [{}], isComplete: false };
    expect(isDecided({ ...emptied, reply: "ok" })).toBe(true);
    expect(isDecided(observe("ambiguous", ["N", "N"]))).toBe(true);
    expect(isDecided({ ...observe("ambiguous", ["-"]), before: {} })).toBe(true);
  });

  test("goes on where a later look could still show more", () => {
    expect(isDecided(observe("ok", ["O"]))).toBe(false);
    expect(isDecided(observe("ok", ["-"]))).toBe(false); // it was readable before
    expect(isDecided(observe("ok", ["N", "-"]))).toBe(false);
    expect(isDecided({ ...observe("ok", ["-"]), before: {} })).toBe(false); // it may not have been set before
    expect(isDecided(observe("ok", ["N", "O"]))).toBe(false);
    expect(isDecided(observe("ambiguous", ["X"]))).toBe(false);
    expect(isDecided({ ...observe("ambiguous", ["N"]), looks: [] })).toBe(false);
    // The old value, which differs from the wanted one in letter case only, in a look that may lag.
    const recased = { wanted: { Name: "NEW" }, before: { Name: "new" }, looks: [{ Name: "new" }], isComplete: false };
    expect(isDecided({ ...recased, reply: "ok" })).toBe(false);
    const lacksLimit = { ...observe("ok", ["N"]), before: { Name: "old", MaxSubscriberNum: 5 } };
    expect(isDecided(lacksLimit)).toBe(false);
    const foreign = observe("ok", ["N"]);
    expect(isDecided({ ...foreign, looks: [{ Name: "third" }, ...foreign.looks] })).toBe(false);
  });
});

describe("an edit without effect", () => {
  test("is one whose every value could be read and is there", () => {
    expect(isNoop({ Name: "A" }, { Name: "A", Introduction: "i" })).toBe(true);
    expect(isNoop({ Name: "A", Introduction: "x" }, { Name: "A", Introduction: "i" })).toBe(false);
    expect(isNoop({ Name: "A", MaxSubscriberNum: 5 }, { Name: "A" })).toBe(false);
    expect(isNoop({ Name: "A", MaxSubscriberNum: 5 }, { Name: "A", MaxSubscriberNum: 5 })).toBe(true);
  });
});
