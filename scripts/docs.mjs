// Writes what the READMEs, docs/, manifest.json and server.json take from the tables and from the server itself.
// With --check it writes nothing, and fails where a file is out of date.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { build } from "esbuild";
import { terminalPicture } from "./picture.mjs";

const BUILT = "dist/tencent-chat-channel-mcp.cjs";
const NAME = "tencent-chat-channel-mcp";
/** The first blocks that people copy are safe: read-only, and the key in a file. */
const EXAMPLE_ENV = {
  TENCENT_CHAT_SDKAPPID: "1400000000",
  TENCENT_CHAT_REGION: "singapore",
  TENCENT_CHAT_SECRET_KEY_FILE: "/path/to/key",
  TENCENT_CHAT_READ_ONLY: "true",
};

const isCheck = process.argv.includes("--check");
const { version, description } = read("package.json");
const zh = read("scripts/settings.zh-CN.json");
const { SETTINGS, TOOLS, CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING, ERROR_CODES } = await loadTables();
const demo = stable(execFileSync(process.execPath, [BUILT, "demo"], { encoding: "utf8" }).trim());
const examples = await playExamples();
const outdated = [];

put("README.md", fill("README.md", { ...hostBlocks(), settings: settingsTable() }));
put("README.zh-CN.md", fill("README.zh-CN.md", { ...hostBlocks("china"), settings: settingsTable(zh) }));
put("docs/tools.md", toolReference());
put("docs/error-codes.md", errorCodes());
put("docs/demo.svg", terminalPicture(demo));
put("manifest.json", manifest(read("manifest.json")));
put("mcpb-resources/zh-CN.json", localization());
put("server.json", registry(read("server.json")));
if (outdated.length > 0) {
  process.stderr.write(`Out of date: ${outdated.join(", ")}. Run npm run docs.\n`);
  process.exitCode = 1;
}

function read(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function put(path, content) {
  let current;
  try {
    current = readFileSync(path, "utf8");
  } catch {}
  if (current === content) return;
  if (isCheck) outdated.push(path);
  else {
    mkdirSync(path.includes("/") ? path.replace(/\/[^/]*$/, "") : ".", { recursive: true });
    writeFileSync(path, content);
  }
}

async function loadTables() {
  const outfile = `dist/tables-${process.pid}.mjs`;
  const contents = `
    export { SETTINGS } from "./src/settings/table.ts";
    export { TOOLS } from "./src/tools/index.ts";
    export { CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING } from "./src/channel/fields.ts";
    export { ERROR_CODES } from "./src/chat-api/errors/code-meaning.ts";`;
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

/** Replaces what is between `<!-- name:start -->` and `<!-- name:end -->`. */
function fill(path, parts) {
  return Object.entries(parts).reduce(
    (text, [name, part]) => {
      const marked = new RegExp(`<!-- ${name}:start -->[^]*<!-- ${name}:end -->`);
      if (!marked.test(text)) throw new Error(`${path} has no place for ${name}`);
      return text.replace(marked, () => `<!-- ${name}:start -->\n${part}\n<!-- ${name}:end -->`);
    },
    readFileSync(path, "utf8"),
  );
}

async function playExamples() {
  const client = new Client({ name: "docs", version: "1" });
  const env = { TENCENT_CHAT_LOG_LEVEL: "silent" };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [BUILT, "--sandbox"], env }));
  const id = "@TOA#_@TOA#dZDP";
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    const structured = JSON.parse(stable(JSON.stringify(result.structuredContent)));
    return { args, structured, text: stable(result.content[0].text) };
  };
  const played = {
    get_official_account_info: await call("get_official_account_info", {
      OfficialAccountIdList: [{ Official_Account: id }, { Official_Account: "@TOA#_gone" }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "CreateTime", "SubscriberNum"] },
    }),
    modify_official_account_base_info: await call("modify_official_account_base_info", {
      Official_Account: id,
      Introduction: "News of the test environment, every Friday",
    }),
    modify_subscriber_info: await call("modify_subscriber_info", {
      Official_Account: id,
      Subscriber_Account: "109635",
      CustomString: "vip",
    }),
    rejection: await call("modify_official_account_base_info", { Official_Account: id, Name: "茶与山".repeat(18) }),
  };
  await client.close();
  return played;
}

/** The same text at every run: request IDs are random. */
function stable(text) {
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "3f0c5b1e-…");
}

function toolReference() {
  const sections = TOOLS.map(({ name, title, description: text }) => {
    const { args, structured } = examples[name];
    return `## \`${name}\`\n\n${title}. ${text}\n\n${fence("json", json(args))}\n\nreturns the structured content\n\n${fence("json", json(structured))}`;
  });
  const { text, structured } = examples.rejection;
  return `# Tool reference

Arguments are the documented fields, under their documented names, and no others. Limits are UTF-8 bytes: a Chinese character takes 3, an emoji 4 or more. \`null\` for an optional field means that it is left out. Documented names stay as they are in results; what this server adds is in camelCase.

${sections.join("\n\n")}

## Fields

${fields()}

MaxSubscriberNum is shown, compared and undone where an answer holds it. The service's data-model page calls it readable; the page of the get call does not list it.

## Error format

A rejected edit, as text:

${fence("", text)}

and as structured content:

${fence("json", json({ explanation: structured.explanation }))}

\`stage\` is settings, input, policy, network, service or internal; \`fixedBy\` is agent, operator or tencent. \`attempts\` counts the requests of the failed command that were sent. The texts for each code of the service are in [error-codes.md](error-codes.md).
`;
}

