import { nearestName } from "../text/nearest-name.ts";

/** Where the service is (hosts: each of the three pages; backup hosts: the service's page on domain names). */

interface Region {
  readonly host: string;
  /** For DNS trouble: a value for TENCENT_CHAT_ENDPOINT. */
  readonly backupHost: string;
  /** Other spellings that people use, in lower case. They are suggested, never accepted. */
  readonly aliases: readonly string[];
}

export const REGIONS = {
  china: {
    host: "console.tim.qq.com",
    backupHost: "adminapi.my-imcloud.com",
    aliases: ["cn", "mainland", "中国", "ap-beijing", "ap-guangzhou", "ap-shanghai"],
  },
  singapore: {
    host: "adminapisgp.im.qcloud.com",
    backupHost: "adminapisgp.my-imcloud.com",
    aliases: ["sg", "sgp", "新加坡", "ap-singapore"],
  },
  seoul: {
    host: "adminapikr.im.qcloud.com",
    backupHost: "adminapikr.my-imcloud.com",
    aliases: ["kr", "korea", "首尔", "ap-seoul"],
  },
  tokyo: {
    host: "adminapijpn.im.qcloud.com",
    backupHost: "adminapijpn.my-imcloud.com",
    aliases: ["jp", "jpn", "japan", "东京", "ap-tokyo"],
  },
  frankfurt: {
    host: "adminapiger.im.qcloud.com",
    backupHost: "adminapiger.my-imcloud.com",
    aliases: ["de", "ger", "germany", "法兰克福", "eu-frankfurt"],
  },
  "silicon-valley": {
    host: "adminapiusa.im.qcloud.com",
    backupHost: "adminapiusa.my-imcloud.com",
    aliases: ["us", "usa", "硅谷", "na-siliconvalley"],
  },
  jakarta: {
    host: "adminapiidn.im.qcloud.com",
    backupHost: "adminapiidn.my-imcloud.com",
    aliases: ["id", "idn", "indonesia", "雅加达", "ap-jakarta"],
  },
} as const satisfies Record<string, Region>;

/** A region in which an application can be created. */
export type RegionName = keyof typeof REGIONS;

export const REGION_NAMES = Object.keys(REGIONS) as RegionName[];

/** The region that another spelling most likely means. */
export function suggestRegion(given: string): RegionName | undefined {
  const lower = given.toLowerCase();
  const byAlias = REGION_NAMES.find((name) => (REGIONS[name].aliases as readonly string[]).includes(lower));
  const nearest = byAlias ?? nearestName(lower, REGION_NAMES);
  return REGION_NAMES.find((name) => name === nearest);
}

/** The application of the embedded sandbox. No real one has this ID, and it is never sent anywhere but loopback. */
export const SANDBOX_SDKAPPID = 1;

/** True for addresses of this machine: 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
