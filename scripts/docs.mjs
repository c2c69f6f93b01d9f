// Writes what the READMEs, docs/, manifest.json and server.json take from the tables and from the server itself.
// With --check it writes nothing, and fails where a file is out of date.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { load } from "./load.mjs";
import { terminalPicture } from "./picture.mjs";

const BUILT = "dist/tencent-chat-channel-mcp.cjs";
/** The first blocks that people copy are safe: read-only, and the key in a file. */
const EXAMPLE_ENV = {
  TENCENT_CHAT_SDKAPPID: "1400000000",
  TENCENT_CHAT_REGION: "singapore",
  TENCENT_CHAT_SECRET_KEY_FILE: "/path/to/key",
  TENCENT_CHAT_READ_ONLY: "true",
};
/** What newcomers meet: the first rows of docs/error-codes.md. */
const COMMON_CODES = [70009, 70003, 60006, 60026, 60010, 131000, 130004, 130002, 131003, 60007];

/** Hosts put the names of the plugin and of its server before each tool; 64 characters are allowed in all. */
const PLUGIN_SERVER = "im";

const isCheck = process.argv.includes("--check");
const { version, description } = read("package.json");
const zh = read("scripts/settings.zh-CN.json");
const { SETTING_NAMES, metaOf, TOOLS, CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING, OUTCOMES, ...tables } = await load(
  "src/settings/schema.ts",
  "src/tools/call-tool.ts",
  "src/channel/fields.ts",
  "src/edits/outcome.ts",
  "src/chat-api/errors/error-codes.ts",
  "src/explanations/fixes.ts",
  "src/commands/mcp-hosts.ts",
);
const { ERROR_CODES, fixOf, PROGRAM, SERVER_NAME, mcpHost, shellLine, configurationBlock } = tables;
const demo = stable(execFileSync(process.execPath, [BUILT, "demo"], { encoding: "utf8" }).trim());
const examples = await playExamples();
const outdated = [];

put("README.md", fill("README.md", readmeParts("singapore")));
put("README.zh-CN.md", fill("README.zh-CN.md", readmeParts("china", zh)));
put("docs/tools.md", toolReference());
put("docs/error-codes.md", errorCodes());
put("docs/demo.svg", terminalPicture(oneEdit(demo)));
put("manifest.json", manifest(read("manifest.json")));
put("mcpb-resources/zh-CN.json", localization());
put("server.json", registry(read("server.json")));
for (const [path, content] of Object.entries(pluginFiles())) put(path, json(content));
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

/** The part of the demo that shows an edit, its receipt and its undo. */
function oneEdit(text) {
  const [, edit] = /^(You: Then once[\s\S]*)\n\nEvery step/m.exec(text) ?? missing("the demo's edit");
  return edit;
}

