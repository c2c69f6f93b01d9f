// Writes what the READMEs, docs/ and the manifests take from the tables of src/, from package.json and from the server.
import { execFileSync } from "node:child_process";
import { change, fence, fill, json, readJson, set, table } from "./generated.mjs";
import { load } from "./load.mjs";
import { BUILT, HANDSHAKE, startServer } from "./mcp-child.mjs";

/** What newcomers meet: the first rows of docs/error-codes.md. */
const COMMON_CODES = [70009, 70003, 60006, 60026, 60010, 131000, 130004, 130002, 131003, 60007];
/** Hosts put the names of the plugin and of its server before each tool; 64 characters are allowed in all. */
const PLUGIN_SERVER = "im";
const NPX = { command: "npx", args: ["-y", "tencent-chat-channel-mcp"] };

const { version, description, repository, ...about } = readJson("package.json");
const { SETTING_NAMES, metaOf, TOOLS, CHANNEL_FIELDS, SUBSCRIBER_CUSTOM_STRING, OUTCOMES, ...tables } = await load(
  "src/settings/schema.ts",
  "src/tools/call-tool.ts",
  "src/channel/fields.ts",
  "src/edits/outcome.ts",
  "src/chat-api/errors/error-codes.ts",
  "src/explanations/fixes.ts",
  "src/commands/mcp-hosts.ts",
);
const { ERROR_CODES, FIXES, PROGRAM, SERVER_NAME, MCP_HOSTS, shellLine, configurationBlock } = tables;

fill("README.md", {
  tools: toolsTable(),
  settings: table(
    ["name", "description", "default"],
    SETTING_NAMES.map((name) => [`\`${name}\``, metaOf(name).description, metaOf(name).unset]),
  ),
  outcomes: table(
    ["outcome", "means"],
    Object.entries(OUTCOMES).map(([name, { meaning }]) => [`\`${name}\``, meaning]),
  ),
  ...installation("singapore"),
});
fill("README.zh-CN.md", installation("china"));
fill("docs/tools.md", { fields: fieldsTable(), ...(await playExamples()) });
fill("docs/error-codes.md", errorCodes());
change("docs/demo.svg", () => picture(oneEdit(execFileSync(process.execPath, [BUILT, "demo"], { encoding: "utf8" }))));
manifests();
const [url, owner] = /https:\/\/github\.com\/([^/]+)\/[^/]+?(?=(\.git)?$)/.exec(repository?.url ?? "") ?? [];
if (owner) addresses();
names(owner ? `io.github.${owner}/${PROGRAM}` : about.mcpName);

/** The same text at every run: request IDs are random. */
function stable(text) {
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "3f0c5b1e-…");
}

/** The part of the demo that shows an edit, its receipt and its undo. */
function oneEdit(text) {
  return /^(You: Then once[\s\S]*)\n\nEvery step/m.exec(text)[1].split("\n");
}

