import { isLoopback, REGION_NAMES, REGIONS } from "../chat-api/regions.ts";
import { type Environment, type Findings, isPlaceholder, plainValue } from "./environment.ts";
import type { SettingValues } from "./schema.ts";

/** Where the service is, and the proxy in between. */

export function readLocation(env: Environment, values: SettingValues, { problems }: Findings) {
  const { TENCENT_CHAT_ENDPOINT: given, TENCENT_CHAT_REGION: region } = values;
  if ([env.TENCENT_CHAT_ENDPOINT, env.TENCENT_CHAT_REGION].every((value) => plainValue(value) === undefined))
    problems.push(`TENCENT_CHAT_REGION is required: one of ${REGION_NAMES.join(", ")}.`);
  if (given !== undefined) return { endpoint: new URL(given), region: undefined };
  return region && { endpoint: new URL(`https://${REGIONS[region].host}`), region };
}

/** The variables that name a proxy, in the order in which curl reads them. */
export const PROXY_VARIABLES = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] as const;

/**
 * The company's proxy; an address without a scheme means http, as for curl.
 * @param hostname of the service; a proxy that is not used for it (NO_PROXY) is not looked at
 */
export function readProxy(env: Environment, hostname: string, { problems }: Findings): string | undefined {
  const name = PROXY_VARIABLES.find((each) => plainValue(env[each]) !== undefined);
  const given = name && plainValue(env[name]);
  const except = plainValue(env.no_proxy) ?? plainValue(env.NO_PROXY) ?? "";
  if (given === undefined || isLoopback(hostname) || isExempt(hostname, except)) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const isAbsent = isPlaceholder(given) || /^(none|off|false)$/i.test(given);
  if (!isAbsent && isProxyAddress(url)) return url.replace(/^socks5h:/i, "socks5:");
  problems.push(
    `${name} must be the address of an HTTP or SOCKS5 proxy without path, query or fragment, such as http://proxy.example:8080 or socks5://proxy.example:1080; NO_PROXY can exempt ${hostname}.`,
  );
  return undefined;
}

function isExempt(hostname: string, except: string): boolean {
  const entries = except.split(/[\s,]+/).map((entry) =>
    entry
      .toLowerCase()
      .replace(/^\*?\./, "")
      .replace(/:\d+$/, ""),
  );
  return entries.some((entry) => entry === "*" || (entry !== "" && `.${hostname}`.endsWith(`.${entry}`)));
}

function isProxyAddress(text: string): boolean {
  try {
    const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
    for (const part of [username, password]) decodeURIComponent(part); // throws for a broken escape, as the client would
    const isKnown = /^(https?|socks5h?|socks):$/.test(protocol) && hostname !== "";
    return isKnown && (pathname === "/" || pathname === "") && search === "" && hash === "";
  } catch {
    return false;
  }
}
