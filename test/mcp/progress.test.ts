import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { reportProgress } from "../../src/mcp/tool-calls.ts";
import { waitUntil } from "../support/clock.ts";
import { MODIFY, PENN, startSandbox } from "../support/service.ts";
import { type Message, modern, Wire } from "../support/wire.ts";

describe("progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is sent every 5 seconds with the caller's token while the call waits, and not after it was stopped", () => {
    const sent: Message[] = [];
    let waitingFor: string | undefined = "its turn";
    const stop = reportProgress(
      0,
      { sendNotification: async (message) => void sent.push(message as Message) },
      () => waitingFor,
    );
    vi.advanceTimersByTime(4_999);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(5_001);
    waitingFor = undefined;
    vi.advanceTimersByTime(5_000);
    waitingFor = "the person";
    vi.advanceTimersByTime(5_000);
    stop();
    vi.advanceTimersByTime(60_000);
    expect(sent.map(({ params }) => params)).toEqual([
      { progressToken: 0, progress: 5, message: "Waiting for its turn." },
      { progressToken: 0, progress: 10, message: "Waiting for its turn." },
      { progressToken: 0, progress: 20, message: "Waiting for the person." },
    ]);
  });

  test("is not sent without a token", () => {
    const sendNotification = vi.fn();
    reportProgress(undefined, { sendNotification }, () => "its turn");
    vi.advanceTimersByTime(60_000);
    expect(sendNotification).not.toHaveBeenCalled();
  });
});

test.each([
  ["2026-07-28", modern],
  ["an older revision", (params: object) => ({ ...params, _meta: {} })],
])("a call of %s that is over has no timer left", async (_revision, paramsOf) => {
  const [set, clear] = [vi.spyOn(globalThis, "setInterval"), vi.spyOn(globalThis, "clearInterval")];
  onTestFinished(() => void vi.restoreAllMocks());
  const wire = await Wire.open((await startSandbox()).endpoint);
  const params = paramsOf({ name: MODIFY, arguments: {} }) as { _meta: object };
  await wire.request(1, "tools/call", { ...params, _meta: { ...params._meta, progressToken: 1 } });
  const timers = set.mock.results.filter((_, nth) => set.mock.calls[nth]?.[1] === 5_000).map(({ value }) => value);
  expect(timers).toHaveLength(1);
  expect(clear.mock.calls.flat()).toContain(timers[0]);
});

describe.concurrent("a call that waits", () => {
  const edit = (Name: string) => ({ name: MODIFY, arguments: { Official_Account: PENN, Name } });
  const progressOf = (wire: Wire) =>
    wire.messages.filter(({ method }) => method === "notifications/progress").map(({ params }) => params);

  test("for a person says so", async () => {
    const wire = await Wire.open((await startSandbox()).endpoint, { TENCENT_CHAT_CONFIRM_EDITS: "always" });
    await wire.initialize({ elicitation: {} });
    wire.send({ id: 1, method: "tools/call", params: { ...edit("x"), _meta: { progressToken: "p" } } });
    const { id } = await wire.next(({ method }) => method === "elicitation/create");
    await wire.next(({ method }) => method === "notifications/progress");
    wire.send({ id, result: { action: "cancel" } });
    await wire.next((message) => message.id === 1 && message.result);
    expect(progressOf(wire)).toEqual([
      { progressToken: "p", progress: 5, message: "Waiting for the person to confirm the edit." },
    ]);
  });

  test("for another edit of its channel says so, in 2026-07-28 too; one without a token says nothing", async () => {
    const sandbox = await startSandbox();
    const wire = await Wire.open(sandbox.endpoint, { TENCENT_CHAT_TIMEOUT_SECONDS: "20" });
    await wire.initialize();
    sandbox.faults.add({ command: MODIFY, response: { delayMs: 6_000 } });
    wire.send({ id: 1, method: "tools/call", params: edit("one") });
    await waitUntil(() => sandbox.requests.some(({ command }) => command === MODIFY));
    const params = modern(edit("two")) as { _meta: object };
    const withToken = { ...params, _meta: { ...params._meta, progressToken: 7 } };
    wire.send({ id: 2, method: "tools/call", params: withToken });
    const { result } = await wire.next((message) => message.id === 2);
    expect(result.structuredContent.receipt.outcome).toBe("applied");
    expect(progressOf(wire)).toEqual([
      { progressToken: 7, progress: 5, message: expect.stringMatching(/^Waiting for .*channel.*\.$/) },
    ]);
  });
});
