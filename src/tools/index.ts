import { getOfficialAccountInfo } from "./get-official-account-info.ts";
import { modifyOfficialAccountBaseInfo } from "./modify-official-account-base-info.ts";
import { modifySubscriberInfo } from "./modify-subscriber-info.ts";
import type { Tool } from "./tool.ts";

/** The three tools. */
export const TOOLS: readonly Tool[] = [getOfficialAccountInfo, modifyOfficialAccountBaseInfo, modifySubscriberInfo];
