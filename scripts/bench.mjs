// Measures what a user waits for and pays: start, memory, each call, and the size of the tool list. Figures are ratios
// taken in one run, against bare Node and against undici alone, for the machines differ. --write puts them into README.md.
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { Pool } from "undici";

const BUILT = "dist/tencent-chat-channel-mcp.cjs";
const STARTS = 15;
const CALLS = 2_000;
// Where NODE_EXTRA_CA_CERTS is set, every start of Node costs 30 ms more, bare or not: it is left out on both sides.
const bareEnv = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };
const initialize = {
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
};

if (process.argv.includes("--soak")) {
  await soak(100_000);
  process.exit();
}
const start = await measureStart();
const memory = await measureMemory();
const calls = await measureCalls();
const report = [
  `Node ${process.version.slice(1)}, ${new Date().toISOString().slice(0, 10)}, one run; (x–y) are the quartiles.`,
  "",
  "| what | against | ratio |",
  "|---|---|---|",
  `| start: spawn to the answer to \`initialize\`, median of ${STARTS} | \`node -e 0\` | ${start} |`,
  `| memory after \`tools/list\`, resident | a bare Node that waits | ${memory.ratio} |`,
  `| a tool call over stdio, spaced, p50 | the same POST by undici alone | ${calls.overStdio} |`,
  `| a read by the signed client inside, one after another, p50 | the same | ${calls.p50} |`,
  `| the same: CPU of the process | the same | ${calls.cpu} |`,
  `| 32 reads at once, whole time | the same | ${calls.at32} |`,
  `| 256 reads at once, whole time | the same | ${calls.at256} |`,
  "",
  `\`tools/list\` takes ${memory.listSize.toLocaleString("en-US")} characters of a conversation.`,
].join("\n");
process.stdout.write(`${report}\n`);
if (process.argv.includes("--write")) {
  const part = /(<!-- bench:start -->)[\s\S]*(<!-- bench:end -->)/;
  writeFileSync(
    "README.md",
    readFileSync("README.md", "utf8").replace(part, (_, from, to) => `${from}\n${report}\n${to}`),
  );
}

async function measureStart() {
  const bare = [];
  const ours = [];
  for (let nth = 0; nth < STARTS; nth += 1) {
    bare.push(await timeBare());
    ours.push(await timeStart());
  }
  return ratio(ours, bare);
}

function timeBare() {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["-e", "0"], { env: bareEnv, stdio: ["pipe", "pipe", "ignore"] });
  return new Promise((resolve) => child.on("exit", () => resolve(performance.now() - startedAt)));
}

async function timeStart() {
  const startedAt = performance.now();
  const server = open();
  await server.request(initialize);
  const took = performance.now() - startedAt;
  server.child.kill("SIGKILL");
  return took;
}

async function measureMemory() {
  const server = open();
  await server.request(initialize);
  const list = await server.request({ method: "tools/list" });
  const bare = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    env: bareEnv,
    stdio: ["pipe", "pipe", "ignore"],
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const ours = residentKiB(server.child.pid);
  const theirs = residentKiB(bare.pid);
  server.child.kill("SIGKILL");
  bare.kill("SIGKILL");
  return { ratio: (ours / theirs).toFixed(2), listSize: JSON.stringify(list.result).length };
}

function residentKiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

/** A sandbox in this process and the signed client on it, both without their limits on requests a second. */
async function openClient() {
  const { Sandbox } = await load("src/sandbox/service.ts");
  const { ChatApi, Connection, Sender, Signer, Deadline } = await load("src/chat-api");
  const account = { sdkAppId: 1400000321, secretKey: "bench" };
  const sandbox = await Sandbox.start({ ...account, requestsPerSecond: 1e9 });
  const signer = new Signer({ sdkAppId: account.sdkAppId, identifier: "administrator", credential: account });
  const connection = new Connection({ endpoint: sandbox.endpoint, userAgent: "bench" });
  const api = new ChatApi(new Sender({ connection, signer, perSecond: 1e6 }));
  return { account, sandbox, signer, connection, api, Deadline };
}

/** The same reads by undici alone and by the signed client, and whole calls through the server; all on one sandbox. */
async function measureCalls() {
  const { account, sandbox, signer, connection, api, Deadline } = await openClient();
  const id = "@TOA#_test_for_penn";
  const ours = async () => {
    const deadline = new Deadline(30_000);
    await api.getChannels([id], undefined, deadline);
    deadline.release();
  };
  const pool = new Pool(sandbox.endpoint);
  const query = new URLSearchParams({
    sdkappid: String(account.sdkAppId),
    identifier: "administrator",
    usersig: signer.current(),
    random: "1",
    contenttype: "json",
  });
  const request = {
    path: `/v4/official_account_open_http_svc/get_official_account_info?${query}`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ OfficialAccountIdList: [{ Official_Account: id }] }),
  };
  const theirs = async () => JSON.parse(await (await pool.request(request)).body.text());

  for (const call of [ours, theirs, ours, theirs]) await oneByOne(call, CALLS / 4);
  const rounds = [];
  for (let round = 0; round < 5; round += 1) {
    rounds.push({ ours: await oneByOne(ours, CALLS / 5), theirs: await oneByOne(theirs, CALLS / 5) });
  }
  const result = {
    p50: ratio(
      rounds.map(({ ours: { p50 } }) => p50),
      rounds.map(({ theirs: { p50 } }) => p50),
    ),
    cpu: ratio(
      rounds.map(({ ours: { cpu } }) => cpu),
      rounds.map(({ theirs: { cpu } }) => cpu),
    ),
    overStdio: await overStdio(sandbox.endpoint, id, theirs),
    at32: await atOnce(32, ours, theirs),
    at256: await atOnce(256, ours, theirs),
  };
  await pool.destroy();
  await connection.close();
  await sandbox.close();
  return result;
}

