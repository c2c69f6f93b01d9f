import { expect, test } from "vitest";
import { createLog } from "../../src/log.ts";
import { connectTo, partsOf } from "../support/client.ts";
import { journalPath } from "../support/folders.ts";
import { environmentOf, MODIFY, PENN, SUBSCRIBER, startSandbox } from "../support/service.ts";

test("each call has one line with IDs and numbers, and an unknown outcome is a warning", async () => {
  const sandbox = await startSandbox();
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    "info",
    (line) => lines.push(JSON.parse(line)),
    (event) => event,
  );
  const env = { TENCENT_CHAT_JOURNAL: journalPath(), TENCENT_CHAT_LABEL: "shop" };
  const { call } = await connectTo({ ...partsOf(sandbox.endpoint, environmentOf(sandbox.endpoint, env)), log });
  await call(MODIFY, { Official_Account: PENN, Name: "a secret name" });
  await call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "stranger", CustomString: "x" });
  const disputed = { command: SUBSCRIBER, response: { code: 10004 } };
  sandbox.faults.add(disputed, disputed);
  await call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "x" });
  const calls = lines.filter(({ event }) => event === "call");
  expect(calls).toMatchObject([
    { level: "info", tool: MODIFY, channel: PENN, outcome: "applied", application: "shop" },
    {
      level: "info",
      tool: SUBSCRIBER,
      channel: PENN,
      subscriber: "stranger",
      outcome: "refused",
      code: 131003,
      attempts: 1,
    },
    {
      level: "warn",
      tool: SUBSCRIBER,
      channel: PENN,
      subscriber: "107867",
      outcome: "unknown",
      failed: "service",
      code: 10004,
      attempts: 2,
    },
  ]);
  for (const { writeId, ms } of calls) {
    expect(writeId).toMatch(/^[0-9a-f-]{36}$/);
    expect(ms).toBeGreaterThanOrEqual(0);
  }
  expect(JSON.stringify(lines)).not.toContain("a secret name");
});
