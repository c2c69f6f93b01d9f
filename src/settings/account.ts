import { SANDBOX_SDKAPPID } from "../chat-api/hosts.ts";
import type { Credential } from "../chat-api/user-sig.ts";
import type { Values } from "./values.ts";

/** Who signs, for which application. */
export interface Account {
  readonly sdkAppId: number;
  readonly identifier: string;
  readonly credential: Credential;
}

/** The sandbox has an application of its own; this key opens nothing else. */
export const SANDBOX_ACCOUNT: Account = {
  sdkAppId: SANDBOX_SDKAPPID,
  identifier: "administrator",
  credential: { secretKey: "the-sandbox-key-opens-only-the-embedded-sandbox" },
};

/** The account that the environment names. A ready-made UserSig is checked by the signer before each request. */
export function readAccount(values: Values, readFile: (path: string) => string): Account | undefined {
  const sdkAppId = values.number("TENCENT_CHAT_SDKAPPID", 1, 4_294_967_295, true);
  if (values.setting("TENCENT_CHAT_SDKAPPID") === undefined) {
    values.faults.push("TENCENT_CHAT_SDKAPPID is required: the application's number in the Chat console.");
  }
  const identifier = values.setting("TENCENT_CHAT_IDENTIFIER") ?? "administrator";
  if (Buffer.byteLength(identifier) > 32) values.faults.push("TENCENT_CHAT_IDENTIFIER is longer than 32 bytes.");
  const credential = readCredential(values, readFile);
  return sdkAppId === undefined || !credential ? undefined : { sdkAppId, identifier, credential };
}

/** A UserSig begins with the deflate header, in base64, and is long; a secret key is 64 hexadecimal digits. */
const LOOKS_LIKE_USERSIG = /^eJ[A-Za-z0-9*_-]{80,}$/;

/** No space, no line break, no placeholder that a host left in place, no dots copied from an example. */
const ONE_PLAIN_WORD = /^(?!\$\{)[!-~]+$/;

function readCredential(values: Values, readFile: (path: string) => string): Credential | undefined {
  const names = ["TENCENT_CHAT_SECRET_KEY", "TENCENT_CHAT_SECRET_KEY_FILE", "TENCENT_CHAT_USERSIG"] as const;
  const given = names.filter((name) => values.setting(name) !== undefined);
  const [name] = given;
  if (given.length !== 1 || name === undefined) {
    values.faults.push(
      given.length === 0
        ? `One credential is required: ${names.join(", or ")}.`
        : `Only one credential may be set, but ${given.join(" and ")} are.`,
    );
    return undefined;
  }
  if (name === "TENCENT_CHAT_USERSIG") return { userSig: values.setting(name) ?? "" };
  const secretKey = name === "TENCENT_CHAT_SECRET_KEY" ? values.setting(name) : readKeyFile(values, readFile);
  if (secretKey === undefined) return undefined;
  if (LOOKS_LIKE_USERSIG.test(secretKey)) {
    values.faults.push(`${name} holds a UserSig, not a secret key: put it into TENCENT_CHAT_USERSIG.`);
    return undefined;
  }
  if (!ONE_PLAIN_WORD.test(secretKey)) {
    values.faults.push(`${name} does not hold a secret key: it must be one word, as the Chat console shows it.`);
    return undefined;
  }
  return { secretKey };
}

function readKeyFile(values: Values, readFile: (path: string) => string): string | undefined {
  const name = "TENCENT_CHAT_SECRET_KEY_FILE";
  try {
    const key = readFile(values.setting(name) ?? "").trim();
    if (key !== "") return key;
    values.faults.push(`The file of ${name} is empty.`);
  } catch (error) {
    values.faults.push(
      `The file of ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unreadable"}: ${values.setting(name)}).`,
    );
  }
  return undefined;
}
