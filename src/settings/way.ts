import { isLoopback, REGIONS, type RegionName, SANDBOX_SDKAPPID } from "../chat-api/hosts.ts";
import type { Values } from "./values.ts";

/** The way to the service: its address, and the proxy in between. */

/** Where the service is: the endpoint given, or the region's host. */
export function readEndpoint(values: Values, sdkAppId: number | undefined): URL | undefined {
  const given = values.setting("TENCENT_CHAT_ENDPOINT");
  const region = values.setting("TENCENT_CHAT_REGION")?.toLowerCase();
  if (given === undefined && region === undefined) {
    values.faults.push(`TENCENT_CHAT_REGION is required: ${Object.keys(REGIONS).join(", ")}.`);
    return undefined;
  }
  const host = region !== undefined && Object.hasOwn(REGIONS, region) ? REGIONS[region as RegionName].host : undefined;
  const text = given ?? (host && `https://${host}`);
  if (text === undefined) return undefined;
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = endpoint?.protocol === "https:" || (endpoint?.protocol === "http:" && isLoopback(endpoint.hostname));
  if (!endpoint || !isSafe || endpoint.username || endpoint.password || endpoint.search || endpoint.hash) {
    values.faults.push(
      "TENCENT_CHAT_ENDPOINT must be an https address without user, query or fragment, such as https://adminapisgp.my-imcloud.com; plain http goes to loopback alone.",
    );
    return undefined;
  }
  if (sdkAppId === SANDBOX_SDKAPPID && !isLoopback(endpoint.hostname)) {
    values.faults.push(
      `TENCENT_CHAT_SDKAPPID ${SANDBOX_SDKAPPID} belongs to the sandbox and is never sent to a real service.`,
    );
    return undefined;
  }
  return endpoint;
}

/** The company's proxy and the hosts it is not for; curl's reading of an address without a scheme. */
export function readProxy(values: Values): { readonly url: string; readonly except: string } | undefined {
  const given = values.text("HTTPS_PROXY") ?? values.text("https_proxy");
  if (given === undefined) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (!isProxyAddress(url)) {
    values.faults.push("HTTPS_PROXY must be the address of an HTTP proxy, such as http://proxy.example:8080.");
    return undefined;
  }
  return { url, except: values.text("NO_PROXY") ?? values.text("no_proxy") ?? "" };
}

function isProxyAddress(url: string): boolean {
  try {
    const { protocol, username, password } = new URL(url);
    decodeURIComponent(username + password); // throws where an escape is broken, as the client would
    return protocol === "http:" || protocol === "https:";
  } catch {
    return false;
  }
}
