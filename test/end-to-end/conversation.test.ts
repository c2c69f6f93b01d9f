import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { decodeUserSig, Signer } from "../../src/chat-api/user-sig.ts";
import { readJournal } from "../../src/guard/journal.ts";
import { BUILT, BuiltServer } from "../support/built.ts";
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

describe("the built file", () => {
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
    const userSig = new Signer({
      sdkAppId: SDKAPPID,
      identifier: "administrator",
      credential: { secretKey: SECRET_KEY },
    }).current();
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

  test("with faulty settings still starts, lists, sends nothing and explains itself", async () => {
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
    const server = new BuiltServer({}, ["--sandbox", "--unknown-flag"]);
    await server.initialize();
    await server.call(MODIFY, { Official_Account: PENN, Name: "kept" });
    const reply = await server.call(GET, { OfficialAccountIdList: [{ Official_Account: PENN }] });
    expect(reply.result.structuredContent).toMatchObject({
      sandbox: true,
      OfficialAccountInfoList: [{ Name: "kept" }],
    });
    expect(server.stderr).toContain('not known and is ignored: "--unknown-flag"');
    server.child.stdin?.end();
    expect(await server.exit()).toBe(0);
  });

  test("writes the client's name and the whole edit into the journal, which doctor reads out", async () => {
    const sandbox = await startSandbox();
    const place = mkdtempSync(join(tmpdir(), "journal-"));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const journal = join(place, "writes.jsonl");
    const env = environmentOf(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: journal });
    const server = new BuiltServer(env);
    await server.initialize();
    await server.call(MODIFY, { Official_Account: PENN, Name: "a\u202eb" });
    await server.call(SUBSCRIBER, { Official_Account: PENN, Subscriber_Account: "107867", CustomString: "vip" });
    sandbox.faults.add({ command: MODIFY, meets: "silence" });
    void server.call(MODIFY, { Official_Account: PENN, Name: "in flight" });
    while (sandbox.requests.filter(({ command }) => command === MODIFY).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 5));
    server.child.kill("SIGKILL");
    await server.exit();

    const writes = readJournal(journal).writes;
    expect(writes.map(({ intent, ending }) => [intent.client, ending?.outcome])).toEqual([
      ["a child's parent", "applied"],
      ["a child's parent", "applied"],
      ["a child's parent", undefined],
    ]);
    expect(readFileSync(journal, "utf8")).not.toContain(SECRET_KEY);

    const { code, stdout } = await command(["doctor", "--journal"], env);
    expect(code).toBe(0);
    expect(stdout).toContain('Name: "test_modify_official_account3" → "a\\u202eb"');
    expect(stdout).toContain(`undo: ${MODIFY} {"Official_Account":"${PENN}","Name":"test_modify_official_account3"}`);
    expect(stdout).toContain("unknown: the process stopped in the middle");
    expect(JSON.parse((await command(["doctor", "--journal", "--json"], env)).stdout)).toMatchObject({
      unreadable: 0,
      writes: [{}, {}, {}],
    });
    expect(stdout).toContain(`application ${SDKAPPID}  ${MODIFY}`);
    expect((await command(["doctor", "--journal"], {})).code).toBe(1);
  });
});

describe("the commands", () => {
  test("demo plays the whole story, without colours where there is no terminal", async () => {
    const { code, stdout, stderr } = await command(["demo"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Each step went as told.");
    expect(stdout).not.toContain("\u001b");
    for (const told of [
      "of 150 bytes",
      "130004",
      "780,031 subscribers",
      "undo: modify_official_account_base_info",
      "as it was before",
    ]) {
      expect(stdout).toContain(told);
    }
  });

  test("doctor finds all well in the sandbox, a line each", async () => {
    const { code, stdout } = await command(["doctor", "--sandbox"], {
      TENCENT_CHAT_ALLOWED_CHANNELS: "@TOA#_a*",
      TENCENT_CHAT_WRITES_PER_HOUR: "3",
    });
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split("\n")
        .slice(0, -1)
        .every((line) => line.startsWith("✓ ")),
    ).toBe(true);
    expect(stdout).toContain("secret key present");
    expect(stdout).toContain("modify_subscriber_info: @TOA#_a*, writes an hour for both modify tools: 3");
    expect(stdout).toContain("reached, signature accepted, clock right");
  });

  test("doctor names what is wrong, what to do, and exits with 1", async () => {
    const empty = await command(["doctor"]);
    expect(empty.code).toBe(1);
    expect(empty.stdout).toContain("✗ settings    TENCENT_CHAT_SDKAPPID is required");

    const sandbox = await startSandbox({ secretKey: "another" });
    const wrongKey = await command(
      ["doctor", "--json"],
      environmentOf(sandbox.endpoint, { TENCENT_CHAT_JOURNAL: "/nowhere/j" }),
    );
    expect(wrongKey.code).toBe(1);
    const { isWell, findings } = JSON.parse(wrongKey.stdout) as {
      isWell: boolean;
      findings: { about: string; isWell: boolean; told: string }[];
    };
    expect(isWell).toBe(false);
    expect(findings.filter((finding) => !finding.isWell).map(({ about }) => about)).toEqual(["journal", "service"]);
    expect(findings.at(-1)?.told).toContain("70009: The UserSig does not verify");
    expect(wrongKey.stdout + wrongKey.stderr).not.toContain(SECRET_KEY);
  });

  test("doctor tells a clock that is wrong", async () => {
    const sandbox = await startSandbox({ now: () => Date.now() + 600_000 });
    const { code, stdout } = await command(["doctor"], environmentOf(sandbox.endpoint));
    expect(code).toBe(1);
    expect(stdout).toContain("This machine's clock is 10 minutes behind the server's Date");
  });

  test("doctor tells a service that is not there", async () => {
    const { code, stdout } = await command(["doctor"], environmentOf(new URL("http://127.0.0.1:9")));
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ service {5}The connection was refused \(ECONNREFUSED\)\. Nothing was sent\./);
  });

  test("help and version print and leave", async () => {
    expect((await command(["--help"])).stdout).toContain("--sandbox");
    expect((await command(["--version"])).stdout.trim()).toBe(packageJson.version);
  });
});