/** A picture of a terminal, for the READMEs. */
function picture(lines) {
  const color = (line) => (line.startsWith("You: ") ? "#61afef" : line.startsWith("  ✓") ? "#98c379" : "#d7dae0");
  const escaped = (line) => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const drawn = lines.map(
    (line, at) => `<text x="16" y="${30 + 19 * at}" fill="${color(line)}" xml:space="preserve">${escaped(line)}</text>`,
  );
  const height = 19 * lines.length + 32;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="704" height="${height}" viewBox="0 0 704 ${height}" role="img" aria-label="An agent edits a channel in the sandbox and takes the edit back">
<rect width="100%" height="100%" rx="8" fill="#1e2127"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace" font-size="14">
${drawn.join("\n")}
</g>
</svg>
`;
}

async function playExamples() {
  const server = startServer({ TENCENT_CHAT_LOG_LEVEL: "silent" }, ["--sandbox"]);
  await server.request("initialize", HANDSHAKE);
  const id = "@TOA#_@TOA#dZDP";
  const play = async (name, args) => {
    const { result } = await server.request("tools/call", { name, arguments: args });
    return JSON.parse(stable(JSON.stringify(result)));
  };
  const [get, modify, subscriber] = TOOLS.map(({ name }) => name);
  const args = {
    [get]: {
      OfficialAccountIdList: [{ Official_Account: id }, { Official_Account: "@TOA#_gone" }],
      ResponseFilter: { OfficialAccountBaseInfoFilter: ["Name", "CreateTime", "SubscriberNum"] },
    },
    [modify]: { Official_Account: id, Introduction: "News of the test environment, every Friday" },
    [subscriber]: { Official_Account: id, Subscriber_Account: "109635", CustomString: "vip" },
  };
  const parts = {};
  for (const { name, title, description: text } of TOOLS) {
    const { structuredContent } = await play(name, args[name]);
    parts[name] =
      `${title}. ${text}\n\n${fence("json", json(args[name]))}\n\nreturns the structured content\n\n${fence("json", json(structuredContent))}`;
  }
  const { content, structuredContent } = await play(modify, { Official_Account: id, Name: "茶与山".repeat(18) });
  server.child.kill();
  return {
    ...parts,
    "rejected-text": fence("", content[0].text),
    rejected: fence("json", json({ explanation: structuredContent.explanation })),
  };
}

function toolsTable() {
  const limits = (fields) => fields.map(({ name, maxBytes }) => (maxBytes ? `${name} ≤${maxBytes}` : name)).join(" · ");
  const rows = [
    ["reads up to 50 channels by ID", CHANNEL_FIELDS.map(({ name }) => name).join(" · "), "–"],
    [
      "changes fields of one channel, at once, for all its subscribers",
      limits(CHANNEL_FIELDS.filter(({ writable }) => writable)),
      "yes, for what could be read before",
    ],
    ["sets the custom field of one subscriber", limits([SUBSCRIBER_CUSTOM_STRING]), "no: the service never shows it"],
  ];
  return table(
    ["tool", "what it does", "fields (limits in UTF-8 bytes)", "undo"],
    TOOLS.map(({ name }, at) => [`\`${name}\``, ...rows[at]]),
  );
}

