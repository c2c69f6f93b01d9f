// Writes what README.md, manifest.json, server.json and docs/ take from the tables and from the server itself.
// With --check it writes nothing, and fails where a file is out of step.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { build } from "esbuild";

const BUILT = "dist/tencent-chat-channel-mcp.cjs";
const NAME = "tencent-chat-channel-mcp";
const EXAMPLE_ENV = {
  TENCENT_CHAT_SDKAPPID: "1400000000",
  TENCENT_CHAT_REGION: "singapore",
  TENCENT_CHAT_SECRET_KEY: "…",
};

const isCheck = process.argv.includes("--check");
const { version, description } = JSON.parse(readFileSync("package.json", "utf8"));

const { SETTINGS, TOOLS, CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING, ERROR_CODES } = await loadTables();
const stale = [];

put("README.md", await readme(readFileSync("README.md", "utf8")));
put("manifest.json", manifest(JSON.parse(readFileSync("manifest.json", "utf8"))));
put("server.json", registry(JSON.parse(readFileSync("server.json", "utf8"))));
put("docs/error-codes.md", errorCodes());
if (stale.length > 0) {
  process.stderr.write(`Out of step with the code: ${stale.join(", ")}. Run npm run docs.\n`);
  process.exitCode = 1;
}

function put(path, content) {
  let current;
  try {
    current = readFileSync(path, "utf8");
  } catch {}
  if (current === content) return;
  if (isCheck) stale.push(path);
  else {
    mkdirSync("docs", { recursive: true });
    writeFileSync(path, content);
  }
}

async function loadTables() {
  const outfile = `dist/tables-${process.pid}.mjs`;
  const contents = `
    export { SETTINGS } from "./src/settings/table.ts";
    export { TOOLS } from "./src/tools/index.ts";
    export { CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING } from "./src/channel/fields.ts";
    export { ERROR_CODES } from "./src/chat-api/error-codes/index.ts";`;
  await build({
    stdin: { contents, resolveDir: ".", loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["undici"],
    outfile,
  });
  try {
    return await import(`../${outfile}`);
  } finally {
    rmSync(outfile);
  }
}

async function readme(text) {
  const examples = await playExamples();
  const parts = {
    demo: fence("", steady(execFileSync(process.execPath, [BUILT, "demo"], { encoding: "utf8" }).trim())),
    plain: fence("json", json({ mcpServers: { [NAME]: host() } })),
    cursor: cursorLink(),
    vscode: vscode(),
    settings: table(
      ["name", "what it does", "default"],
      SETTINGS.map((row) => [`\`${row.name}\``, row.says, row.fallback]),
    ),
    tools: TOOLS.map((tool) => toolSection(tool, examples[tool.name])).join("\n\n"),
    fields: fields(),
    error: `${fence("", examples.refusal.text)}\n\n${fence("json", json({ explanation: examples.refusal.structured.explanation }))}`,
  };
  return Object.entries(parts).reduce(
    (all, [name, part]) =>
      all.replace(
        new RegExp(`<!-- ${name}:start -->[^]*<!-- ${name}:end -->`),
        () => `<!-- ${name}:start -->\n${part}\n<!-- ${name}:end -->`,
      ),
    text,
  );
}

async function playExamples() {
  const client = new Client({ name: "docs", version: "1" });
  const env = { TENCENT_CHAT_LOG_LEVEL: "silent" };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [BUILT, "--sandbox"], env }));
  const id = "@TOA#_@TOA#dZDP";
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    const structured = JSON.parse(steady(JSON.stringify(result.structuredContent)));
    return { args, structured, text: steady(result.content[0].text) };
  };
  const examples = {
    get_official_account_info: await call("get_official_account_info", {
      OfficialAccountIdList: [{ Official_Account: id }, { Official_Account: "@TOA#_gone" }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "Introduction", "SubscriberNum"] },
    }),
    modify_official_account_base_info: await call("modify_official_account_base_info", {
      Official_Account: id,
      Introduction: "News of the test environment, every Friday",
      MaxSubscriberNum: 200000,
    }),
    modify_subscriber_info: await call("modify_subscriber_info", {
      Official_Account: id,
      Subscriber_Account: "109635",
      CustomString: "vip",
    }),
    refusal: await call("modify_official_account_base_info", { Official_Account: id, Name: "茶与山".repeat(18) }),
  };
  await client.close();
  return examples;
}

