/** Where the service is (hosts: each of the three pages; backup hosts, for DNS trouble: its page on domain names). */

// biome-ignore format: one row a region
export const REGIONS = {
  china: { host: "console.tim.qq.com", backupHost: "adminapi.my-imcloud.com" },
  singapore: { host: "adminapisgp.im.qcloud.com", backupHost: "adminapisgp.my-imcloud.com" },
  seoul: { host: "adminapikr.im.qcloud.com", backupHost: "adminapikr.my-imcloud.com" },
  tokyo: { host: "adminapijpn.im.qcloud.com", backupHost: "adminapijpn.my-imcloud.com" },
  frankfurt: { host: "adminapiger.im.qcloud.com", backupHost: "adminapiger.my-imcloud.com" },
  "silicon-valley": { host: "adminapiusa.im.qcloud.com", backupHost: "adminapiusa.my-imcloud.com" },
  jakarta: { host: "adminapiidn.im.qcloud.com", backupHost: "adminapiidn.my-imcloud.com" },
};

export type RegionName = keyof typeof REGIONS;

export const REGION_NAMES = Object.keys(REGIONS) as RegionName[];

/** The application of the embedded sandbox. No real one has this ID. */
export const SANDBOX_SDKAPPID = 1;

/** True for addresses of this machine: 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
