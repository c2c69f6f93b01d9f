import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { REGIONS } from "../chat-api/regions.ts";
import type { Environment } from "../settings/environment.ts";
import type { SettingName } from "../settings/schema.ts";
import { readSettings } from "../settings/settings.ts";
import { configurationFolder, homeFolder } from "./key-file.ts";
import { MCP_HOSTS, type McpHost } from "./mcp-hosts.ts";
import type { Prompts } from "./prompts.ts";

/** What setup asks about an application: who signs, and what the server may do. */

export type Variables = Partial<Record<SettingName, string>>;

/** The environment that the answers make, and the key that is to be stored. */
export interface Answers {
  readonly env: Variables;
  readonly newKey?: { readonly path: string; readonly key: string } | undefined;
}

/** Who signs for which application, and what the server may do. An endpoint of this shell's environment is kept. */
export async function askApplication(prompts: Prompts, shell: Environment, host: McpHost): Promise<Answers> {
  const { texts } = prompts;
  const endpoint = shell.TENCENT_CHAT_ENDPOINT;
  const regions = Object.entries(REGIONS).map(([name, { host }]) => ({ value: name, label: name, hint: host }));
  const location: Variables = endpoint
    ? { TENCENT_CHAT_ENDPOINT: endpoint }
    : { TENCENT_CHAT_REGION: await prompts.select(texts.region, regions) };
  const sdkAppId = await prompts.text(texts.sdkAppId, (value) =>
    value === "" || isWrong("TENCENT_CHAT_SDKAPPID", value) ? texts.notANumber : undefined,
  );
  const folder = configurationFolder(shell);
  const path = join(folder, `${sdkAppId}.key`);
  const consolePath = location.TENCENT_CHAT_REGION === "china" ? texts.consolePathChina : texts.consolePath;
  const source = await prompts.select<"stored" | "paste" | "file">(texts.whereIsTheKey, [
    ...(existsSync(path) ? ([{ value: "stored", label: texts.keyStored, hint: path }] as const) : []),
    { value: "paste", label: texts.keyPaste, hint: consolePath },
    { value: "file", label: texts.keyInFile },
  ]);
  const keyFile = source === "file" ? await askKeyFile(prompts, homeFolder(shell)) : path;
  const newKey = source === "paste" ? { path, key: await askKey(prompts) } : undefined;
  const limits = await askLimits(prompts, host, folder);
  const env = { ...location, TENCENT_CHAT_SDKAPPID: sdkAppId, TENCENT_CHAT_SECRET_KEY_FILE: keyFile, ...limits };
  return { env, newKey };
}

async function askKey(prompts: Prompts): Promise<string> {
  const { texts } = prompts;
  for (;;) {
    const key = await prompts.secret(texts.pasteKey, (value) => {
      if (value === "") return texts.pasteIt;
      return isWrong("TENCENT_CHAT_SECRET_KEY", value) ? texts.notAKey : undefined;
    });
    if (/^[0-9a-f]{64}$/i.test(key) || (await prompts.confirm(texts.oddKey(key.length), false))) return key;
  }
}

/** Asks for a file that holds a key; `~` is understood. */
async function askKeyFile(prompts: Prompts, home: string): Promise<string> {
  const { texts } = prompts;
  const whole = (given: string) => given.replace(/^~(?=\/)/, home);
  const problemOf = (given: string) => {
    if (!isAbsolute(whole(given))) return texts.wholePath;
    return isWrong("TENCENT_CHAT_SECRET_KEY_FILE", whole(given)) ? texts.badFile : undefined;
  };
  return whole(await prompts.text(texts.whichFile, problemOf));
}

async function askLimits(prompts: Prompts, host: McpHost, folder: string): Promise<Variables> {
  const { texts } = prompts;
  const readOnly = await prompts.confirm(texts.readOnly, true);
  const channels = await prompts.text(texts.channels, (value) =>
    isWrong("TENCENT_CHAT_ALLOWED_CHANNELS", value) ? texts.badChannels : undefined,
  );
  const allowed = channels ? { TENCENT_CHAT_ALLOWED_CHANNELS: channels } : {};
  if (readOnly) {
    prompts.say("info", texts.editLater);
    return { TENCENT_CHAT_READ_ONLY: "true", ...allowed };
  }
  const confirmation = await askConfirmation(prompts, host);
  const path = join(folder, "journal.jsonl");
  const keepsJournal = await prompts.confirm(texts.journal(path), true);
  return { ...allowed, ...confirmation, ...(keepsJournal && { TENCENT_CHAT_JOURNAL: path }) };
}

async function askConfirmation(prompts: Prompts, host: McpHost): Promise<Variables> {
  const { texts } = prompts;
  if (!host.canAsk) {
    prompts.say("info", texts.cannotAsk(host.label));
    return {};
  }
  const choices = [
    { value: "always", label: texts.confirmAlways },
    { value: "1000", label: texts.confirmMany },
    { value: "never", label: texts.confirmNever },
  ];
  const rule = await prompts.select(texts.confirm, choices, host === MCP_HOSTS.other ? "never" : "always");
  return rule === "never" ? {} : { TENCENT_CHAT_CONFIRM_EDITS: rule };
}

function isWrong(name: SettingName, value: string): boolean {
  const { problems } = readSettings({ [name]: value });
  return problems.some((problem) => problem.includes(`${name} `) && !problem.includes(" is required"));
}