/** The same text at every run: request IDs are random. */
function steady(text) {
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "3f0c5b1e-…");
}

function toolSection({ name, title, description: says }, { args, structured }) {
  return `### \`${name}\`\n\n${title}. ${says}\n\n${fence("json", json(args))}\n\nanswers\n\n${fence("json", json(structured))}`;
}

function fields() {
  const can = (is) => (is ? "yes" : "–");
  const row = (field, of) => [
    `\`${field.name}\``,
    of,
    field.type,
    field.maxBytes ? `${field.maxBytes} bytes` : "–",
    can(field.readable),
    can(field.writable),
    `${field.says}.`,
  ];
  return table(
    ["field", "of", "type", "limit", "read", "written", "what it is"],
    [...CHANNEL_FIELDS.map((field) => row(field, "channel")), row(SUBSCRIBER_CUSTOM_STRING, "subscriber")],
  );
}

function host(env = EXAMPLE_ENV) {
  return { command: NAME, env };
}

function cursorLink() {
  const config = Buffer.from(JSON.stringify(host({ ...EXAMPLE_ENV, TENCENT_CHAT_SECRET_KEY: "" }))).toString("base64");
  return fence("", `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${encodeURIComponent(config)}`);
}

function vscode() {
  const inputs = [
    {
      type: "promptString",
      id: "key",
      description: "Secret key of the Tencent Cloud Chat application",
      password: true,
    },
  ];
  const server = { type: "stdio", ...host({ ...EXAMPLE_ENV, TENCENT_CHAT_SECRET_KEY: "$" + "{input:key}" }) };
  const link = encodeURIComponent(JSON.stringify({ name: NAME, ...server, inputs }));
  return [
    fence("", `vscode:mcp/install?${link}`),
    fence("sh", `code --add-mcp '${JSON.stringify({ name: NAME, ...host() })}'`),
    fence("json", json({ inputs, servers: { [NAME]: server } })),
  ].join("\n\n");
}

function manifest(current) {
  const inForm = SETTINGS.filter((setting) => setting.inForm !== undefined);
  const key = ({ name }) => name.replace("TENCENT_CHAT_", "").toLowerCase();
  const type = { "true or false": "boolean", number: "number" };
  const initial = { boolean: (text) => text === "true", number: Number };
  const userConfig = inForm.map((setting) => {
    const kind = type[setting.kind] ?? "string";
    return [
      key(setting),
      {
        type: kind,
        title: setting.title,
        description:
          `${setting.says} ${setting.fallback.startsWith("required") ? "Needed, unless the sandbox is on." : ""}`.trim(),
        required: false,
        default: (initial[kind] ?? String)(setting.inForm),
        ...(setting.kind === "secret" && { sensitive: true }),
      },
    ];
  });
  const env = inForm.map((setting) => [setting.name, `$\{user_config.${key(setting)}}`]);
  const { server } = current;
  return json({
    ...current,
    version,
    tools: TOOLS.map(({ name, title }) => ({ name, description: title })),
    server: { ...server, mcp_config: { ...server.mcp_config, env: Object.fromEntries(env) } },
    user_config: Object.fromEntries(userConfig),
  });
}

function registry(current) {
  const environmentVariables = SETTINGS.map(({ name, says, kind, inForm }) => ({
    name,
    description: says,
    isRequired: false,
    isSecret: kind === "secret",
    format: { "true or false": "boolean", number: "number", file: "filepath" }[kind] ?? "string",
    ...(inForm ? { default: inForm } : {}),
  }));
  return json({
    ...current,
    description,
    version,
    packages: current.packages.map((entry) => ({ ...entry, version, environmentVariables })),
  });
}

function errorCodes() {
  const rows = [...ERROR_CODES.values()].map((row) => [
    String(row.code),
    `${row.cause}.`,
    row.nextStep,
    row.fixedBy,
    row.safeToResend ? "yes" : "no",
  ]);
  const head =
    "# Error codes of the service\n\nEvery code that the service is known to answer with, in the words this server explains it by. Other codes are explained by their range, and passed on with the service's own words.\n\n";
  return `${head}${table(["code", "what happened", "what to do next", "mended by", "may be sent again"], rows)}\n`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

function fence(language, text) {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``;
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
