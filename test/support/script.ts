import { build } from "esbuild";

/** Makes a script that other processes can run out of TypeScript that imports from `./src`. */
export async function writeScript(contents: string, outfile: string): Promise<void> {
  const resolveDir = new URL("../..", import.meta.url).pathname;
  const stdin = { contents, resolveDir, loader: "ts" as const };
  await build({ stdin, bundle: true, platform: "node", format: "esm", outfile });
}
