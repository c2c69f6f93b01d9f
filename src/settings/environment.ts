import { nearestName } from "../text/nearest-name.ts";
import { escapeHidden } from "../text/text.ts";
import { metaOf, SETTING_NAMES, SETTINGS, type SettingValues } from "./schema.ts";

/** From environment variables to values: what shells and hosts did to them is undone, or named. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

/** Reads every setting that is set; a value with a problem is left out. */
export function readEnvironment(env: Environment, { problems }: Findings): SettingValues {
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const given = unquoted(env[name]);
    const { form } = metaOf(name);
    const text = form && FORM_FIELD.test(given) ? form.initial : given;
    if (!text) continue;
    const placeholder = placeholderIn(text);
    const { success, data, error } = SETTINGS.shape[name].safeParse(text);
    if (placeholder !== undefined) problems.push(`${name} ${placeholder}`);
    else if (success) values[name] = data;
    else problems.push(`${name} ${error.issues[0]?.message}`);
  }
  checkNames(env, problems);
  return values;
}

/** What the bundle's form leaves where a field is empty: then its initial value counts, if it has one. */
const FORM_FIELD = /^\$\{user_config\.[^}]*\}$/;

/** A value without surrounding spaces and quotes; undefined where it is blank, or an empty field of a desktop form. */
export function plainValue(given: string | undefined): string | undefined {
  const value = unquoted(given);
  return value === "" || FORM_FIELD.test(value) ? undefined : value;
}

function unquoted(given = ""): string {
  return given
    .trim()
    .replace(/^(["'])([\s\S]*)\1$/, "$2")
    .trim();
}

/** The forms in which hosts, shells and documentation write a variable or a value to fill in. */
const PLACEHOLDER =
  /\$\{[^}]*\}|^\$?\$[A-Za-z_]\w*$|^\$env:\w+$|^\$\([^)]*\)$|^(null|undefined|\[object \w+\])$|^%[A-Za-z_]\w*%$|^<[^>]*>$|^\{\{.*\}\}$|^\{env:.*\}$/;
const MAX_SHOWN_PLACEHOLDER = 60;

/** True for a value that is nothing but a placeholder: it is no credential, and its error shows it. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.exec(value)?.[0] === value && !/[A-Za-z0-9*_-]{32}/.test(value);
}

/** What is wrong with a value that a host should have replaced; goes on after the variable's name. */
function placeholderIn(value: string): string | undefined {
  const [found] = PLACEHOLDER.exec(value) ?? [];
  if (found === undefined) return undefined;
  // Somebody may have put the credential itself between such signs.
  const isShown = found.length <= MAX_SHOWN_PLACEHOLDER && !/[A-Za-z0-9*_-]{32}/.test(found);
  const shown = isShown ? escapeHidden(found) : "that is not shown";
  return `holds the placeholder ${shown}, which nothing replaced: write the value itself, or the form of placeholder that your MCP host knows.`;
}

/** Variables that Kubernetes makes for a service named tencent-chat, or as this program. */
const KUBERNETES =
  /^TENCENT_CHAT_((CHANNEL_)?MCP_)?(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

const PREFIX = "TENCENT_CHAT_";
/** Our prefix in any case, and with what a settings file put before it or changed in it. */
const OUR_NAME = /^\W*(export\s+)?\W*TENCENT[_-]CHAT[_-]/i;

function checkNames(env: Environment, problems: string[]): void {
  const known: readonly string[] = SETTING_NAMES;
  const suffixes = SETTING_NAMES.map((name) => name.slice(PREFIX.length));
  for (const name of Object.keys(env)) {
    if (!OUR_NAME.test(name) || known.includes(name) || KUBERNETES.test(name)) continue;
    const nearest = nearestName(name.replace(OUR_NAME, ""), suffixes);
    const meant = nearest && `${PREFIX}${nearest}`;
    // A long part of a name may be a key that was put there by mistake.
    const isShort = name.length <= 60 && name.split(/[_-]/).every((part) => part.length < 16);
    const shown = isShort ? escapeHidden(name) : "A variable whose name is not shown";
    problems.push(`${shown} is not a setting${meant ? `: did you mean ${meant}?` : "."}`);
  }
}