/** A whole tool call, MCP and stdio included; spaced, for the server keeps to the service's 200 requests a second. */
async function overStdio(endpoint, id, theirs) {
  const server = open([], {
    TENCENT_CHAT_SDKAPPID: "1400000321",
    TENCENT_CHAT_SECRET_KEY: "bench",
    TENCENT_CHAT_ENDPOINT: endpoint.href,
    TENCENT_CHAT_LOG_LEVEL: "silent",
  });
  await server.request(initialize);
  const params = {
    name: "get_official_account_info",
    arguments: { OfficialAccountIdList: [{ Official_Account: id }] },
  };
  const all = { ours: [], theirs: [] };
  for (let nth = 0; nth < 600; nth += 1) {
    for (const [name, call] of [
      ["ours", () => server.request({ method: "tools/call", params })],
      ["theirs", theirs],
    ]) {
      const startedAt = performance.now();
      await call();
      if (nth >= 200) all[name].push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }
  server.child.kill("SIGKILL");
  return ratio(all.ours, all.theirs);
}

/** So many reads through one client; the heap after each tenth, once the garbage is out. Needs --expose-gc. */
async function soak(count) {
  const { sandbox, api, Deadline } = await openClient();
  for (let done = 0; done <= count; done += count / 10) {
    // The sandbox remembers requests for tests; here only the client's memory is of interest.
    sandbox.requests.length = 0;
    sandbox.landed.length = 0;
    globalThis.gc?.();
    const heap = (process.memoryUsage().heapUsed / 1024 / 1024).toFixed(1);
    process.stdout.write(`${done.toLocaleString("en-US")} reads: ${heap} MiB of heap\n`);
    for (let nth = 0; nth < count / 10 / 32 && done < count; nth += 1) {
      const deadline = new Deadline(30_000);
      await Promise.all(
        Array.from({ length: 32 }, () => api.getChannels(["@TOA#_test_for_penn"], undefined, deadline)),
      );
      deadline.release();
    }
  }
}

async function oneByOne(call, count) {
  const times = [];
  const cpuBefore = process.cpuUsage();
  for (let nth = 0; nth < count; nth += 1) {
    const startedAt = performance.now();
    await call();
    times.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { p50: quantile(times, 0.5), cpu: user + system };
}

async function atOnce(width, ours, theirs) {
  const time = async (call) => {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: width }, call));
    return performance.now() - startedAt;
  };
  const all = { ours: [], theirs: [] };
  for (let round = 0; round < 12; round += 1) {
    const [mine, bare] = [await time(ours), await time(theirs)];
    if (round < 2) continue; // the first rounds make the connections
    all.ours.push(mine);
    all.theirs.push(bare);
  }
  return ratio(all.ours, all.theirs);
}

/** The median of one over the median of the other, and the same of their quartiles. */
function ratio(one, other) {
  const median = quantile(other, 0.5);
  const told = [0.5, 0.25, 0.75].map((at) => (quantile(one, at) / median).toFixed(2));
  return `${told[0]} (${told[1]}–${told[2]})`;
}

function quantile(numbers, at) {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * at)];
}

function open(args = ["--sandbox"], env = {}) {
  const child = spawn(process.execPath, [BUILT, ...args], {
    env: { ...bareEnv, ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let unread = "";
  let waiting = () => {};
  child.stdout.setEncoding("utf8").on("data", (text) => {
    unread += text;
    const end = unread.indexOf("\n");
    if (end < 0) return;
    const line = unread.slice(0, end);
    unread = unread.slice(end + 1);
    waiting(JSON.parse(line));
  });
  return {
    child,
    request(message) {
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, ...message })}\n`);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
  };
}

async function load(what) {
  const files = ["chat-api", "connection", "sender", "user-sig", "deadline"];
  const contents =
    what === "src/chat-api"
      ? files.map((file) => `export * from "./src/chat-api/${file}.ts";`).join("")
      : `export * from "./${what}";`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["undici"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(process.cwd() + "/");' },
    write: false,
  });
  const path = `../dist/bench-${process.pid}-${what.length}.mjs`;
  const { pathname } = new URL(path, import.meta.url);
  writeFileSync(pathname, outputFiles[0].contents);
  try {
    return await import(path);
  } finally {
    rmSync(pathname);
  }
}
