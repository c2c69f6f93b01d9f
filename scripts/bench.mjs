// Measures what people wait for and pay: round trips, start, memory, jobs of many edits, and a fleet of servers on one
// application. Ratios of one run, because machines differ. With --write they go into
// docs/performance.md, if nothing in the environment falsifies them. It takes about six minutes.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import selfsigned from "selfsigned";
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
const STARTS = 15;
const ONE_WAY_MS = 30;
const APPLY_LINES = 40_000;
const JOURNAL_EDITS = 80_000;

const { Sandbox } = await load("src/sandbox/sandbox.ts");

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

const isWriting = process.argv.includes("--write");
// Node starts three times as slowly with some of these, and a busy machine says nothing about either side.
const falsifying = Object.keys(process.env).filter((name) => /^NODE_|_proxy$/i.test(name));
if (isWriting && (falsifying.length > 0 || loadavg()[0] > 1)) {
  const why = falsifying.length > 0 ? `unset ${falsifying.join(", ")}` : "wait until the machine is idle";
  process.stderr.write(`No figures are written like this: ${why}.\n`);
  process.exit(1);
}

const start = await measureStart();
const latency = await measureLatency();
const fleet = await measureFleet();
const apply = await measureApply();
const journal = await measureJournal();

const date = `Node ${process.version.slice(1)}, ${new Date().toISOString().slice(0, 10)}, one run`;
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const report = `# Performance

What a person or a job waits for. Written by \`npm run bench -- --write\`: ${date}, on a small shared machine. Milliseconds are that machine's; ratios carry over to others. Figures in parentheses are the quartiles.

## In conversation

A call over stdio against a stand-in for the service, whose network delays each direction by ${ONE_WAY_MS} ms: the time of the call, and that time divided by the ${2 * ONE_WAY_MS} ms of one round trip. A person waits a fraction of a second for an edit, most of it for the network: it reads, writes and reads back. The first call of a process also connects; the handshake of TLS is included, that of TCP costs one more.

${table(
  ["call", "ms", "round trips"],
  Object.entries(latency).map(([what, ms]) => [what, Math.round(ms), (ms / (2 * ONE_WAY_MS)).toFixed(1)]),
)}

## Start and memory

The host starts the server once, and keeps it. \`node -e 0\` took ${Math.round(start.bare)} ms here.

${table(
  ["what", "measured", "against"],
  [
    [`start, to the answer to \`initialize\``, `${Math.round(start.initialize)} ms`, `${start.ratio} × \`node -e 0\``],
    ["start, to the answer to `tools/list`", `${Math.round(start.list)} ms`, ""],
    [
      "memory after `tools/list`, resident",
      `${start.listMiB.toFixed(1)} MB`,
      `${start.bareMiB.toFixed(1)} MB of a bare Node`,
    ],
    ["memory when idle, ready for the first call", `${start.idleMiB.toFixed(1)} MB`, ""],
  ],
)}

