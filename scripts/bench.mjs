// Measures what people wait for and pay: round trips, start, memory, jobs of many edits, and a fleet of servers on one
// application. Ratios of one run, because machines differ. With --write the tables go into docs/performance.md, if
// nothing in the environment falsifies them. It takes about six minutes.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import selfsigned from "selfsigned";
import { fill, table } from "./generated.mjs";
import { load } from "./load.mjs";
import { BARE, BUILT, environmentOf, HANDSHAKE, startServer } from "./mcp-child.mjs";

const ACCOUNT = { sdkAppId: 1400000321, secretKey: "5".repeat(64), admins: ["administrator"] };
const CHANNEL = "@TOA#_test_for_penn";
const READ = {
  name: "get_official_account_info",
  arguments: { OfficialAccountIdList: [{ Official_Account: CHANNEL }] },
};
const edit = (Official_Account, Name) => ({
  name: "modify_official_account_base_info",
  arguments: { Official_Account, Name },
});
const subscriber = (Subscriber_Account, CustomString) => ({
  name: "modify_subscriber_info",
  arguments: { Official_Account: CHANNEL, Subscriber_Account, CustomString },
});
const STARTS = 15;
const ONE_WAY_MS = 30;
const APPLY_LINES = 40_000;
const JOURNAL_EDITS = 80_000;

const isWriting = process.argv.includes("--write");
// Node starts three times as slowly with some of these, and a busy machine says nothing about either side.
const falsifying = Object.keys(process.env).filter((name) => /^NODE_|_proxy$/i.test(name));
if (isWriting && (falsifying.length > 0 || loadavg()[0] > 1)) {
  const why = falsifying.length > 0 ? `unset ${falsifying.join(", ")}` : "wait until the machine is idle";
  process.stderr.write(`No figures are written like this: ${why}.\n`);
  process.exit(1);
}

const { Sandbox, Journal } = await load("src/sandbox/sandbox.ts", "src/guard/journal.ts");

/** With the service's own limit: 200 requests a second to one command. */
class LimitedSandbox extends Sandbox {
  #arrivals = [];

  static async start(account) {
    const sandbox = new LimitedSandbox(account);
    await sandbox.listen();
    return sandbox;
  }

