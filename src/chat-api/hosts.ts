/** Where the service lives (hosts: each of the three pages; backup hosts: the service's page on domain names). */

interface Region {
  readonly host: string;
  /** For DNS trouble: to be given as TENCENT_CHAT_ENDPOINT. */
  readonly backupHost: string;
}

export const REGIONS = {
  china: { host: "console.tim.qq.com", backupHost: "adminapi.my-imcloud.com" },
  singapore: { host: "adminapisgp.im.qcloud.com", backupHost: "adminapisgp.my-imcloud.com" },
  seoul: { host: "adminapikr.im.qcloud.com", backupHost: "adminapikr.my-imcloud.com" },
  tokyo: { host: "adminapijpn.im.qcloud.com", backupHost: "adminapijpn.my-imcloud.com" },
  frankfurt: { host: "adminapiger.im.qcloud.com", backupHost: "adminapiger.my-imcloud.com" },
  "silicon-valley": { host: "adminapiusa.im.qcloud.com", backupHost: "adminapiusa.my-imcloud.com" },
  jakarta: { host: "adminapiidn.im.qcloud.com", backupHost: "adminapiidn.my-imcloud.com" },
} as const satisfies Record<string, Region>;

/** A region an application can be created in. */
export type RegionName = keyof typeof REGIONS;

/** The documented limit of each command, in requests a second; it cannot be raised (each of the three pages). */
export const MOST_REQUESTS_PER_SECOND = 200;

/** The application of the embedded sandbox. No real one has it, and it is never sent anywhere but loopback. */
export const SANDBOX_SDKAPPID = 1;

/** True for addresses of this machine: 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