\`tools/list\` takes ${start.listSize.toLocaleString("en-US")} characters of a conversation.

## Jobs

${table(
  ["what", "measured", "against"],
  [
    [
      `\`apply\`, ${APPLY_LINES.toLocaleString("en-US")} edits of subscribers at 200 a second`,
      `${apply.seconds.toFixed(0)} s, ${apply.outcome}`,
      `${(apply.seconds / (APPLY_LINES / 200)).toFixed(2)} × what the rate requires`,
    ],
    ["its memory: after a tenth, and at most", `${apply.earlyMiB.toFixed(0)} MB, ${apply.maxMiB.toFixed(0)} MB`, ""],
    ["most requests that reached the service in a second", String(apply.maxInASecond), "the limit of 200"],
    [
      `\`journal\`, ${JOURNAL_EDITS.toLocaleString("en-US")} edits listed`,
      `${journal.seconds.toFixed(1)} s`,
      `${journal.perMiB.toFixed(0)} ms for a megabyte`,
    ],
    ["ten servers on one application, 1,000 reads", fleet.outcome, `${fleet.ratio} × what 200 a second requires`],
  ],
)}
`;

process.stdout.write(report);
if (isWriting) writeFileSync("docs/performance.md", report);

function open(endpoint, more) {
  return startServer(environmentOf(endpoint, ACCOUNT.sdkAppId, ACCOUNT.secretKey, more));
}

async function measureStart() {
  const all = { bare: [], initialize: [], list: [], listMiB: [], idleMiB: [], bareMiB: [] };
  let listSize = 0;
  for (let nth = 0; nth < STARTS; nth += 1) {
    all.bare.push(await timeOf(() => exited(spawn(process.execPath, ["-e", "0"], { env: BARE, stdio: "ignore" }))));
    const startedAt = performance.now();
    const server = startServer({}, ["--sandbox"]);
    await server.request("initialize", HANDSHAKE);
    all.initialize.push(performance.now() - startedAt);
    const { result } = await server.request("tools/list");
    all.list.push(performance.now() - startedAt);
    all.listMiB.push(residentMiB(server.child.pid));
    await wait(700);
    all.idleMiB.push(residentMiB(server.child.pid));
    server.child.kill("SIGKILL");
    listSize = JSON.stringify(result).length;
  }
  const node = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    env: BARE,
    stdio: ["pipe", "pipe", "ignore"],
  });
  await wait(500);
  all.bareMiB.push(residentMiB(node.pid));
  node.kill("SIGKILL");
  const medians = Object.fromEntries(Object.entries(all).map(([name, figures]) => [name, quantile(figures, 0.5)]));
  return { ...medians, ratio: ratio(all.initialize, all.bare), listSize };
}

function exited(child) {
  return new Promise((resolve) => child.on("exit", resolve));
}

function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1024;
}

/** The service behind TLS, behind a proxy that delays every byte: what a call takes in round trips. */
async function measureLatency() {
  const sandbox = await Sandbox.start(ACCOUNT);
  sandbox.server.keepAliveTimeout = 65_000; // Node's own default of 5 seconds is not what a public service uses
  for (let nth = 0; nth < 20; nth += 1) {
    sandbox.channels.set(`@TOA#_${nth}`, structuredClone(sandbox.channels.get(CHANNEL)));
  }
  const pems = await selfsigned.generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  writeFileSync(join(folder, "ca.pem"), pems.cert);
  const tls = createTlsServer({ key: pems.private, cert: pems.cert }, (socket) => {
    const inside = connectTcp(Number(sandbox.endpoint.port), "127.0.0.1").setNoDelay();
    socket.pipe(inside).pipe(socket);
    socket.on("error", () => inside.destroy());
    inside.on("error", () => socket.destroy());
  });
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
    const { ms, value } = await timed(() => server.request("tools/call", params));
    if (value.result.isError) throw new Error(value.result.content[0].text);
    times[what].push(ms);
  };
  const subscriber = (nth) => ({
    name: "modify_subscriber_info",
    arguments: { Official_Account: CHANNEL, Subscriber_Account: "107867", CustomString: `x${nth}` },
  });
  let next = 0;
  const anotherChannel = () => `@TOA#_${next++}`;
  for (let nth = 0; nth < 3; nth += 1) {
    const [reader, editor] = [open(endpoint, env), open(endpoint, env)];
    for (const server of [reader, editor]) {
      await server.request("initialize", HANDSHAKE);
      await server.request("tools/list");
    }
    await wait(700); // as a host: nobody calls a tool in the moment in which it was listed
    await measure("first read", reader, READ);
    await measure("first edit", editor, edit(anotherChannel(), "one"));
    for (let times = 0; times < 3; times += 1) {
      await measure("read", reader, READ);
      await measure("edit", editor, edit(anotherChannel(), "two"));
      await measure("subscriber", editor, subscriber(times));
    }
    await wait(10_000);
    await measure("read after 10 idle seconds", reader, READ);
    for (const { child } of [reader, editor]) child.kill("SIGKILL");
  }
  proxy.close();
  tls.close();
  await sandbox.close();
  rmSync(folder, { recursive: true });
  return Object.fromEntries(Object.entries(times).map(([what, each]) => [what, quantile(each, 0.5)]));
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
  const { ms, value } = await timed(() =>
    Promise.all(servers.flatMap((server) => Array.from({ length: 100 }, () => server.request("tools/call", READ)))),
  );
  const failed = value.filter(({ result }) => result.isError).length;
  for (const { child } of servers) child.kill("SIGKILL");
  await sandbox.close();
  return {
    ratio: (ms / 1_000 / (1_000 / 200)).toFixed(2),
    outcome: failed === 0 ? "all answered" : `${failed} failed`,
  };
}

