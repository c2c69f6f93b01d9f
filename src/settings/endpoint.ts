import { nearestName } from "../channel/names.ts";
import type { ProxySettings } from "../chat-api/http/dispatchers.ts";
import { isLoopback, REGION_NAMES, REGIONS, type RegionName, SANDBOX_SDKAPPID } from "../chat-api/regions.ts";
import type { EnvReader } from "./env-reader.ts";

/** Where the service is, and the proxy in between. */

export interface Location {
  readonly endpoint: URL;
  /** The region whose host the endpoint is; undefined for an endpoint of its own. */
  readonly region: RegionName | undefined;
}

/** The endpoint that was set, or the region's host. */
export function readLocation(reader: EnvReader, sdkAppId: number | undefined): Location | undefined {
  const given = reader.setting("TENCENT_CHAT_ENDPOINT");
  const region = readRegion(reader);
  const text = given ?? (region && `https://${REGIONS[region].host}`);
  if (text === undefined) return undefined;
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = endpoint?.protocol === "https:" || (endpoint?.protocol === "http:" && isLoopback(endpoint.hostname));
  if (!endpoint || !isSafe || endpoint.username || endpoint.password || endpoint.search || endpoint.hash) {
    reader.problems.push(
      "TENCENT_CHAT_ENDPOINT must be an https address without user, query or fragment, such as https://adminapisgp.my-imcloud.com. Plain http is accepted for loopback only.",
    );
    return undefined;
  }
  if (sdkAppId === SANDBOX_SDKAPPID && !isLoopback(endpoint.hostname)) {
    reader.problems.push(
      `TENCENT_CHAT_SDKAPPID ${SANDBOX_SDKAPPID} belongs to the sandbox and is never sent to a real service.`,
    );
    return undefined;
  }
  return { endpoint, region: given === undefined ? region : undefined };
}

function readRegion(reader: EnvReader): RegionName | undefined {
  const given = reader.setting("TENCENT_CHAT_REGION")?.toLowerCase();
  if (given === undefined) {
    if (reader.setting("TENCENT_CHAT_ENDPOINT") === undefined) {
      reader.problems.push(`TENCENT_CHAT_REGION is required: one of ${REGION_NAMES.join(", ")}.`);
    }
    return undefined;
  }
  const region = REGION_NAMES.find((name) => name === given);
  if (region) return region;
  const meant = suggestRegion(given);
  const hint = meant ? ` Did you mean ${meant}?` : "";
  reader.problems.push(`TENCENT_CHAT_REGION must be one of ${REGION_NAMES.join(", ")}.${hint}`);
  return undefined;
}

/** The region that another spelling most likely means. */
function suggestRegion(given: string): RegionName | undefined {
  const lower = given.toLowerCase();
  const byAlias = REGION_NAMES.find((name) => (REGIONS[name].aliases as readonly string[]).includes(lower));
  const nearest = byAlias ?? nearestName(lower, REGION_NAMES);
  return REGION_NAMES.find((name) => name === nearest);
}

/** The company's proxy and the hosts it is not for; an address without a scheme means http, as for curl. */
export function readProxy(reader: EnvReader): ProxySettings | undefined {
  const given = reader.text("HTTPS_PROXY") ?? reader.text("https_proxy");
  if (given === undefined) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (!isProxyAddress(url)) {
    reader.problems.push(
      "HTTPS_PROXY must be the address of an HTTP proxy without path, query or fragment, such as http://proxy.example:8080.",
    );
    return undefined;
  }
  return { url, except: reader.text("NO_PROXY") ?? reader.text("no_proxy") ?? "" };
}

function isProxyAddress(text: string): boolean {
  try {
    const { protocol, username, password, pathname, search, hash } = new URL(text);
    for (const part of [username, password]) decodeURIComponent(part); // throws for a broken escape, as the client would
    return (protocol === "http:" || protocol === "https:") && pathname === "/" && search === "" && hash === "";
  } catch {
    return false;
  }
}
