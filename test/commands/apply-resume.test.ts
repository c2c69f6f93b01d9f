import { readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import type { Server } from "node:http";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileWith, readResults, spawnApply as start, subscriberLine, withSubscribers } from "../support/apply-jobs.ts";
import { cleanUpLater } from "../support/clean-up.ts";
import { waitUntil } from "../support/clock.ts";
import { PENN, startSandbox } from "../support/service.ts";

describe.concurrent("a job", { timeout: 60_000 }, () => {
  test("a signal ends it after what is in flight, and it can be resumed", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 300);
    const { file, results } = fileWith(...Array.from({ length: 300 }, (_, index) => subscriberLine(index)));
    const left = `${file}.left`;
    const { child, ended } = start(sandbox.endpoint, [file, "--results", results, "--left", left]);
    await waitUntil(() => sandbox.applied.length > 30);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain("✗ Stopped, because it was interrupted");
    const after = readResults(results);
    expect(after.length).toBe(sandbox.applied.length);
    expect(after.length).toBeLessThan(300);
    expect(stderr).toContain(`✗ ${300 - after.length} lines did not run.`);
    const done = new Set(after.map(({ line }) => Number(line)));
    const rest = readFileSync(file, "utf8")
      .split("\n")
      .filter((text, index) => text !== "" && !done.has(index + 1));
    expect(readFileSync(left, "utf8")).toBe(rest.map((text) => `${text}\n`).join(""));
    const again = await start(sandbox.endpoint, [file, "--results", results], {
      TENCENT_CHAT_REQUESTS_PER_SECOND: "200",
    }).ended;
    expect(again.code).toBe(0);
    expect(sandbox.applied.length).toBe(300); // nothing was sent twice
    expect(new Set(readResults(results).map(({ line }) => line)).size).toBe(300);
  });

  test("a signal before its first line ends it at once, and nothing is sent", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 1);
    const { file, results } = fileWith(subscriberLine(0), subscriberLine(99));
    expect((await start(sandbox.endpoint, [file, "--results", results]).ended).code).toBe(1);
    const sent = sandbox.requests.length;
    const later = new Date(Date.now() + 60_000); // so that it waits however late it starts
    utimesSync(results, later, later);
    const { child, ended } = start(sandbox.endpoint, [file, "--results", results]);
    let said = "";
    child.stderr?.on("data", (text) => {
      said += text;
    });
    await waitUntil(() => said.includes("Waiting "));
    child.kill("SIGTERM");
    expect([(await ended).code, sandbox.requests.length]).toEqual([1, sent]);
  });

  test("a signal while its last lines are in flight leaves nothing, and is no failure", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 3);
    for (let nth = 0; nth < 3; nth += 1) sandbox.faults.add({ response: { delayMs: 1_500 } });
    const { file } = fileWith(subscriberLine(0), subscriberLine(1), subscriberLine(2));
    const { child, ended } = start(sandbox.endpoint, [file, "--left", `${file}.left`]);
    await waitUntil(() => sandbox.requests.length === 3);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect([code, readFileSync(`${file}.left`, "utf8")]).toEqual([0, ""]);
    expect(stderr).not.toContain("✗");
  });

  test("goes on where the path of its results no longer leads anywhere", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 30);
    const { file, results } = fileWith(...Array.from({ length: 30 }, (_, index) => subscriberLine(index)));
    const slowly = { TENCENT_CHAT_REQUESTS_PER_SECOND: "10" };
    const { ended } = start(sandbox.endpoint, [file, "--results", results], slowly);
    await waitUntil(() => sandbox.applied.length > 3);
    const folder = dirname(results);
    renameSync(folder, `${folder}.moved`);
    symlinkSync(folder, folder); // a circle, as a broken mount is one
    cleanUpLater(() => rmSync(`${folder}.moved`, { recursive: true }));
    expect((await ended).code).toBe(0);
    expect(readResults(join(`${folder}.moved`, basename(results)))).toHaveLength(30);
  });

  test("killed at random points and resumed: every value is right, each line is reported once", async () => {
    const sandbox = await startSandbox();
    const count = 400;
    withSubscribers(sandbox, count);
    const { file, results } = fileWith(...Array.from({ length: count }, (_, index) => subscriberLine(index)));
    const fast = { TENCENT_CHAT_REQUESTS_PER_SECOND: "200" };
    let seed = 20261128;
    for (let kill = 0; kill < 3; kill += 1) {
      const { child, ended } = start(sandbox.endpoint, [file, "--results", results], fast);
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      const from = sandbox.applied.length;
      await waitUntil(() => sandbox.applied.length > from + 20 + (seed % 60));
      child.kill("SIGKILL");
      await ended;
    }
    const { code, stderr } = await start(sandbox.endpoint, [file, "--results", results], fast).ended;
    expect(code, stderr).toBe(0);
    const lines = readResults(results).map(({ line }) => line);
    expect([lines.length, new Set(lines).size]).toEqual([count, count]);
    for (let index = 0; index < count; index += 1) {
      expect(sandbox.channels.get(PENN)?.subscribers.get(`user-${index}`)).toBe(`v${index}`);
    }
  });

  test("that stood still stops by itself once another run has taken its results", async () => {
    const sandbox = await startSandbox();
    // As a public service: connections outlive the pause, and what is sent over them arrives.
    Object.assign((sandbox as unknown as { server: Server }).server, { keepAliveTimeout: 65_000 });
    withSubscribers(sandbox, 30);
    const lines = ["a", "b", "c"].flatMap((value) => Array.from({ length: 30 }, (_, at) => subscriberLine(at, value)));
    const { file, results } = fileWith(...lines);
    const left = `${file}.left`;
    const args = [file, "--results", results, "--left", left];
    // At this rate it waits for its next turn when it is stopped, and is not in the middle of sending.
    const first = start(sandbox.endpoint, args, { TENCENT_CHAT_REQUESTS_PER_SECOND: "2" });
    await waitUntil(() => sandbox.applied.length > 2);
    await waitUntil(() => readResults(results).length === sandbox.applied.length);
    first.child.kill("SIGSTOP");
    const second = await start(sandbox.endpoint, args, { TENCENT_CHAT_REQUESTS_PER_SECOND: "200" }).ended;
    first.child.kill("SIGCONT");
    expect(second.code).toBe(0);
    const { code, stderr } = await first.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("another run has taken it while this process stood still"),
    ]);
    expect([readFileSync(left, "utf8"), stderr]).toEqual(["", expect.not.stringContaining("what is left")]);
    for (let at = 0; at < 30; at += 1)
      expect(sandbox.channels.get(PENN)?.subscribers.get(`user-${at}`), `user-${at}`).toBe("c");
  });

  test("that waits for a pause of the service ends before a container would be killed", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 20);
    sandbox.faults.add({ response: { status: 429, headers: { "retry-after": "25" } } });
    const { file, results } = fileWith(...Array.from({ length: 20 }, (_, index) => subscriberLine(index)));
    const { child, ended } = start(sandbox.endpoint, [file, "--results", results]);
    await waitUntil(() => sandbox.requests.length > 0);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(1);
    expect(readResults(results).filter(({ outcome }) => outcome === "notSent").length).toBeGreaterThan(0);
  });

  test("whose output nobody reads any more stops, and says what is left", async () => {
    const sandbox = await startSandbox();
    withSubscribers(sandbox, 200);
    const { file } = fileWith(...Array.from({ length: 200 }, (_, index) => subscriberLine(index)));
    const left = `${file}.left`;
    const { child, ended } = start(sandbox.endpoint, [file, "--left", left]);
    await waitUntil(() => sandbox.applied.length > 5);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining("standard output cannot be written (EPIPE)")]);
    const [, notRun] = /✗ (\d+) lines did not run/.exec(stderr) ?? [];
    expect(readFileSync(left, "utf8").trim().split("\n")).toHaveLength(Number(notRun));
  });

  // Alone: a machine that is busy with the others would let whole seconds of requests time out.
  test.sequential("nearly every edit is accepted although one request in twelve fails", async () => {
    const sandbox = await startSandbox();
    const count = 600;
    withSubscribers(sandbox, count);
    let seed = 20261128;
    const respond = sandbox.faults.take.bind(sandbox.faults);
    sandbox.faults.take = (request) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      const dice = (seed >> 8) % 1_000;
      if (dice >= 85) return respond(request);
      return { response: dice % 2 ? "reset" : { status: 502 } };
    };
    const { file } = fileWith(...Array.from({ length: count }, (_, index) => subscriberLine(index)));
    const patient = { TENCENT_CHAT_REQUESTS_PER_SECOND: "200", TENCENT_CHAT_TIMEOUT_SECONDS: "60" };
    const { results } = await start(sandbox.endpoint, [file], patient).ended;
    const accepted = results.filter(({ outcome }) => outcome === "accepted").length;
    expect(accepted / count).toBeGreaterThanOrEqual(0.998);
  });
});
