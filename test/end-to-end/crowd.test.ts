import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { BuiltServer } from "../support/built.ts";
import { writeScript } from "../support/script.ts";
import { environmentOf, GET, PENN, SDKAPPID, SECRET_KEY } from "../support/service.ts";

const read = { name: GET, arguments: { OfficialAccountIdList: [{ Official_Account: PENN }] } };

const MAX_MIB = 150;
/** Node 24 and newer let garbage grow to more before they collect it: here as much as older ones, to see what is kept. */
const NODE_ARGS = Number.parseInt(process.versions.node, 10) >= 24 ? ["--max-semi-space-size=16"] : [];

/** Resident memory of a process in mebibytes, as Linux tells it. */
function residentMiB(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** What a sandbox in a process of its own saw: it would slow the test down, and the test it. */
interface Seen {
  readonly requests: number;
  readonly signatures: number;
}

async function startSandboxApart(): Promise<{ endpoint: URL; seen: () => Promise<Seen> }> {
  const contents = `
    import { createInterface } from "node:readline";
    import { FaultySandbox as Sandbox } from "./test/support/faulty-sandbox.ts";
    const sandbox = await Sandbox.start({ sdkAppId: ${SDKAPPID}, secretKey: "${SECRET_KEY}", admins: ["administrator"] });
    console.log(sandbox.endpoint.href);
    createInterface({ input: process.stdin }).on("line", () => {
      const signatures = new Set(sandbox.requests.map(({ query }) => query.get("usersig"))).size;
      console.log(JSON.stringify({ requests: sandbox.requests.length, signatures }));
    }).on("close", () => process.exit());`;
  const place = mkdtempSync(join(tmpdir(), "sandbox-"));
  const outfile = join(place, "sandbox.mjs");
  await writeScript(contents, outfile);
  const child = spawn(process.execPath, [outfile], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(place, { recursive: true });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  return {
    endpoint: new URL(await line()),
    async seen() {
      child.stdin.write("\n");
      return JSON.parse(await line()) as Seen;
    },
  };
}

test.runIf(process.platform === "linux")(
  "10,000 calls at once: each answered once, one signature, sent at the limit, no warning, little memory",
  async () => {
    const sandbox = await startSandboxApart();
    const server = new BuiltServer(
      environmentOf(sandbox.endpoint, {
        TENCENT_CHAT_TIMEOUT_SECONDS: "10",
        TENCENT_CHAT_REQUESTS_PER_SECOND: "200",
        TENCENT_CHAT_LOG_LEVEL: "error",
      }),
      [],
      NODE_ARGS,
    );
    await server.initialize();
    await server.request("tools/call", read);
    const before = residentMiB(server.child.pid);
    let max = 0;
    const watch = setInterval(() => {
      max = Math.max(max, residentMiB(server.child.pid));
    }, 100);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 10_000 }, () => server.request("tools/call", read)));
    const seconds = (performance.now() - startedAt) / 1_000;
    clearInterval(watch);

    const ids = answers.map(({ id }) => id);
    expect(new Set(ids).size).toBe(10_000);
    expect(server.messages).toHaveLength(10_002);
    const good = answers.filter(({ result }) => result.structuredContent.ErrorCode === 0);
    expect(good.length).toBeGreaterThan(200);
    for (const { result } of answers) {
      if (result.isError)
        expect(result.structuredContent.explanation.cause).toMatch(
          /(Nothing was sent|No complete answer arrived in time|The connection broke after the request was sent.*)\.$/,
        );
    }
    const { signatures, requests } = await sandbox.seen();
    expect(signatures).toBe(1);
    // The limiter's own test counts each second: here a busy machine delays some requests until the next ones come.
    expect(requests).toBeLessThanOrEqual(200 * (seconds + 1));
    expect(requests).toBeGreaterThan(good.length);
    expect(server.stderr).toBe("");
    expect(max - before).toBeLessThan(MAX_MIB);
  },
  60_000,
);