function fieldsTable() {
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

function errorCodes() {
  const codes = (list) =>
    table(
      ["code", "cause", "next step", "who can fix it"],
      list.map(({ code, cause, fix }) => [String(code), `${cause}.`, FIXES[fix].step, FIXES[fix].fixedBy]),
    );
  return {
    common: codes(COMMON_CODES.map((common) => ERROR_CODES.find(({ code }) => code === common))),
    others: codes(ERROR_CODES.filter(({ code }) => !COMMON_CODES.includes(code))),
  };
}

/** The blocks that people copy: they are safe, read-only and with the key in a file; links work once it is published. */
function installation(region) {
  const env = {
    TENCENT_CHAT_SDKAPPID: "1400000000",
    TENCENT_CHAT_REGION: region,
    TENCENT_CHAT_SECRET_KEY_FILE: "/path/to/key",
    TENCENT_CHAT_READ_ONLY: "true",
  };
  const entry = { command: PROGRAM, args: [], env };
  const onWindows = { ...env, TENCENT_CHAT_SECRET_KEY_FILE: "C:\\Users\\me\\tencent-chat.key" };
  const add = (host, shell = "posix") => shellLine(MCP_HOSTS[host].add(entry), shell);
  const inputs = Object.keys(env)
    .filter((name) => name !== "TENCENT_CHAT_READ_ONLY")
    .map((id) => ({ id, type: "promptString", description: metaOf(id).description }));
  const asked = { ...env, ...Object.fromEntries(inputs.map(({ id }) => [id, `$\{input:${id}}`])) };
  const encode = (value) => encodeURIComponent(JSON.stringify(value));
  const base64 = encodeURIComponent(Buffer.from(JSON.stringify({ ...NPX, env })).toString("base64"));
  const cursor = `https://cursor.com/en-US/install-mcp?name=${SERVER_NAME}&config=${base64}`;
  const vscode = `https://insiders.vscode.dev/redirect/mcp/install?name=${SERVER_NAME}&inputs=${encode(inputs)}&config=${encode({ ...NPX, env: asked })}`;
  const trae = `trae-cn://trae.ai-ide/mcp-import?type=stdio&name=${SERVER_NAME}&config=${base64}`;
  return {
    plain: fence("json", configurationBlock(entry)),
    windows: fence("json", configurationBlock({ command: "cmd", args: ["/c", PROGRAM], env: onWindows })),
    "claude-code": fence("sh", add("claude-code")),
    codex: fence("sh", add("codex")),
    gemini: fence("sh", add("gemini")),
    vscode: fence("sh", add("vscode")),
    powershell: fence("powershell", add("vscode", "powershell")),
    buttons: `[Cursor](${cursor}) · [VS Code](${vscode})`,
    ...(region === "china" && { trae: fence("", trae) }),
  };
}

/** The desktop bundle's and the plugin's form, the registry's entry, and the version of each. */
function manifests() {
  const typeOf = (kind, words) => words[kind] ?? "string";
  const keyOf = (name) => name.replace("TENCENT_CHAT_", "").toLowerCase();
  const positionOf = (name) => metaOf(name).form?.position ?? 0;
  const asked = SETTING_NAMES.filter(positionOf).sort((one, other) => positionOf(one) - positionOf(other));
  const form = asked.map((name) => {
    const { title, description: text, kind, form: own } = metaOf(name);
    const type = typeOf(kind, { boolean: "boolean", number: "number", file: "file" });
    const initial = own.initial ?? "";
    return [
      keyOf(name),
      {
        type,
        title,
        description: own.description ?? text,
        required: false,
        default: type === "boolean" ? initial === "true" : type === "number" ? Number(initial) : initial,
        ...(kind === "secret" && { sensitive: true }),
      },
    ];
  });
  const env = Object.fromEntries(asked.map((name) => [name, `$\{user_config.${keyOf(name)}}`]));
  const { server } = readJson("manifest.json");
  set("manifest.json", {
    version,
    tools: TOOLS.map(({ name, title }) => ({ name, description: title })),
    server: { ...server, mcp_config: { ...server.mcp_config, env } },
    user_config: Object.fromEntries(form),
  });
  set("plugin/plugin.json", { version, description });
  // The plugin's form knows no `required`, and what has no default is left blank.
  const ofPlugin = ({ required: _, default: initial, ...field }) => ({
    ...field,
    ...(initial !== "" && { default: initial }),
  });
  set("plugin/.claude-plugin/plugin.json", {
    version,
    description,
    userConfig: Object.fromEntries(form.map(([key, field]) => [key, ofPlugin(field)])),
    mcpServers: { [PLUGIN_SERVER]: { ...NPX, env } },
  });
  const environmentVariables = SETTING_NAMES.map((name) => {
    const { description: text, kind, form: own } = metaOf(name);
    return {
      name,
      description: text,
      isRequired: false,
      isSecret: kind === "secret",
      format: typeOf(kind, { boolean: "boolean", number: "number", file: "filepath" }),
      ...(own?.initial && { default: own.initial }),
    };
  });
  const { packages } = readJson("server.json");
  set("server.json", {
    description,
    version,
    packages: packages.map((entry) => ({ ...entry, version, environmentVariables })),
  });
}

/** What follows from the address of the repository, which package.json has. */
function addresses() {
  const [homepage, issues] = [`${url}#readme`, `${url}/issues`];
  set("package.json", { homepage, bugs: { url: issues } });
  set("manifest.json", { repository: { type: "git", url }, homepage, documentation: homepage, support: issues });
  set("server.json", { repository: { url, source: "github" }, websiteUrl: homepage });
  for (const file of ["plugin/plugin.json", "plugin/.claude-plugin/plugin.json"])
    set(file, { homepage, repository: url });
  change(".github/CODEOWNERS", () => `* @${owner}\n`);
}

/** The name in the registry, which lets the owner of the repository publish io.github.<owner>/… only. */
function names(mcpName) {
  set("package.json", { mcpName });
  set("server.json", { name: mcpName });
  change("Dockerfile", (text) => {
    if (!text.includes('server.name="')) throw new Error("Dockerfile has no label for the name");
    return text.replace(/(server\.name=)"[^"]*"/, `$1"${mcpName}"`);
  });
}