function toolReference() {
  const sections = TOOLS.map(({ name, title, description: text }) => {
    const { args, structured } = examples[name];
    return `## \`${name}\`\n\n${title}. ${text}\n\n${fence("json", json(args))}\n\nreturns the structured content\n\n${fence("json", json(structured))}`;
  });
  const { text, structured } = examples.rejection;
  return `# Tool reference

Arguments are the documented fields, under their documented names, and no others. Limits are UTF-8 bytes: a Chinese character takes 3, an emoji 3 or more. \`null\` for an optional field means that it is left out. \`""\` empties a field, and must be the one field of its call. Documented names stay as they are in results; what this server adds is in camelCase.

## Fields

${fields()}

MaxSubscriberNum is shown, compared and undone where an answer holds it. The service's data-model page calls it readable; the page of the get call does not list it.

${sections.join("\n\n")}

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
    field.name === "MaxSubscriberNum" ? "if the answer holds it" : yes(of === "channel"),
    yes(field.writable),
    `${field.description}.`,
  ];
  return table(
    ["field", "of", "type", "limit", "readable", "writable", "description"],
    [...CHANNEL_FIELDS.map((field) => row(field, "channel")), row(SUBSCRIBER_CUSTOM_STRING, "subscriber")],
  );
}

/** What a README takes from the tables. */
function readmeParts(region, translation) {
  const entry = { command: PROGRAM, args: [], env: { ...EXAMPLE_ENV, TENCENT_CHAT_REGION: region } };
  const windowsKey = { TENCENT_CHAT_SECRET_KEY_FILE: "C:\\Users\\me\\tencent-chat.key" };
  const windows = { command: "cmd", args: ["/c", PROGRAM], env: { ...entry.env, ...windowsKey } };
  const add = (host, shell = "posix") => shellLine(mcpHost(host).add(entry), shell);
  return {
    tools: toolsTable(translation),
    plain: fence("json", configurationBlock(entry)),
    windows: fence("json", configurationBlock(windows)),
    "claude-code": fence("sh", add("claude-code")),
    codex: fence("sh", add("codex")),
    gemini: fence("sh", add("gemini")),
    vscode: fence("sh", add("vscode")),
    powershell: fence("powershell", add("vscode", "powershell")),
    buttons: buttons(region, translation),
    settings: settingsTable(translation),
    outcomes: outcomesTable(translation),
  };
}

function toolsTable(translation) {
  const names = (is) =>
    CHANNEL_FIELDS.filter(is)
      .map(({ name, maxBytes }) => (maxBytes ? `${name} ≤${maxBytes}` : name))
      .join(" · ");
  const fieldsOf = [
    CHANNEL_FIELDS.map(({ name }) => name).join(" · "),
    names(({ writable }) => writable),
    `${SUBSCRIBER_CUSTOM_STRING.name} ≤${SUBSCRIBER_CUSTOM_STRING.maxBytes}`,
  ];
  const words = translation?.tools ?? {
    head: ["tool", "what it does", "fields (limits in UTF-8 bytes)", "undo"],
    rows: [
      ["reads up to 50 channels by ID", "–"],
      ["changes fields of one channel, at once, for all its subscribers", "yes, for what could be read before"],
      ["sets the custom field of one subscriber", "no: the service never shows it"],
    ],
  };
  return table(
    words.head,
    TOOLS.map(({ name }, at) => [`\`${name}\``, words.rows[at][0], fieldsOf[at], words.rows[at][1]]),
  );
}

function outcomesTable(translation) {
  return table(
    translation ? ["outcome", "含义"] : ["outcome", "means"],
    Object.entries(OUTCOMES).map(([name, { meaning }]) => [
      `\`${name}\``,
      translation ? (translation.outcomes[name] ?? missing(name)) : meaning,
    ]),
  );
}

function settingsTable(translation) {
  const rows = SETTING_NAMES.map((name) => {
    const { description: text, unset } = metaOf(name);
    const [says, without] = translation ? (translation.settings[name] ?? missing(name)) : [text, unset];
    return [`\`${name}\``, says, without];
  });
  return table(translation ? ["名称", "说明", "默认值"] : ["name", "description", "default"], rows);
}

function missing(name) {
  throw new Error(`${name} is not there`);
}

/** Links that install the published package. Only https links work on GitHub. */
function buttons(region, translation) {
  const npx = { command: "npx", args: ["-y", PROGRAM] };
  const env = { ...EXAMPLE_ENV, TENCENT_CHAT_REGION: region };
  const inputs = Object.keys(env)
    .filter((name) => name !== "TENCENT_CHAT_READ_ONLY")
    .map((id) => ({ id, type: "promptString", description: metaOf(id).description }));
  const asked = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      inputs.some(({ id }) => id === name) ? `$\{input:${name}}` : value,
    ]),
  );
  const encode = (value) => encodeURIComponent(JSON.stringify(value));
  const base64 = encodeURIComponent(Buffer.from(JSON.stringify({ ...npx, env })).toString("base64"));
  const cursor = `https://cursor.com/en-US/install-mcp?name=${SERVER_NAME}&config=${base64}`;
  const vscode = `https://insiders.vscode.dev/redirect/mcp/install?name=${SERVER_NAME}&inputs=${encode(inputs)}&config=${encode({ ...npx, env: asked })}`;
  const links = [`[Cursor](${cursor})`, `[VS Code](${vscode})`];
  if (!translation) return `One click, once the package is published: ${links.join(" · ")}`;
  const trae = `trae-cn://trae.ai-ide/mcp-import?type=stdio&name=${SERVER_NAME}&config=${base64}`;
  return `一键安装（软件包发布后可用）：${links.join(" · ")}。Trae（同样在发布后可用）：把下面的链接粘贴到浏览器地址栏。\n\n${fence("", trae)}`;
}

