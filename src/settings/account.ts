import { readFileSync, statSync } from "node:fs";
import { platform } from "node:os";
import { DEFAULT_ADMIN } from "../chat-api/auth/admin.ts";
import type { Credential } from "../chat-api/auth/user-sig.ts";
import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { describeFileError } from "../text/file-error.ts";
import { type Environment, type Findings, isPlaceholder, plainValue } from "./environment.ts";
import { DEFAULTS, metaOf, type SettingValues } from "./schema.ts";

export interface Account {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly credential: Credential;
  /** Reads the file that the credential came from again; undefined where it holds none at the moment. */
  readonly readFile?: () => Credential | undefined;
}

/** The sandbox has an application of its own; this key opens nothing else. */
export const SANDBOX_ACCOUNT: Account = {
  sdkAppId: SANDBOX_SDKAPPID,
  identifier: DEFAULT_ADMIN,
  credential: { secretKey: "the-sandbox-key-opens-only-the-embedded-sandbox" },
};

const KEY_NAMES = ["TENCENT_CHAT_SECRET_KEY", "TENCENT_CHAT_SECRET_KEY_FILE"] as const;
const CREDENTIAL_NAMES = [...KEY_NAMES, "TENCENT_CHAT_USERSIG", "TENCENT_CHAT_USERSIG_FILE"] as const;
type CredentialName = (typeof CREDENTIAL_NAMES)[number];
const isKeyName = (name: CredentialName) => KEY_NAMES.some((each) => each === name);

/** A UserSig starts with the deflate header in base64, and is long; a secret key has 64 hexadecimal digits. */
const USERSIG = /^eJ[A-Za-z0-9*_-]{80,}$/;
const SECRET_KEY = /[0-9a-f]{64}/i;
const isKey = (text: string) => text.length === 64 && SECRET_KEY.test(text);
const MAX_FILE_BYTES = 100_000;
/** A shorter text is no credential of the service, and would be found in ordinary words. A longer one is something else. */
const CREDENTIAL_LENGTH = { min: 16, max: 1_000 } as const;
const CREDENTIAL = { secretKey: /^[A-Za-z0-9]{16,1000}$/, userSig: /^[A-Za-z0-9*_-]{16,1000}$/ } as const;

/** The account that the settings name. A ready-made UserSig is checked by the signer before each request. */
export function readAccount(env: Environment, values: SettingValues, findings: Findings): Account | undefined {
  const { TENCENT_CHAT_SDKAPPID: sdkAppId, TENCENT_CHAT_IDENTIFIER: identifier = DEFAULTS.identifier } = values;
  if (plainValue(env.TENCENT_CHAT_SDKAPPID) === undefined) {
    findings.problems.push("TENCENT_CHAT_SDKAPPID is required: the application's number in the Chat console.");
  }
  const given = CREDENTIAL_NAMES.filter((each) => plainValue(env[each]) !== undefined);
  if (given.length === 0) findings.problems.push(`One credential is required: ${CREDENTIAL_NAMES.join(", or ")}.`);
  if (given.length > 1) findings.problems.push(`Only one credential may be set, but ${given.join(" and ")} are.`);
  const [name] = given;
  const value = name && values[name];
  if (given.length !== 1 || !name || value === undefined) return undefined;
  const isFile = metaOf(name).kind === "file";
  const text = isFile ? readCredentialFile(name, value, findings) : value;
  const problem = text === undefined ? undefined : problemOfCredential(name, text);
  if (problem) findings.problems.push(`${name} ${problem}`);
  if (text === undefined || problem || sdkAppId === undefined) return undefined;
  const credentialOf = (held: string): Credential => (isKeyName(name) ? { secretKey: held } : { userSig: held });
  const readFile = () => {
    try {
      const held = textOfFile(value);
      const isWorse = isKey(text) && !isKey(held); // it may be half written
      return isWorse || problemOfCredential(name, held) ? undefined : credentialOf(held);
    } catch {
      return undefined; // it may be about to be replaced
    }
  };
  if (isKeyName(name) && !isKey(text)) {
    findings.warnings.push(
      `${name} holds ${text.length} characters${text.length === 64 ? ", not all of them hexadecimal digits" : ""}; a secret key has 64 hexadecimal digits.`,
    );
  }
  return { sdkAppId, identifier, credential: credentialOf(text), ...(isFile && { readFile }) };
}

/** What keeps a text from being the credential; goes on after the setting's name. Never quotes it. */
function problemOfCredential(name: CredentialName, text: string): string | undefined {
  const where = metaOf(name).kind === "file" ? "_FILE" : "";
  const kind = isKeyName(name) ? "secretKey" : "userSig";
  if (kind === "userSig" && isKey(text))
    return `holds a secret key, not a UserSig: put it into TENCENT_CHAT_SECRET_KEY${where}.`;
  if (kind === "secretKey" && USERSIG.test(text))
    return `holds a UserSig, not a secret key: put it into TENCENT_CHAT_USERSIG${where}.`;
  if (CREDENTIAL[kind].test(text)) return undefined;
  const what = kind === "userSig" ? "a UserSig" : "a secret key";
  const hint = !where && /[/\\]/.test(text) ? ` A path belongs into ${name}_FILE.` : "";
  return `does not hold ${what} alone: write it in one piece, as the Chat console shows it, with nothing around it.${hint}`;
}

/** The messages never show the path: people put the key itself there by mistake. */
function readCredentialFile(name: CredentialName, path: string, { problems, warnings }: Findings): string | undefined {
  try {
    const text = textOfFile(path);
    // A group may read it: that is how containers mount secrets. Windows has no such modes.
    if (platform() !== "win32" && (statSync(path).mode & 0o007) !== 0) {
      warnings.push(
        `The file of ${name} can be read by everybody on this machine: let the user who runs the server own it, and chmod 600.`,
      );
    }
    return text;
  } catch (error) {
    problems.push(`The file of ${name} cannot be read (${describeFileError(error)}).`);
    return undefined;
  }
}

/**
 * The text of a file in UTF-8 or UTF-16 (PowerShell writes that), without byte order mark, spaces and quotes. A
 * credential is ASCII, so nothing else needs to be decoded.
 */
function textOfFile(path: string): string {
  const info = statSync(path);
  if (!info.isFile()) throw new Error("not a regular file");
  if (info.size > MAX_FILE_BYTES) throw new Error("it is too large for a credential");
  const text = plainValue(readFileSync(path, "latin1").replace(/[^\n -~]/g, ""));
  if (text === undefined) throw new Error("it is empty");
  return text;
}

/** Every credential that is known, also where it is not used or the settings have problems: it must not be shown. */
export function knownSecrets(env: Environment, credential: Credential | undefined): string[] {
  const given = [env.TENCENT_CHAT_SECRET_KEY, env.TENCENT_CHAT_USERSIG].map(plainValue);
  const set = [...given, ...Object.values(credential ?? {})].filter((secret) => secret !== undefined);
  const whole = set.filter((secret) => !isPlaceholder(secret));
  // A key is one too where quotes or a name were copied with it.
  const all = whole.flatMap((text) => [text, ...(SECRET_KEY.exec(text) ?? [])]);
  return [...new Set(all)].filter(({ length }) => length >= CREDENTIAL_LENGTH.min && length <= CREDENTIAL_LENGTH.max);
}