function fields() {
  const yes = (is) => (is ? "yes" : "–");
  const row = (field, of) => [
    `\`${field.name}\``,
    of,
    field.type,
    field.maxBytes ? `${field.maxBytes} bytes` : "–",
    field.name === "MaxSubscriberNum" ? "if the answer holds it" : yes(field.readable),
    yes(field.writable),
    `${field.description}.`,
  ];
  return table(
    ["field", "of", "type", "limit", "readable", "writable", "description"],
    [...CHANNEL_FIELDS.map((field) => row(field, "channel")), row(SUBSCRIBER_CUSTOM_STRING, "subscriber")],
  );
}

function settingsTable(translation) {
  const rows = SETTINGS.map(({ name, description: text, defaultText }) => {
    const [says = text, unset = defaultText] = translation ? (translation.settings[name] ?? missing(name)) : [];
    return [`\`${name}\``, says, unset];
  });
  return table(translation ? ["名称", "说明", "默认值"] : ["name", "description", "default"], rows);
}

function missing(name) {
  throw new Error(`scripts/settings.zh-CN.json lacks ${name}`);
}

function hostBlocks(region = EXAMPLE_ENV.TENCENT_CHAT_REGION) {
  const env = { ...EXAMPLE_ENV, TENCENT_CHAT_REGION: region };
  const server = { command: NAME, env };
  const inWindows = { command: "cmd", args: ["/c", NAME], env };
  const config = Buffer.from(JSON.stringify(server)).toString("base64");
  const stdio = { type: "stdio", ...server };
  return {
    plain: fence("json", json({ mcpServers: { [NAME]: server } })),
    windows: fence(
      "json",
      JSON.stringify({ mcpServers: { [NAME]: { ...inWindows, env: "…" } } }).replace('"…"', "{ … }"),
    ),
    cursor: fence(
      "",
      `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${encodeURIComponent(config)}`,
    ),
    vscode: fence("sh", `code --add-mcp '${JSON.stringify({ name: NAME, ...stdio })}'`),
  };
}

function manifest(current) {
  const inForm = formSettings();
  const initial = { boolean: (text) => text === "true", number: Number };
  const userConfig = inForm.map(({ name, title, description: text, kind, defaultText, form }) => {
    const type = { boolean: "boolean", number: "number", file: "file" }[kind] ?? "string";
    const needed = defaultText.startsWith("required") && !form.description ? " Not needed for the sandbox." : "";
    return [
      keyOf(name),
      {
        type,
        title,
        description: `${form.description ?? text}${needed}`,
        required: false,
        default: (initial[type] ?? String)(form.initial),
        ...(kind === "secret" && { sensitive: true }),
      },
    ];
  });
  const env = inForm.map(({ name }) => [name, `$\{user_config.${keyOf(name)}}`]);
  const { server } = current;
  return json({
    ...current,
    version,
    tools: TOOLS.map(({ name, title }) => ({ name, description: title })),
    server: { ...server, mcp_config: { ...server.mcp_config, env: Object.fromEntries(env) } },
    user_config: Object.fromEntries(userConfig),
  });
}

/** The form and the description of the desktop bundle in Chinese. */
function localization() {
  const userConfig = formSettings().map(({ name }) => {
    const [inTable, , inForm = inTable] = zh.settings[name] ?? missing(name);
    return [keyOf(name), { title: zh.titles[name] ?? missing(name), description: inForm }];
  });
  return json({ ...zh.manifest, user_config: Object.fromEntries(userConfig) });
}

function formSettings() {
  return SETTINGS.filter(({ form }) => form).sort((one, other) => one.form.position - other.form.position);
}

function keyOf(name) {
  return name.replace("TENCENT_CHAT_", "").toLowerCase();
}

function registry(current) {
  const environmentVariables = SETTINGS.map(({ name, description: text, kind, form }) => ({
    name,
    description: text,
    isRequired: false,
    isSecret: kind === "secret",
    format: { boolean: "boolean", number: "number", file: "filepath" }[kind] ?? "string",
    ...(form?.initial ? { default: form.initial } : {}),
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
    "# Error codes of the service\n\nEvery code that the service is known to answer with, and how this server explains it. Other codes are explained by their range, and passed on with the service's own words. `{sdkAppId}` is the configured application.\n\n";
  return `${head}${table(["code", "cause", "next step", "who can fix it", "safe to resend"], rows)}\n`;
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
