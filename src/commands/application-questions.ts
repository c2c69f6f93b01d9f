import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { REGIONS, type RegionName } from "../chat-api/regions.ts";
import type { Environment } from "../settings/environment.ts";
import type { SettingName } from "../settings/schema.ts";
import { readSettings } from "../settings/settings.ts";
import { configurationFolder, homeFolder } from "./key-file.ts";
import { type McpHostName, mcpHost } from "./mcp-hosts.ts";
import type { Prompts } from "./prompts.ts";

/** What setup asks about an application: who signs, and what the server may do. */

export type Variables = Partial<Record<SettingName, string>>;

/** The environment that the answers make, and the key that is to be stored. */
export interface Answers {
  readonly env: Variables;
  readonly newKey?: { readonly path: string; readonly key: string } | undefined;
}

/** Who signs for which application, and what the server may do. An endpoint of this shell's environment is kept. */
export async function askApplication(prompts: Prompts, shell: Environment, name: McpHostName): Promise<Answers> {
  const { texts } = prompts;
  const endpoint = shell.TENCENT_CHAT_ENDPOINT;
  const regions = Object.entries(REGIONS).map(([value, { host }]) => ({
    value: value as RegionName,
    label: value,
    hint: host,
  }));
  const region = endpoint ? undefined : await prompts.select(texts.region, regions);
  const location: Variables = endpoint ? { TENCENT_CHAT_ENDPOINT: endpoint } : { TENCENT_CHAT_REGION: region ?? "" };
  const sdkAppId = await prompts.text(texts.sdkAppId, (value) =>
    value === "" || problemsOf({ TENCENT_CHAT_SDKAPPID: value }, "TENCENT_CHAT_SDKAPPID")
      ? texts.notANumber
      : undefined,
  );
  const folder = configurationFolder(shell);
  const path = join(folder, `${sdkAppId}.key`);
  const consolePath = region === "china" ? texts.consolePathChina : texts.consolePath;
  const source = await prompts.select<"stored" | "paste" | "file">(texts.whereIsTheKey, [
    ...(existsSync(path) ? ([{ value: "stored", label: texts.keyStored, hint: path }] as const) : []),
    { value: "paste", label: texts.keyPaste, hint: consolePath },
    { value: "file", label: texts.keyInFile },
  ]);
  const keyFile = source === "file" ? await askKeyFile(prompts, homeFolder(shell)) : path;
  const newKey = source === "paste" ? { path, key: await askKey(prompts) } : undefined;
  const limits = await askLimits(prompts, name, folder);
  const env = { ...location, TENCENT_CHAT_SDKAPPID: sdkAppId, TENCENT_CHAT_SECRET_KEY_FILE: keyFile, ...limits };
  return { env, newKey };
}

async function askKey(prompts: Prompts): Promise<string> {
  const { texts } = prompts;
  for (;;) {
    const key = await prompts.secret(texts.pasteKey, (value) => {
      if (value === "") return texts.pasteIt;
      return problemsOf({ TENCENT_CHAT_SECRET_KEY: value }, "TENCENT_CHAT_SECRET_KEY") ? texts.notAKey : undefined;
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
    const name = "TENCENT_CHAT_SECRET_KEY_FILE";
    return problemsOf({ [name]: whole(given) }, name) ? texts.badFile : undefined;
  };
  return whole(await prompts.text(texts.whichFile, problemOf));
}

async function askLimits(prompts: Prompts, name: McpHostName, folder: string): Promise<Variables> {
  const { texts } = prompts;
  const readOnly = await prompts.confirm(texts.readOnly, true);
  const channels = await prompts.text(texts.channels, (value) => {
    const list = "TENCENT_CHAT_ALLOWED_CHANNELS";
    return problemsOf({ [list]: value }, list) ? texts.badChannels : undefined;
  });
  const allowed = channels ? { TENCENT_CHAT_ALLOWED_CHANNELS: channels } : {};
  if (readOnly) {
    prompts.say("info", texts.editLater);
    return { TENCENT_CHAT_READ_ONLY: "true", ...allowed };
  }
  const confirmation = await askConfirmation(prompts, name);
  const path = join(folder, "journal.jsonl");
  const keepsJournal = await prompts.confirm(texts.journal(path), true);
  return { ...allowed, ...confirmation, ...(keepsJournal && { TENCENT_CHAT_JOURNAL: path }) };
}

async function askConfirmation(prompts: Prompts, name: McpHostName): Promise<Variables> {
  const { texts } = prompts;
  const { label, canAsk } = mcpHost(name);
  if (!canAsk) {
    prompts.say("info", texts.cannotAsk(label));
    return {};
  }
  const choices = [
    { value: "always", label: texts.confirmAlways },
    { value: "1000", label: texts.confirmMany },
    { value: "never", label: texts.confirmNever },
  ];
  const rule = await prompts.select(texts.confirm, choices, name === "other" ? "never" : "always");
  return rule === "never" ? {} : { TENCENT_CHAT_CONFIRM_EDITS: rule };
}

/** True if a setting has a problem with this environment. */
function problemsOf(env: Variables, name: SettingName): boolean {
  const { problems } = readSettings(env);
  return problems.some((problem) => problem.includes(`${name} `) && !problem.includes(" is required"));
}
