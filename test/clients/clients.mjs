// Lists, reads, edits and confirms with other MCP clients, each in its newest version: npm run clients
// They are installed into a scratch folder, together with the Node that they need; nothing of this is a dependency.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { load } from "../../scripts/load.mjs";
import { environmentOf } from "../../scripts/mcp-child.mjs";

const PACKAGES = ["@modelcontextprotocol/inspector", "@ai-sdk/mcp", "@openai/agents", "@langchain/mcp-adapters"];
const BUILT = new URL("../../dist/tencent-chat-channel-mcp.cjs", import.meta.url).pathname;
const CHANNEL = "@TOA#_test_for_penn";
const READ = { OfficialAccountIdList: [{ Official_Account: CHANNEL }] };
const ACCOUNT = { sdkAppId: 1400000321, secretKey: "5".repeat(64), admins: ["administrator"] };

const [folder] = process.argv.slice(2);
if (folder) await run(folder);
else install();

function install() {
  const place = mkdtempSync(join(tmpdir(), "clients-"));
  try {
    const npm = ["install", "--prefix", place, "--no-audit", "--no-fund", "--legacy-peer-deps", "--silent"];
    const packages = [...PACKAGES, "@langchain/core", "@langchain/langgraph"].map((name) => `${name}@latest`);
    execFileSync("npm", [...npm, "node@24", "zod", ...packages], { stdio: "inherit" });
    const script = new URL(import.meta.url).pathname;
    const { status } = spawnSync(join(place, "node_modules/node/bin/node"), [script, place], { stdio: "inherit" });
    process.exitCode = status ?? 1;
  } finally {
    rmSync(place, { recursive: true });
  }
}

async function run(place) {
  const { FaultySandbox } = await load("test/support/faulty-sandbox.ts");
  const require = createRequire(join(place, "package.json"));
  const importFrom = (name) => import(pathToFileURL(require.resolve(name)));
  let failed = 0;
  for (const [name, start] of Object.entries(clients(place, importFrom))) {
    for (const confirms of [false, true]) {
      const sandbox = await FaultySandbox.start(ACCOUNT);
      const env = environmentOf(sandbox.endpoint.href, ACCOUNT.sdkAppId, ACCOUNT.secretKey, {
        ...(confirms && { TENCENT_CHAT_CONFIRM_EDITS: "always" }),
      });
      const client = await start(env);
      const problems = await check(client, sandbox, confirms).catch((error) => [String(error)]);
      await client.close?.();
      await sandbox.close();
      if (problems.length > 0) failed += 1;
      process.stdout.write(
        `${problems.length === 0 ? "✓" : "✗"} ${name}, confirmation ${confirms ? "always" : "never"} ${problems.join("; ")}\n`,
      );
    }
  }
  process.exitCode = failed > 0 ? 1 : 0;
  process.exit();
}

/** Only an explicit yes writes; a client that cannot ask hears which setting decides that. */
async function check({ list, call, canAsk }, sandbox, confirms) {
  const name = () => sandbox.channels.get(CHANNEL).info.Name;
  const problems = [];
  const tools = await list();
  if (tools !== 3) problems.push(`${tools} tools`);
  const read = await call("get_official_account_info", READ);
  if (!read.includes("780031")) problems.push(`read: ${read.slice(0, 200)}`);
  const before = name();
  const edit = await call("modify_official_account_base_info", { Official_Account: CHANNEL, Name: "Renamed" });
  const mayWrite = !confirms || canAsk === true;
  if ((name() === "Renamed") !== mayWrite) problems.push(`the name is ${name()} (before ${before})`);
  const expected = mayWrite ? "applied" : "TENCENT_CHAT_CONFIRM_EDITS";
  if (!edit.includes(expected)) problems.push(`edit: ${edit.slice(0, 300)}`);
  return problems;
}

/** How each client starts the server, lists and calls. A call returns all it was given, as text. */
function clients(place, importFrom) {
  const server = (env) => ({ command: process.execPath, args: [BUILT], env: { ...env, PATH: process.env.PATH } });
  const textOf = (work) => work.then(JSON.stringify, (error) => String(error?.message ?? error));
  const inspector = (era) => async (env) => {
    // Not spawnSync: the sandbox answers from this process.
    const cli = (...args) => {
      const variables = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
      const file = join(place, "node_modules/.bin/mcp-inspector");
      const child = spawn(process.execPath, [
        ...[file, "--cli", process.execPath, BUILT, ...variables],
        ...["--protocol-era", era, ...args],
      ]);
      return { stdout: text(child.stdout), stderr: text(child.stderr) };
    };
    return {
      list: async () => JSON.parse((await cli("--method", "tools/list").stdout) || "{}").tools?.length,
      call: async (tool, args) => {
        const pairs = Object.entries(args).map(
          ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
        );
        const { stdout, stderr } = cli("--method", "tools/call", "--tool-name", tool, "--tool-arg", ...pairs);
        return (await stdout) + (await stderr);
      },
    };
  };
  return {
    "inspector, legacy": inspector("legacy"),
    "inspector, modern": inspector("modern"),
    "@ai-sdk/mcp": async (env) => {
      const { createMCPClient, ElicitationRequestSchema } = await importFrom("@ai-sdk/mcp");
      const { Experimental_StdioMCPTransport: Stdio } = await importFrom("@ai-sdk/mcp/mcp-stdio");
      const client = await createMCPClient({
        transport: new Stdio(server(env)),
        capabilities: { elicitation: { form: {} } },
      });
      client.onElicitationRequest(ElicitationRequestSchema, async () => ({
        action: "accept",
        content: { decision: "Apply the edit" },
      }));
      const tools = await client.tools();
      return {
        canAsk: true,
        list: async () => Object.keys(tools).length,
        call: (name, args) => textOf(tools[name].execute(args, { toolCallId: "1", messages: [] })),
        close: () => client.close(),
      };
    },
    "@openai/agents": async (env) => {
      const { MCPServerStdio } = await importFrom("@openai/agents");
      const client = new MCPServerStdio(server(env));
      await client.connect();
      return {
        list: async () => (await client.listTools()).length,
        call: (name, args) => textOf(client.callTool(name, args)),
        close: () => client.close(),
      };
    },
    "@langchain/mcp-adapters": async (env) => {
      const { MultiServerMCPClient } = await importFrom("@langchain/mcp-adapters");
      const client = new MultiServerMCPClient({ mcpServers: { channels: { transport: "stdio", ...server(env) } } });
      const tools = await client.getTools();
      return {
        list: async () => tools.length,
        call: (name, args) => textOf(tools.find((tool) => tool.name.endsWith(name)).invoke(args)),
        close: () => client.close(),
      };
    },
  };
}