/** A night job: its time, its memory, and how many requests reach the service in any second. */
async function measureApply() {
  const arrivals = [];
  const sandbox = await Sandbox.start(ACCOUNT);
  sandbox.server.on("request", () => arrivals.push(performance.now()));
  const { subscribers } = sandbox.channels.get(CHANNEL);
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const lines = Array.from({ length: APPLY_LINES }, (_, nth) => {
    subscribers.set(`user${nth}`, "");
    const args = { Official_Account: CHANNEL, Subscriber_Account: `user${nth}`, CustomString: "vip" };
    return JSON.stringify({ tool: "modify_subscriber_info", arguments: args });
  });
  writeFileSync(join(folder, "edits.jsonl"), `${lines.join("\n")}\n`);
  const env = { ...BARE, ...environmentOf(sandbox.endpoint.href, ACCOUNT.sdkAppId, ACCOUNT.secretKey) };
  const job = spawn(
    process.execPath,
    [BUILT, "apply", join(folder, "edits.jsonl"), "--results", join(folder, "results.jsonl")],
    { env: { ...env, TENCENT_CHAT_REQUESTS_PER_SECOND: "200" }, stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  job.stderr.setEncoding("utf8").on("data", (text) => {
    said = text;
  });
  let [earlyMiB, maxMiB] = [0, 0];
  const watch = setInterval(() => {
    maxMiB = Math.max(maxMiB, residentMiB(job.pid));
    if (arrivals.length < APPLY_LINES / 10) earlyMiB = maxMiB;
  }, 250);
  const { ms } = await timed(() => exited(job));
  clearInterval(watch);
  await sandbox.close();
  rmSync(folder, { recursive: true });
  let maxInASecond = 0;
  for (let from = 0, to = 0; to < arrivals.length; to += 1) {
    while (arrivals[to] - arrivals[from] >= 1_000) from += 1;
    maxInASecond = Math.max(maxInASecond, to - from + 1);
  }
  const outcome = /: (.*)\.\s*$/.exec(said)?.[1] ?? said;
  return { seconds: ms / 1_000, earlyMiB, maxMiB, maxInASecond, outcome };
}

async function measureJournal() {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const path = join(folder, "journal.jsonl");
  const undo = (Name) => ({
    tool: "modify_official_account_base_info",
    arguments: { Official_Account: CHANNEL, Name },
  });
  const lines = Array.from({ length: JOURNAL_EDITS }, (_, nth) => {
    const writeId = `00000000-0000-4000-8000-${String(nth).padStart(12, "0")}`;
    const same = {
      writeId,
      sdkAppId: ACCOUNT.sdkAppId,
      ...undo("x"),
      arguments: undefined,
      channel: `${CHANNEL}_${nth % 50}`,
    };
    const time = (more) => new Date(1_790_000_000_000 + nth * 1_000 + more).toISOString();
    const change = { field: "Name", before: `name ${nth}`, after: `name ${nth + 1}` };
    const who = { admin: "administrator", osUser: "ops", host: "vm", pid: 1, client: "apply", confirmed: false };
    return [
      JSON.stringify({ time: time(0), ...same, event: "intent", ...who, changes: [change] }),
      JSON.stringify({
        time: time(100),
        ...same,
        event: "outcome",
        outcome: "applied",
        changes: [{ ...change, verdict: "applied" }],
        undo: undo(`name ${nth}`),
        warnings: [],
      }),
    ].join("\n");
  });
  const text = `${lines.join("\n")}\n`;
  writeFileSync(path, text);
  const env = { ...BARE, TENCENT_CHAT_SANDBOX: "true", TENCENT_CHAT_JOURNAL: path };
  const { ms } = await timed(() => {
    const list = spawn(process.execPath, [BUILT, "journal"], { env, stdio: ["ignore", "pipe", "inherit"] });
    list.stdout.resume();
    return exited(list);
  });
  rmSync(folder, { recursive: true });
  return { seconds: ms / 1_000, perMiB: ms / (text.length / 1024 / 1024) };
}

async function timed(work) {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

async function timeOf(work) {
  return (await timed(work)).ms;
}

/** The median of one over the median of the other, and the same of their quartiles. */
function ratio(one, other) {
  const median = quantile(other, 0.5);
  const [middle, low, high] = [0.5, 0.25, 0.75].map((at) => (quantile(one, at) / median).toFixed(2));
  return `${middle} (${low}–${high})`;
}

function quantile(numbers, at) {
  return numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) * at)];
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