  carryOut(request) {
    const now = performance.now();
    this.#arrivals = this.#arrivals.filter((at) => at > now - 1_000);
    if (this.#arrivals.length >= 200) return { ActionStatus: "FAIL", ErrorCode: 60007, ErrorInfo: "too many" };
    this.#arrivals.push(now);
    return super.carryOut(request);
  }
}

const folder = mkdtempSync(join(tmpdir(), "bench-"));
const parts = {
  start: table(["what", "measured", "against"], await measureStart()),
  conversation: table(["call", "ms", "round trips"], await measureLatency()),
  jobs: table(
    ["what", "measured", "against"],
    [...(await measureApply()), ...(await measureJournal()), await measureFleet()],
  ),
  machine: `Node ${process.version.slice(1)}, ${new Date().toISOString().slice(0, 10)}, one run, on a small shared machine.`,
};
rmSync(folder, { recursive: true });
for (const part of Object.values(parts)) process.stdout.write(`${part}\n\n`);
if (isWriting) fill("docs/performance.md", parts);

function open(endpoint, more) {
  return startServer(environmentOf(endpoint, ACCOUNT.sdkAppId, ACCOUNT.secretKey, more));
}

async function measureStart() {
  const all = { bare: [], initialize: [], list: [], listMiB: [], idleMiB: [], bareMiB: [] };
  let listSize = 0;
  for (let nth = 0; nth < STARTS; nth += 1) {
    all.bare.push(await msOf(() => exited(spawn(process.execPath, ["-e", "0"], { env: BARE, stdio: "ignore" }))));
    const startedAt = performance.now();
    const server = startServer({}, ["--sandbox"]);
    await server.request("initialize", HANDSHAKE);
    all.initialize.push(performance.now() - startedAt);
    const { result } = await server.request("tools/list");
    all.list.push(performance.now() - startedAt);
    all.listMiB.push(residentMiB(server.child.pid));
    const node = spawn(process.execPath, ["-e", "process.stdin.resume()"], { env: BARE });
    await wait(700);
    all.idleMiB.push(residentMiB(server.child.pid));
    all.bareMiB.push(residentMiB(node.pid));
    for (const child of [server.child, node]) child.kill("SIGKILL");
    listSize = JSON.stringify(result).length;
  }
  const median = (name, digits = 0) => quantile(all[name], 0.5).toFixed(digits);
  const [ratio, low, high] = [0.5, 0.25, 0.75].map((at) =>
    (quantile(all.initialize, at) / median("bare", 3)).toFixed(2),
  );
  return [
    ["`node -e 0`", `${median("bare")} ms`, ""],
    ["start, to the answer to `initialize`", `${median("initialize")} ms`, `${ratio} (${low}–${high}) × \`node -e 0\``],
    ["start, to the answer to `tools/list`", `${median("list")} ms`, ""],
    ["memory after `tools/list`, resident", `${median("listMiB", 1)} MB`, `${median("bareMiB", 1)} MB of a bare Node`],
    ["memory when idle, ready for the first call", `${median("idleMiB", 1)} MB`, ""],
    ["`tools/list` in a conversation", `${listSize.toLocaleString("en-US")} characters`, ""],
  ];
}

/** The service behind TLS, behind a proxy that delays every byte: what a call takes in round trips. */
async function measureLatency() {
  const sandbox = await Sandbox.start(ACCOUNT);
  sandbox.server.keepAliveTimeout = 65_000; // Node's own default of 5 seconds is not what a public service uses
  const channels = Array.from({ length: 20 }, (_, nth) => `@TOA#_${nth}`);
  for (const id of channels) sandbox.channels.set(id, structuredClone(sandbox.channels.get(CHANNEL)));
  const pems = await selfsigned.generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  writeFileSync(join(folder, "ca.pem"), pems.cert);
  const tls = createTlsServer({ key: pems.private, cert: pems.cert, noDelay: true }, (socket) =>
    sandbox.server.emit("connection", socket),
  );
  const behind = await listen(tls);
  const proxy = createTcpServer((socket) => {
    const inside = connectTcp(behind, "127.0.0.1").setNoDelay();
    delay(socket.setNoDelay(), inside);
    delay(inside, socket);
  });
  const endpoint = `https://localhost:${await listen(proxy)}`;
  const env = { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };

  const times = {
    "first read": [],
    read: [],
    "read after 10 idle seconds": [],
    "first edit": [],
    edit: [],
    subscriber: [],
  };
  const measure = async (what, server, params) => {
    times[what].push(
      await msOf(async () => {
        const { result } = await server.request("tools/call", params);
        if (result.isError) throw new Error(result.content[0].text);
      }),
    );
  };
  for (let nth = 0; nth < 3; nth += 1) {
    const [reader, editor] = [open(endpoint, env), open(endpoint, env)];
    for (const server of [reader, editor]) {
      await server.request("initialize", HANDSHAKE);
      await server.request("tools/list");
    }
    await wait(700); // as a host: nobody calls a tool in the moment in which it was listed
    await measure("first read", reader, READ);
    await measure("first edit", editor, edit(channels.pop(), "one"));
    for (let time = 0; time < 3; time += 1) {
      await measure("read", reader, READ);
      await measure("edit", editor, edit(channels.pop(), "two"));
      await measure("subscriber", editor, subscriber("107867", `x${time}`));
    }
    await wait(10_000);
    await measure("read after 10 idle seconds", reader, READ);
    for (const { child } of [reader, editor]) child.kill("SIGKILL");
  }
  proxy.close();
  tls.close();
  await sandbox.close();
  return Object.entries(times).map(([what, each]) => {
    const ms = quantile(each, 0.5);
    return [what, ms.toFixed(), (ms / (2 * ONE_WAY_MS)).toFixed(1)];
  });
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

/** Passes bytes on, each piece after the delay of one way. */
function delay(from, to) {
  from.on("data", (piece) => setTimeout(() => to.write(piece), ONE_WAY_MS));
  from.on("end", () => setTimeout(() => to.end(), ONE_WAY_MS));
  from.on("error", () => to.destroy());
}

/** Ten servers on an application with the service's limit of 200 requests a second: the time against the floor. */
async function measureFleet() {
  const sandbox = await LimitedSandbox.start(ACCOUNT);
  const servers = Array.from({ length: 10 }, () => open(sandbox.endpoint.href, { TENCENT_CHAT_TIMEOUT_SECONDS: "60" }));
  await Promise.all(servers.map((server) => server.request("initialize", HANDSHAKE)));
  const reads = servers.flatMap((server) => Array(100).fill(server));
  let failed = 0;
  const ms = await msOf(() =>
    Promise.all(
      reads.map(async (server) => {
        if ((await server.request("tools/call", READ)).result.isError) failed += 1;
      }),
    ),
  );
  for (const { child } of servers) child.kill("SIGKILL");
  await sandbox.close();
  return [
    "ten servers on one application, 1,000 reads",
    failed === 0 ? "all answered" : `${failed} failed`,
    `${(ms / 5_000).toFixed(2)} × what 200 a second requires`,
  ];
}

/** A night job: its time, its memory, and how many requests reach the service in any second. */
async function measureApply() {
  const arrivals = [];
  const sandbox = await Sandbox.start(ACCOUNT);
  sandbox.server.on("request", () => arrivals.push(performance.now()));
  const lines = Array.from({ length: APPLY_LINES }, (_, nth) => {
    sandbox.channels.get(CHANNEL).subscribers.set(`user${nth}`, "");
    const { name: tool, arguments: args } = subscriber(`user${nth}`, "vip");
    return `${JSON.stringify({ tool, arguments: args })}\n`;
  });
  const file = join(folder, "edits.jsonl");
  writeFileSync(file, lines.join(""));
  const more = { ...BARE, TENCENT_CHAT_REQUESTS_PER_SECOND: "200" };
  const env = environmentOf(sandbox.endpoint.href, ACCOUNT.sdkAppId, ACCOUNT.secretKey, more);
  const job = spawn(process.execPath, [BUILT, "apply", file, "--results", `${file}.results`], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  job.stderr.setEncoding("utf8").on("data", (text) => {
    said = text;
  });
  let [earlyMiB, maxMiB] = [0, 0];
  const watch = setInterval(() => {
    maxMiB = Math.max(maxMiB, residentMiB(job.pid));
    if (arrivals.length < APPLY_LINES / 10) earlyMiB = maxMiB;
  }, 250);
  const seconds = (await msOf(() => exited(job))) / 1_000;
  clearInterval(watch);
  await sandbox.close();
  let maxInASecond = 0;
  for (let from = 0, to = 0; to < arrivals.length; to += 1) {
    while (arrivals[to] - arrivals[from] >= 1_000) from += 1;
    maxInASecond = Math.max(maxInASecond, to - from + 1);
  }
  return [
    [
      `\`apply\`, ${APPLY_LINES.toLocaleString("en-US")} edits of subscribers at 200 a second`,
      `${seconds.toFixed()} s, ${/: (.*)\.\s*$/.exec(said)?.[1] ?? said}`,
      `${(seconds / (APPLY_LINES / 200)).toFixed(2)} × what the rate requires`,
    ],
    ["its memory: after a tenth, and at most", `${earlyMiB.toFixed()} MB, ${maxMiB.toFixed()} MB`, ""],
    ["most requests that reached the service in a second", String(maxInASecond), "the limit of 200"],
  ];
}

async function measureJournal() {
  const path = join(folder, "journal.jsonl");
  const who = { sdkAppId: ACCOUNT.sdkAppId, admin: "administrator", osUser: "ops", host: "vm", pid: 1 };
  const journal = new Journal(path, who, (line) => line);
  for (let nth = 0; nth < JOURNAL_EDITS; nth += 1) {
    const { name: tool, arguments: args } = edit(`${CHANNEL}_${nth % 50}`, `name ${nth}`);
    const changes = [{ field: "Name", before: args.Name, after: `name ${nth + 1}` }];
    const undo = { tool, arguments: args };
    journal
      .begin({ tool, channel: args.Official_Account, client: "apply", confirmed: false, changes, undo })
      .end({ outcome: "applied", changes, undo });
  }
  const env = { ...BARE, TENCENT_CHAT_SANDBOX: "true", TENCENT_CHAT_JOURNAL: path };
  const ms = await msOf(() =>
    exited(spawn(process.execPath, [BUILT, "journal"], { env, stdio: ["ignore", "ignore", "inherit"] })),
  );
  const perMiB = ms / (statSync(path).size / 1024 / 1024);
  return [
    [
      `\`journal\`, ${JOURNAL_EDITS.toLocaleString("en-US")} edits listed`,
      `${(ms / 1_000).toFixed(1)} s`,
      `${perMiB.toFixed()} ms for a megabyte`,
    ],
  ];
}

function exited(child) {
  return new Promise((resolve) => child.on("exit", resolve));
}

function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1024;
}

async function msOf(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function quantile(numbers, at) {
  return numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) * at)];
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
