import type { Credential } from "../chat-api/auth/user-sig.ts";
import { SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import { describeFileError } from "../file-error.ts";
import { type EnvReader, tildeRemark } from "./env-reader.ts";
import { SETTINGS, type SettingName } from "./table.ts";

/** Who signs, for which application. */
export interface Account {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly credential: Credential;
}

/** How a key file is read. */
export interface KeyFiles {
  /** The text of a file. @throws where it cannot be read */
  read(path: string): string;
  /** True if others than its owner can read it. */
  isOpenToOthers(path: string): boolean;
}

/** The sandbox has an application of its own; this key opens nothing else. */
export const SANDBOX_ACCOUNT: Account = {
  sdkAppId: SANDBOX_SDKAPPID,
  identifier: "administrator",
  credential: { secretKey: "the-sandbox-key-opens-only-the-embedded-sandbox" },
};

const CREDENTIAL_NAMES = [
  "TENCENT_CHAT_SECRET_KEY",
  "TENCENT_CHAT_SECRET_KEY_FILE",
  "TENCENT_CHAT_USERSIG",
] as const satisfies SettingName[];

/** The account that the environment names. A ready-made UserSig is checked by the signer before each request. */
export function readAccount(reader: EnvReader, files: KeyFiles): Account | undefined {
  const sdkAppId = reader.number("TENCENT_CHAT_SDKAPPID");
  if (reader.setting("TENCENT_CHAT_SDKAPPID") === undefined) {
    reader.problems.push("TENCENT_CHAT_SDKAPPID is required: the application's number in the Chat console.");
  }
  const identifier = reader.setting("TENCENT_CHAT_IDENTIFIER") ?? "administrator";
  if (Buffer.byteLength(identifier) > 32) reader.problems.push("TENCENT_CHAT_IDENTIFIER is longer than 32 bytes.");
  const credential = readCredential(reader, files);
  return sdkAppId === undefined || !credential ? undefined : { sdkAppId, identifier, credential };
}

/** A UserSig starts with the deflate header in base64, and is long; a secret key has 64 hexadecimal digits. */
const LOOKS_LIKE_USERSIG = /^eJ[A-Za-z0-9*_-]{80,}$/;
const LOOKS_LIKE_KEY = /^[0-9a-f]{64}$/i;

/** Settings that hold no credential are shown to people and models, so a secret put there by mistake is refused. */
export function checkMisplacedSecrets(reader: EnvReader, secrets: readonly string[]): void {
  for (const name of [...SETTINGS.map((setting) => setting.name), "HTTPS_PROXY", "https_proxy"]) {
    const value = reader.text(name);
    if (value === undefined || CREDENTIAL_NAMES.some((each) => each === name)) continue;
    const isKnown = secrets.some((secret) => value.toLowerCase().includes(secret.toLowerCase()));
    if (isKnown || /[0-9a-f]{64}/i.test(value) || /eJ[A-Za-z0-9*_-]{80,}/.test(value)) {
      reader.problems.push(`${name} holds what looks like a secret key or a UserSig: remove it from there.`);
    }
  }
}

/** A shorter text is no credential of the service, and would be found in ordinary words. */
const MIN_SECRET_LENGTH = 16;

/** Every credential that is known, also where it is not used or the settings have problems: it must not be shown. */
export function knownSecrets(reader: EnvReader, credential: Credential | undefined): string[] {
  const given = [reader.setting("TENCENT_CHAT_SECRET_KEY"), reader.setting("TENCENT_CHAT_USERSIG")];
  const all = new Set([...given, ...Object.values(credential ?? {})]);
  return [...all].flatMap((secret) => (secret !== undefined && secret.length >= MIN_SECRET_LENGTH ? [secret] : []));
}

/** No space, no line break, no placeholder that a host left in place, no dots copied from an example. */
const ONE_PLAIN_WORD = /^(?!\$\{)[!-~]+$/;

function readCredential(reader: EnvReader, files: KeyFiles): Credential | undefined {
  const given = CREDENTIAL_NAMES.filter((name) => reader.setting(name) !== undefined);
  const [name] = given;
  if (given.length !== 1 || name === undefined) {
    reader.problems.push(
      given.length === 0
        ? `One credential is required: ${CREDENTIAL_NAMES.join(", or ")}.`
        : `Only one credential may be set, but ${given.join(" and ")} are.`,
    );
    return undefined;
  }
  if (name === "TENCENT_CHAT_USERSIG") {
    const userSig = reader.setting(name) ?? "";
    if (userSig.length < MIN_SECRET_LENGTH) {
      reader.problems.push(`${name} does not hold a UserSig: it is too short.`);
      return undefined;
    }
    if (!LOOKS_LIKE_KEY.test(userSig)) return { userSig };
    reader.problems.push(`${name} holds a secret key, not a UserSig: put it into TENCENT_CHAT_SECRET_KEY.`);
    return undefined;
  }
  const secretKey = name === "TENCENT_CHAT_SECRET_KEY" ? reader.setting(name) : readKeyFile(reader, files);
  if (secretKey === undefined) return undefined;
  if (LOOKS_LIKE_USERSIG.test(secretKey)) {
    reader.problems.push(`${name} holds a UserSig, not a secret key: put it into TENCENT_CHAT_USERSIG.`);
    return undefined;
  }
  if (name === "TENCENT_CHAT_SECRET_KEY" && /^(~?\/|\.|[a-z]:\\)/i.test(secretKey)) {
    reader.problems.push(`${name} holds a path, not a secret key: put it into TENCENT_CHAT_SECRET_KEY_FILE.`);
    return undefined;
  }
  if (!ONE_PLAIN_WORD.test(secretKey) || secretKey.length < MIN_SECRET_LENGTH) {
    reader.problems.push(`${name} does not hold a secret key: it must be one long word, as the Chat console shows it.`);
    return undefined;
  }
  if (!LOOKS_LIKE_KEY.test(secretKey)) {
    reader.warnings.push(`${name} does not look like a secret key, which has 64 hexadecimal digits.`);
  }
  return { secretKey };
}

/** The messages never show the path: people put the key itself there by mistake. */
function readKeyFile(reader: EnvReader, files: KeyFiles): string | undefined {
  const name = "TENCENT_CHAT_SECRET_KEY_FILE";
  const path = reader.path(name) ?? "";
  try {
    const key = files.read(path).trim();
    if (key === "") {
      reader.problems.push(`The file of ${name} is empty.`);
      return undefined;
    }
    if (files.isOpenToOthers(path)) {
      reader.warnings.push(
        `The file of ${name} can be read by other users of this machine: let the user who runs the server own it, and chmod 600.`,
      );
    }
    return key;
  } catch (error) {
    const code = describeFileError(error);
    const mistake = LOOKS_LIKE_KEY.test(path) ? ": it must be a path, and this looks like the key itself" : "";
    reader.problems.push(`The file of ${name} cannot be read (${code})${mistake || tildeRemark(path)}.`);
    return undefined;
  }
}
