// Measures what people wait for and pay: round trips, start, memory, each call, and a fleet of servers on one
// application. Every figure is a ratio taken in one run, because machines differ and are shared. With --write they go
// into docs/performance.md, and five lines of them into both READMEs. --soak watches the heap over 100,000 reads; run it
// with node --expose-gc.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import selfsigned from "selfsigned";
import { Pool } from "undici";
import { load } from "./load.mjs";
import { BARE, environmentOf, HANDSHAKE, startServer } from "./mcp-child.mjs";

const ACCOUNT = { sdkAppId: 1400000321, secretKey: "5".repeat(64) };
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
const CALLS = 2_000;
const ONE_WAY_MS = 30;
const PEERS_FOLDER = "../peers";
const PEERS = ["@line/line-bot-mcp-server", "@notionhq/notion-mcp-server", "@modelcontextprotocol/server-everything"];

const { Sandbox, ChatApi, ChatClient, HttpClient, Signer, Secrets, Deadline } = await load(
  "src/sandbox/sandbox.ts",
  "src/chat-api/chat-api.ts",
  "src/chat-api/client.ts",
  "src/chat-api/http/http-client.ts",
  "src/chat-api/auth/user-sig.ts",
  "src/chat-api/auth/secrets.ts",
  "src/chat-api/retry/deadline.ts",
);

if (process.argv.includes("--soak")) {
  await soak(100_000);
  process.exit();
}
const start = await measureStart();
const memory = await measureMemory();
const latency = await measureLatency();
const calls = await measureCalls();
const fleet = await measureFleet();
const subscribers = await measureSubscribers();
const peers = await measurePeers();
const date = `Node ${process.version.slice(1)}, ${new Date().toISOString().slice(0, 10)}, one run`;
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const report = `# Performance

Written by \`npm run bench -- --write\`. ${date}. Figures in parentheses are the quartiles.

## Round trips

A call over stdio, against a stand-in for the service behind a proxy that delays each direction by ${ONE_WAY_MS} ms: the time of the call divided by ${2 * ONE_WAY_MS} ms. The handshake of TLS is included; that of TCP is not, and costs one more for each new connection.

${table(
  ["call", "round trips"],
  Object.entries(latency).map(([what, trips]) => [what, trips]),
)}

## Start and memory

${table(
  ["what", "against", "ratio"],
  [
    [`start: spawn to the answer to \`initialize\`, median of ${STARTS}`, "`node -e 0`", start],
    ["memory after `tools/list`, resident", "a bare Node that waits", memory.ratio],
    ...peers,
  ],
)}

\`tools/list\` takes ${memory.listSize.toLocaleString("en-US")} characters of a conversation. Other servers are measured where they are installed beside this project: \`npm install --prefix ${PEERS_FOLDER} ${PEERS.join(" ")}\`.

## Calls

${table(
  ["what", "against", "ratio"],
  [
    ["a tool call over stdio, spaced, p50", "the same POST by undici alone", calls.overStdio],
    ["a read by the signed client, one after another, p50", "the same", calls.p50],
    ["the same: CPU of the process", "the same", calls.cpu],
    ["32 reads at once, whole time", "the same", calls.at32],
    ["256 reads at once, whole time", "the same", calls.at256],
  ],
)}

## Many at once

${table(
  ["what", "against", "ratio"],
  [
    ["ten servers on one application, 1,000 reads, all answered", "200 a second, the service's limit", fleet],
    ["edits of 1,000 subscribers of one channel, all accepted", "50 a second, the default limit", subscribers],
  ],
)}
`;
const inReadme = {
  "README.md": [
    `- a read takes ${latency.read} network round trips, an edit ${latency.edit}; the first of a process ${latency["first read"]} and ${latency["first edit"]}, because it connects`,
    `- the start takes ${middle(start)} times as long as that of an empty Node process, and the memory after \`tools/list\` is ${memory.ratio} times as large`,
    `- a call from the host and back takes ${middle(calls.overStdio)} times as long as the request to the service alone, both on one machine`,
    `- 1,000 reads by ten servers that share an application take ${fleet} times the 5 seconds that the service's limit of requests requires`,
  ],
  "README.zh-CN.md": [
    `- 一次读取需要 ${latency.read} 次网络往返，一次修改 ${latency.edit} 次；进程启动后的第一次读取和第一次修改分别为 ${latency["first read"]} 次和 ${latency["first edit"]} 次（需要建立连接）`,
    `- 启动时间是空 Node 进程的 ${middle(start)} 倍，列出工具（\`tools/list\`）之后的内存是其 ${memory.ratio} 倍`,
    `- 一次 stdio 调用的耗时是直接发同一个请求的 ${middle(calls.overStdio)} 倍（均在同一台机器上）`,
    `- 十个进程共用一个应用、共读取 1,000 次时，按服务端限频（每秒 200 次）至少需要 5 秒，实际总耗时是它的 ${fleet} 倍`,
  ],
};

