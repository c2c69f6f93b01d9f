import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../src/channel/receipt.ts";
import type { Fault } from "../../src/sandbox/faults.ts";
import { editChannel } from "../../src/writes/channel-edit.ts";
import { editSubscriber } from "../../src/writes/subscriber-edit.ts";
import {
  bodiesOf,
  callFor,
  houseOn,
  MODIFY,
  PENN,
  SUBSCRIBER,
  startSandbox,
  unpacedHouse,
} from "../support/service.ts";

const WAYS: readonly (Omit<Fault, "command" | "mentions"> | undefined)[] = [
  undefined,
  undefined,
  undefined,
  { meets: "reset" },
  { meets: "reset", applied: true },
  { meets: { status: 502 } },
  { meets: { raw: "{" }, applied: true },
  { meets: "reset", landsAfterMs: 2_000 },
  { meets: { code: 60008 }, applied: true },
  { meets: { delayMs: 20 } },
];

test("a thousand interleavings of edits with faults: each channel sees its edits in the order received", async () => {
  const sandbox = await startSandbox({ requestsPerSecond: 1_000_000 });
  const house = unpacedHouse(sandbox);
  const plans = fc.sample(
    fc.array(fc.record({ isSubscriber: fc.boolean(), ways: fc.array(fc.nat(WAYS.length - 1), { maxLength: 2 }) }), {
      minLength: 2,
      maxLength: 4,
    }),
    { numRuns: 1000, seed: 20261122 },
  );
  const runs = plans.map(async (plan, nth) => {
    const id = `@TOA#_${nth}_`;
    const model = sandbox.channels.get(PENN);
    if (!model) throw new Error("no sample channel");
    sandbox.channels.set(id, { ...model, facts: { ...model.facts }, subscribers: new Map([["u", ""]]) });
    return Promise.all(
      plan.map(async ({ isSubscriber, ways }, order): Promise<Outcome> => {
        const command = isSubscriber ? SUBSCRIBER : MODIFY;
        const value = `${id}edit${order}.`;
        for (const way of ways) if (WAYS[way]) sandbox.faults.add({ ...WAYS[way], command, mentions: value });
        const call = callFor(60_000);
        const written = isSubscriber
          ? await editSubscriber(house, { Official_Account: id, Subscriber_Account: "u", CustomString: value }, call)
          : await editChannel(house, id, { Name: value }, call);
        return written.receipt.outcome;
      }),
    );
  });
  const outcomes = await Promise.all(runs);
  sandbox.faults.clear(); // a second fault is there only for a second attempt
  await new Promise((resolve) => setTimeout(resolve, 2_200));

  for (const [nth, plan] of plans.entries()) {
    const id = `@TOA#_${nth}_`;
    const landed = sandbox.landed
      .filter(({ command, body }) => command !== "get_official_account_info" && body.includes(`"${id}"`))
      .map(({ body }) => Number(/edit(\d)\./.exec(body)?.[1]));
    expect(landed, `plan ${nth}: ${JSON.stringify(plan)}`).toEqual([...landed].sort((a, b) => a - b));
    for (const [order, outcome] of (outcomes[nth] ?? []).entries()) {
      if (outcome === "applied") expect(landed, `plan ${nth}: ${JSON.stringify(plan)}`).toContain(order);
      if (outcome === "notApplied") expect(landed).not.toContain(order);
    }
  }
}, 120_000);

test("thirty edits at once to one channel reach the service in order, and all of them", async () => {
  const sandbox = await startSandbox();
  const house = houseOn(sandbox.endpoint);
  const values = Array.from({ length: 30 }, (_, nth) => `edit ${nth}`);
  const all = await Promise.all(values.map((Name) => editChannel(house, PENN, { Name }, callFor(20_000))));
  expect(all.every(({ receipt }) => receipt.outcome === "applied")).toBe(true);
  expect(bodiesOf(sandbox, MODIFY).map((body) => (body as { Name: string }).Name)).toEqual(values);
  expect(all.at(-1)?.receipt.changes[0]).toMatchObject({ before: "edit 28", after: "edit 29" });
});

test("edits of different channels go side by side", async () => {
  const sandbox = await startSandbox();
  const house = houseOn(sandbox.endpoint);
  sandbox.faults.add({ command: MODIFY, mentions: PENN, meets: { delayMs: 600 } });
  const slow = editChannel(house, PENN, { Name: "slow" }, callFor());
  const order: string[] = [];
  const quick = editChannel(house, "@TOA#_@TOA#dZDP", { Name: "quick" }, callFor());
  await Promise.all([slow.then(() => order.push("slow")), quick.then(() => order.push("quick"))]);
  expect(order).toEqual(["quick", "slow"]);
  expect((await slow).receipt.outcome).toBe("applied");
});

test("an edit that waits too long for its turn is not sent, and the next one is not held up by it", async () => {
  const sandbox = await startSandbox();
  const house = houseOn(sandbox.endpoint);
  sandbox.faults.add({ command: MODIFY, mentions: "first", meets: { delayMs: 400 } });
  const first = editChannel(house, PENN, { Name: "first" }, callFor());
  const impatient = editChannel(house, PENN, { Name: "impatient" }, callFor(100));
  const last = editChannel(house, PENN, { Name: "last" }, callFor());
  await expect(impatient).rejects.toMatchObject({ name: "NotSent", reason: "noTimeToSend" });
  expect((await first).receipt.outcome).toBe("applied");
  expect((await last).receipt.changes[0]).toMatchObject({ before: "first", after: "last" });
});