function manifest(current) {
  const inForm = formSettings();
  const initial = { boolean: (text) => text === "true", number: Number };
  const userConfig = inForm.map((name) => {
    const { title, description: text, kind, unset, form } = metaOf(name);
    const type = { boolean: "boolean", number: "number", file: "file" }[kind] ?? "string";
    const needed = unset.startsWith("required") && !form.description ? " Not needed for the sandbox." : "";
    return [
      keyOf(name),
      {
        type,
        title,
        description: `${form.description ?? text}${needed}`,
        required: false,
        default: (initial[type] ?? String)(form.initial ?? ""),
        ...(kind === "secret" && { sensitive: true }),
      },
    ];
  });
  const env = inForm.map((name) => [name, `$\{user_config.${keyOf(name)}}`]);
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
  const userConfig = formSettings().map((name) => {
    const [inTable, , inForm = inTable] = zh.settings[name] ?? missing(name);
    return [keyOf(name), { title: zh.titles[name] ?? missing(name), description: inForm }];
  });
  return json({ ...zh.manifest, user_config: Object.fromEntries(userConfig) });
}

function formSettings() {
  const positionOf = (name) => metaOf(name).form?.position ?? 0;
  return SETTING_NAMES.filter(positionOf).sort((one, other) => positionOf(one) - positionOf(other));
}

function keyOf(name) {
  return name.replace("TENCENT_CHAT_", "").toLowerCase();
}

function registry(current) {
  const environmentVariables = SETTING_NAMES.map((name) => {
    const { description: text, kind, form } = metaOf(name);
    return {
      name,
      description: text,
      isRequired: false,
      isSecret: kind === "secret",
      format: { boolean: "boolean", number: "number", file: "filepath" }[kind] ?? "string",
      ...(form?.initial ? { default: form.initial } : {}),
    };
  });
  return json({
    ...current,
    description,
    version,
    packages: current.packages.map((entry) => ({ ...entry, version, environmentVariables })),
  });
}

/** One folder that is a plugin of Claude Code and of the Agent Plugins format, and the two marketplaces that list it. */
function pluginFiles() {
  const { author, license, repository, homepage } = read("package.json");
  const about = { name: SERVER_NAME, version, description, author: { name: author }, license };
  const links = { ...(homepage && { homepage }), ...(repository && { repository: repository.url }) };
  const npx = { command: "npx", args: ["-y", PROGRAM] };
  const inForm = formSettings();
  const userConfig = inForm.map((name) => {
    const { title, description: text, kind, form } = metaOf(name);
    const type = { boolean: "boolean", number: "number", file: "file" }[kind] ?? "string";
    return [
      keyOf(name),
      { type, title, description: form.description ?? text, ...(kind === "secret" && { sensitive: true }) },
    ];
  });
  const env = Object.fromEntries(inForm.map((name) => [name, `$\{user_config.${keyOf(name)}}`]));
  const listed = { name: SERVER_NAME, description, category: "productivity" };
  return {
    "plugin/.claude-plugin/plugin.json": {
      ...about,
      displayName: read("manifest.json").display_name,
      ...links,
      userConfig: Object.fromEntries(userConfig),
      mcpServers: { [PLUGIN_SERVER]: { ...npx, env } },
    },
    "plugin/plugin.json": { $schema: "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json", ...about, ...links },
    "plugin/mcp.json": {
      $schema: "https://agent-plugins.org/schemas/1.0.0/mcp.schema.json",
      mcpServers: { [PLUGIN_SERVER]: { type: "stdio", ...npx, env: {} } },
    },
    ".claude-plugin/marketplace.json": {
      name: PROGRAM,
      description,
      owner: { name: author },
      plugins: [{ ...listed, source: "./plugin" }],
    },
    ".agents/plugins/marketplace.json": {
      name: PROGRAM,
      interface: { displayName: read("manifest.json").display_name },
      plugins: [
        {
          name: SERVER_NAME,
          source: { source: "local", path: "./plugin" },
          policy: { installation: "AVAILABLE", authentication: "ON_INSTALL" },
          category: "Productivity",
        },
      ],
    },
  };
}

function errorCodes() {
  const row = ({ code, cause, fix }) => {
    const { step, fixedBy } = fixOf(fix);
    return [String(code), `${cause}.`, step, fixedBy];
  };
  const head = ["code", "cause", "next step", "who can fix it"];
  const common = COMMON_CODES.map((code) => ERROR_CODES.find((one) => one.code === code) ?? missing(code));
  const others = ERROR_CODES.filter(({ code }) => !COMMON_CODES.includes(code));
  return `# Error codes of the service

Every code that the service is known to answer with, and how this server explains it. A code that is not listed is passed on with the service's own text. \`{sdkAppId}\` is the configured application.

## The ten that newcomers meet

${table(head, common.map(row))}

## All others

${table(head, others.map(row))}
`;
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
