import type { Host } from "./environment.ts";

export async function setup(_host: Host, _version: string, _entry: string): Promise<number> {
  return 1;
}