process.stdout.write(report);
if (process.argv.includes("--write")) {
  writeFileSync("docs/performance.md", report);
  for (const [file, lines] of Object.entries(inReadme)) {
    const part = /(<!-- bench:start -->)[\s\S]*(<!-- bench:end -->)/;
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace(part, (_, from, to) => `${from}\n${lines.join("\n")}\n${to}`),
    );
  }
}

/** A ratio without its quartiles. */
function middle(ratio) {
  return ratio.split(" ", 1)[0];
}

function open(endpoint, more) {
  return startServer(environmentOf(endpoint, ACCOUNT.sdkAppId, ACCOUNT.secretKey, more));
}

async function measureStart() {
  const bare = [];
  const ours = [];
  for (let nth = 0; nth < STARTS; nth += 1) {
    bare.push(
      await timeOf(() =>
        exited(spawn(process.execPath, ["-e", "0"], { env: BARE, stdio: ["pipe", "pipe", "ignore"] })),
      ),
    );
    const server = await timed(async () => {
      const child = startServer({}, ["--sandbox"]);
      await child.request("initialize", HANDSHAKE);
      return child;
    });
    ours.push(server.ms);
    server.value.child.kill("SIGKILL");
  }
  return ratio(ours, bare);
}

function exited(child) {
  return new Promise((resolve) => child.on("exit", resolve));
}

async function measureMemory() {
  const server = startServer({}, ["--sandbox"]);
  await server.request("initialize", HANDSHAKE);
  const { result } = await server.request("tools/list");
  const bare = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    env: BARE,
    stdio: ["pipe", "pipe", "ignore"],
  });
  await wait(1_000);
  const figures = { ours: residentKiB(server.child.pid), bare: residentKiB(bare.pid) };
  server.child.kill("SIGKILL");
  bare.kill("SIGKILL");
  return {
    ratio: (figures.ours / figures.bare).toFixed(2),
    bareKiB: figures.bare,
    listSize: JSON.stringify(result).length,
  };
}

function residentKiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

