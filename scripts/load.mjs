import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/** Imports TypeScript of this project: bundles it into dist/, loads it and removes the file again. */
export async function load(...files) {
  const { outputFiles } = await build({
    stdin: { contents: files.map((file) => `export * from "./${file}";`).join("\n"), resolveDir: ".", loader: "ts" },
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["undici", "undici/*"],
    write: false,
  });
  mkdirSync("dist", { recursive: true });
  const url = new URL(`../dist/loaded-${process.pid}-${files.length}.cjs`, import.meta.url);
  writeFileSync(url, outputFiles[0].contents);
  try {
    return (await import(url)).default;
  } finally {
    rmSync(url);
  }
}
