import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { Secrets } from "../../src/chat-api/auth/secrets.ts";
import { decodeUserSig, Signer } from "../../src/chat-api/auth/user-sig.ts";
import { BUILT, BuiltServer } from "../support/built.ts";
import { linesIn } from "../support/channel-edits.ts";
import { waitUntil } from "../support/clock.ts";
import { startHere } from "../support/commands.ts";
import {
  environmentOf,
  GET,
  MODIFY,
  PENN,
  SDKAPPID,
  SECRET_KEY,
  SUBSCRIBER,
  startSandbox,
} from "../support/service.ts";

const run = promisify(execFile);
const bare = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };

function command(args: string[], env: Record<string, string> = {}) {
  return run(process.execPath, [BUILT, ...args], { env: { ...bare, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

/** The same in this process. */
const here = (args: string[], env: Record<string, string> = {}) => startHere(args, env).ended;

describe("the built server", () => {
  test("serves a conversation over stdio, every line of stdout JSON-RPC", async () => {
    const sandbox = await startSandbox();
    const server = new BuiltServer(environmentOf(sandbox.endpoint, { TENCENT_CHAT_LOG_LEVEL: "debug" }));
    const hello = await server.initialize();
    expect(hello.result.serverInfo).toMatchObject({ name: "tencent-chat-channel-mcp", version: packageJson.version });
    expect(hello.result.instructions.length).toBeLessThanOrEqual(2_000);
    expect((await server.request("tools/list")).result.tools).toHaveLength(3);
    const edited = await server.call(MODIFY, { Official_Account: PENN, Name: "茶" });
    expect(edited.result.structuredContent.receipt.outcome).toBe("applied");
    expect(edited.result.structuredContent).not.toHaveProperty("sandbox");
    expect((await server.call("nothing", {})).error?.code).toBe(-32602);
    expect((await server.request("ping")).result).toEqual({});
    expect((await server.request("resources/list")).error?.code).toBe(-32601);
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
    for (const line of server.stderr.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("event");
    const userSig = sandbox.requests[0]?.query.get("usersig") ?? "";
    expect(decodeUserSig(userSig)).toMatchObject({ sdkAppId: SDKAPPID });
    for (const secret of [SECRET_KEY, userSig]) expect(server.stdout + server.stderr).not.toContain(secret);
  });

  test("works with a ready-made UserSig, and with a key in a file", async () => {
    const sandbox = await startSandbox();
    const account = { sdkAppId: SDKAPPID, identifier: "administrator", credential: { secretKey: SECRET_KEY } };
    const signature = new Signer({ ...account, secrets: new Secrets() }).current();
    const userSig = "userSig" in signature ? signature.userSig : "";
    const place = mkdtempSync(join(tmpdir(), "key-"));
    onTestFinished(() => rmSync(place, { recursive: true }));
    await run("sh", ["-c", `printf '%s\\n' ${SECRET_KEY} > key`], { cwd: place });
    for (const credential of [
      { TENCENT_CHAT_USERSIG: userSig },
      { TENCENT_CHAT_SECRET_KEY_FILE: join(place, "key") },
    ]) {
      const server = new BuiltServer(environmentOf(sandbox.endpoint, { TENCENT_CHAT_SECRET_KEY: "", ...credential }));
      await server.initialize();
      const reply = await server.call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
      expect(reply.result.structuredContent.ErrorCode).toBe(0);
      server.child.stdin?.end();
      await server.exit();
      expect(server.stdout + server.stderr).not.toContain(userSig);
    }
  });

  test("with wrong settings still starts, lists its tools, sends nothing and explains itself", async () => {
    const server = new BuiltServer({ TENCENT_CHAT_SDKAPPID: "abc", TENCENT_CHAT_SECRET_KEY: "hush-hush-hush" });
    await server.initialize();
    expect((await server.request("tools/list")).result.tools).toHaveLength(3);
    const reply = await server.call(GET, {});
    expect(reply.result.isError).toBe(true);
    expect(reply.result.content[0].text).toContain("TENCENT_CHAT_SDKAPPID must be a whole number");
    expect(server.stderr).toContain("TENCENT_CHAT_REGION is required");
    expect(server.stdout + server.stderr).not.toContain("hush-hush-hush");
  });

  test("in its own sandbox keeps its state as long as the process, and says that it is one", async () => {
    const server = new BuiltServer({ TENCENT_CHAT_LOG_LEVEL: "info" }, ["--sandbox", "--unknown-flag"]);
    await server.initialize();
    await server.call(MODIFY, { Official_Account: PENN, Name: "kept" });
    const reply = await server.call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
    expect(reply.result.structuredContent).toMatchObject({
      sandbox: true,
      OfficialAccountInfoList: [{ Name: "kept" }],
    });
    expect(server.stderr).toContain('"event":"arguments ignored","names":["--unknown-flag"]');
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
  });

  test("writes the client's name and the whole edit into the journal, which the journal command reads out", async () => {
    const sandbox = await startSandbox();
    const place = mkdtempSync(join(tmpdir(), "journal-"));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const journal = join(place, "writes.jsonl");
    const env = environmentOf(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal });
    const server = new BuiltServer(env);
    await server.initialize();
    await server.call(MODIFY, { Official_Account: PENN, Name: "a\u202eb" });
    await server.call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" });
    sandbox.faults.add({ command: MODIFY, response: "silence" });
    void server.call(MODIFY, { Official_Account: PENN, Name: "in flight" });
    await waitUntil(() => sandbox.requests.filter(({ command }) => command === MODIFY).length === 2);
    server.child.kill("SIGKILL");
    await server.exit();

    const lines = linesIn(journal);
    expect(lines[0]).toMatchObject({ osUser: userInfo().username, host: hostname(), pid: server.child.pid });
    expect(lines.map((line) => ("outcome" in line ? line.outcome : line.tool))).toEqual([
      MODIFY,
      "applied",
      SUBSCRIBER,
      "accepted",
      MODIFY,
    ]);
    expect(server.stderr).not.toMatch(/in flight|vip|test_modify/); // no channel text in the log
    expect(readFileSync(journal, "utf8")).not.toContain(SECRET_KEY);

    const { code, stdout } = await command(["journal"], env);
    expect(code).toBe(1); // an edit without an outcome
    expect(stdout).toContain("in flight");
    const parsed = (await here(["journal", "--json"], env)).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(parsed.length).toBeGreaterThanOrEqual(3);
    expect((await here(["journal"])).code).toBe(2);
  });
});

describe("the commands", () => {
  test("demo plays the whole scenario, without colors where there is no terminal", async () => {
    const { code, stdout, stderr } = await command(["demo"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Every step worked.");
    expect(stdout).not.toContain("\u001b");
  });

  test("doctor finds nothing wrong in the sandbox, a line each", async () => {
    const { code, stdout } = await command(["doctor", "--sandbox"], { TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a*" });
    expect(code).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines.pop()).toBe("Everything works.");
    expect(lines.every((line) => line.startsWith("✓ "))).toBe(true);
    expect(stdout).toContain("its own key");
    expect(stdout).toContain("reached, signature accepted, clock right");
  });

  test("doctor names what is wrong, what to do, and exits with 1", async () => {
    const empty = await here(["doctor"]);
    expect(empty.code).toBe(1);
    expect(empty.stdout).toContain("✗ settings    TENCENT_CHAT_SDKAPPID is required");
    expect(empty.stdout).toContain("Fix the lines with ✗, then run the doctor again.");

    const sandbox = await startSandbox({ secretKey: "another" });
    const wrongKey = await here(
      ["doctor", "--json"],
      environmentOf(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: "/nowhere/j" }),
    );
    expect(wrongKey.code).toBe(1);
    const { ok, checks } = JSON.parse(wrongKey.stdout) as {
      ok: boolean;
      checks: { about: string; status: string; message: string }[];
    };
    expect(ok).toBe(false);
    expect(checks.filter(({ status }) => status === "failed").map(({ about }) => about)).toEqual([
      "journal",
      "service",
    ]);
    expect(checks.at(-1)?.message).toContain("70009: The UserSig could not be verified");
    expect(wrongKey.stdout + wrongKey.stderr).not.toContain(SECRET_KEY);
  });

  test("doctor reports a clock that is wrong", async () => {
    const sandbox = await startSandbox({ now: () => Date.now() + 600_000 });
    const { code, stdout } = await here(["doctor"], environmentOf(sandbox.endpoint));
    expect(code).toBe(1);
    expect(stdout).toContain("This machine's clock is 10 minutes behind the server's Date");
  });

  test("doctor reports a service that cannot be reached", async () => {
    const { code, stdout } = await here(["doctor"], environmentOf(new URL("http://127.0.0.1:9")));
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ service {5}The connection was refused \(ECONNREFUSED\)\. Check this machine's network/);
  });

  test("never print a key that was put into the file setting or on the command line by mistake", async () => {
    const env = { TENCENT_CHAT_SDKAPPID: "1400000000", TENCENT_CHAT_REGION: "tokyo" };
    const misplaced = { TENCENT_CHAT_JOURNAL: SECRET_KEY };
    for (const args of [["journal"], ["journal", "--json"], ["journal", "--check"]]) {
      expect((await here(args, misplaced)).stdout).not.toContain(SECRET_KEY);
    }
    const inFileSetting = { ...env, TENCENT_CHAT_SECRET_KEY_FILE: SECRET_KEY };
    for (const args of [["doctor"], ["doctor", "--json"]]) {
      const { stdout, stderr } = await here(args, inFileSetting);
      expect(stdout + stderr).not.toContain(SECRET_KEY);
    }
    const { stdout, stderr } = await command(["doctor", `--secret-key=${SECRET_KEY}`, SECRET_KEY], inFileSetting);
    expect(stdout + stderr).not.toContain(SECRET_KEY);
  });

  test("doctor says that it reads this shell, not a host's configuration, where nothing is set", async () => {
    const { code, stdout } = await here(["doctor"]);
    expect(code).toBe(1);
    expect(stdout).toContain("✗ settings    no TENCENT_CHAT_… variable is set in this shell.");
    expect((await here(["doctor"], { TENCENT_CHAT_REGION: "tokyo" })).stdout).not.toContain("is set in this shell");
  });

  test("with an argument that resembles --sandbox never edits the configured service", async () => {
    const sandbox = await startSandbox();
    for (const args of [["--sanbox"], ["sandbox"], ["--readonly"], ["--read-only=true"]]) {
      const server = new BuiltServer(environmentOf(sandbox.endpoint), args);
      await server.initialize();
      const reply = await server.call(MODIFY, { Official_Account: PENN, Name: "B" });
      expect(reply.result.structuredContent.explanation.stage).toBe("settings");
      expect(reply.result.content[0].text).toContain("was not understood: write --");
      server.child.stdin?.end();
      expect(await server.exit()).toBe(2);
    }
    expect(sandbox.requests).toEqual([]);
  });

  test("help and version print and leave", async () => {
    expect((await command(["--help"])).stdout).toContain("--sandbox");
    expect((await command(["--version"])).stdout.trim()).toBe(packageJson.version);
  });
});