/** Public servers that are installed in a folder beside this one. */
async function measurePeers() {
  const rows = [];
  for (const name of PEERS) {
    const folder = join(PEERS_FOLDER, "node_modules", name);
    if (!existsSync(folder)) continue;
    const { bin, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = join(folder, typeof bin === "string" ? bin : Object.values(bin)[0]);
    const env = { CHANNEL_ACCESS_TOKEN: "x", NOTION_TOKEN: "x", DESTINATION_USER_ID: "x" };
    const times = [];
    const bare = [];
    let memoryRatio = "";
    for (let nth = 0; nth < 5; nth += 1) {
      bare.push(await timeOf(() => exited(spawn(process.execPath, ["-e", "0"], { env: BARE, stdio: "ignore" }))));
      const server = await timed(async () => {
        const child = startServer(env, [], [process.execPath, file]);
        await Promise.race([child.request("initialize", HANDSHAKE), wait(10_000)]);
        return child;
      });
      times.push(server.ms);
      if (nth === 0) {
        await Promise.race([server.value.request("tools/list"), wait(5_000)]);
        memoryRatio = (residentKiB(server.value.child.pid) / memory.bareKiB).toFixed(2);
      }
      server.value.child.kill("SIGKILL");
    }
    rows.push([`${name} ${version}: start`, "`node -e 0`", ratio(times, bare)]);
    rows.push([`${name} ${version}: memory after \`tools/list\``, "a bare Node that waits", memoryRatio]);
  }
  return rows;
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
    times[what].push(ms / (2 * ONE_WAY_MS));
  };
  const subscriber = (nth) => ({
    name: "modify_subscriber_info",
    arguments: { Official_Account: CHANNEL, Subscriber_Account: "107867", CustomString: `x${nth}` },
  });
  let next = 0;
  const anotherChannel = () => `@TOA#_${next++}`;
  for (let nth = 0; nth < 3; nth += 1) {
    const [reader, editor] = [open(endpoint, env), open(endpoint, env)];
    for (const server of [reader, editor]) await server.request("initialize", HANDSHAKE);
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
  return Object.fromEntries(Object.entries(times).map(([what, each]) => [what, quantile(each, 0.5).toFixed(1)]));
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

/** A sandbox in this process and the signed client on it, both without their limits on requests a second. */
async function openClient() {
  const sandbox = await Sandbox.start({ ...ACCOUNT, requestsPerSecond: 1e9 });
  const secrets = new Secrets();
  const signer = new Signer({
    sdkAppId: ACCOUNT.sdkAppId,
    identifier: "administrator",
    credential: { secretKey: ACCOUNT.secretKey },
    secrets,
  });
  const http = new HttpClient({ endpoint: sandbox.endpoint, userAgent: "bench" });
  const api = new ChatApi(new ChatClient({ http, signer, secrets, perSecond: 1e6 }));
  const read = async () => {
    const deadline = new Deadline(30_000);
    const result = await api.getChannels([CHANNEL], undefined, { deadline });
    deadline.release();
    if (result.kind !== "ok") throw result.error;
  };
  return { sandbox, signer, http, read };
}

/** The same reads by undici alone and by the signed client, and whole calls through the server; all on one sandbox. */
async function measureCalls() {
  const { sandbox, signer, http, read: ours } = await openClient();
  const pool = new Pool(sandbox.endpoint);
  const query = new URLSearchParams({
    sdkappid: String(ACCOUNT.sdkAppId),
    identifier: "administrator",
    usersig: signer.current().userSig,
    random: "1",
    contenttype: "json",
  });
  const request = {
    path: `/v4/official_account_open_http_svc/get_official_account_info?${query}`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(READ.arguments),
  };
  const theirs = async () => JSON.parse(await (await pool.request(request)).body.text());

  for (const call of [ours, theirs, ours, theirs]) await oneByOne(call, CALLS / 4);
  const rounds = [];
  for (let round = 0; round < 5; round += 1) {
    rounds.push({ ours: await oneByOne(ours, CALLS / 5), theirs: await oneByOne(theirs, CALLS / 5) });
  }
  const of = (whose, what) => rounds.map((round) => round[whose][what]);
  const result = {
    p50: ratio(of("ours", "p50"), of("theirs", "p50")),
    cpu: ratio(of("ours", "cpu"), of("theirs", "cpu")),
    overStdio: await overStdio(sandbox.endpoint.href, theirs),
    at32: await atOnce(32, ours, theirs),
    at256: await atOnce(256, ours, theirs),
  };
  await pool.destroy();
  await http.close();
  await sandbox.close();
  return result;
}

/** A whole tool call, MCP and stdio included; spaced, because the server keeps to 200 requests a second. */
async function overStdio(endpoint, theirs) {
  const server = open(endpoint, { TENCENT_CHAT_REQUESTS_PER_SECOND: "200" });
  await server.request("initialize", HANDSHAKE);
  // As many calls as the other side has made by now, so that both run compiled code.
  for (let nth = 0; nth < CALLS; nth += 1) await server.request("tools/call", READ);
  const all = { ours: [], theirs: [] };
  for (let nth = 0; nth < 600; nth += 1) {
    for (const [name, call] of [
      ["ours", () => server.request("tools/call", READ)],
      ["theirs", theirs],
    ]) {
      const ms = await timeOf(call);
      if (nth >= 200) all[name].push(ms);
      await wait(4);
    }
  }
  server.child.kill("SIGKILL");
  return ratio(all.ours, all.theirs);
}

/** Ten servers on an application with the service's limit of 200 requests a second: the time against the floor. */
async function measureFleet() {
  const sandbox = await Sandbox.start(ACCOUNT);
  const servers = Array.from({ length: 10 }, () => open(sandbox.endpoint.href, { TENCENT_CHAT_TIMEOUT_SECONDS: "60" }));
  await Promise.all(servers.map((server) => server.request("initialize", HANDSHAKE)));
  const { ms, value } = await timed(() =>
    Promise.all(servers.flatMap((server) => Array.from({ length: 100 }, () => server.request("tools/call", READ)))),
  );
  const failed = value.filter(({ result }) => result.isError).length;
  for (const { child } of servers) child.kill("SIGKILL");
  await sandbox.close();
  return `${(ms / 1_000 / (1_000 / 200)).toFixed(2)}${failed > 0 ? ` (${failed} not answered)` : ""}`;
}

async function measureSubscribers() {
  const sandbox = await Sandbox.start(ACCOUNT);
  const { subscribers } = sandbox.channels.get(CHANNEL);
  const ids = Array.from({ length: 1_000 }, (_, nth) => `user${nth}`);
  for (const id of ids) subscribers.set(id, "");
  const server = open(sandbox.endpoint.href, { TENCENT_CHAT_TIMEOUT_SECONDS: "60" });
  await server.request("initialize", HANDSHAKE);
  const { ms, value } = await timed(() =>
    Promise.all(
      ids.map((Subscriber_Account) =>
        server.request("tools/call", {
          name: "modify_subscriber_info",
          arguments: { Official_Account: CHANNEL, Subscriber_Account, CustomString: "vip" },
        }),
      ),
    ),
  );
  const failed = value.filter(({ result }) => result.isError).length;
  server.child.kill("SIGKILL");
  await sandbox.close();
  return `${(ms / 20_000).toFixed(2)}${failed > 0 ? ` (${failed} failed)` : ""}`;
}

/** Many reads through one client; the heap after each tenth, once the garbage is collected. */
async function soak(count) {
  const { read } = await openClient();
  for (let done = 0; done <= count; done += count / 10) {
    globalThis.gc?.();
    const heap = (process.memoryUsage().heapUsed / 1024 / 1024).toFixed(1);
    process.stdout.write(`${done.toLocaleString("en-US")} reads: ${heap} MiB of heap\n`);
    for (let nth = 0; nth < count / 10 / 32 && done < count; nth += 1) {
      await Promise.all(Array.from({ length: 32 }, read));
    }
  }
}

async function oneByOne(call, count) {
  const times = [];
  const cpuBefore = process.cpuUsage();
  for (let nth = 0; nth < count; nth += 1) times.push(await timeOf(call));
  const { user, system } = process.cpuUsage(cpuBefore);
  return { p50: quantile(times, 0.5), cpu: user + system };
}

async function atOnce(width, ours, theirs) {
  const all = { ours: [], theirs: [] };
  for (let round = 0; round < 12; round += 1) {
    const mine = await timeOf(() => Promise.all(Array.from({ length: width }, ours)));
    const bare = await timeOf(() => Promise.all(Array.from({ length: width }, theirs)));
    if (round < 2) continue; // the first rounds make the connections
    all.ours.push(mine);
    all.theirs.push(bare);
  }
  return ratio(all.ours, all.theirs);
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
