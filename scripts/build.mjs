// Builds dist/: the server in few files, what people run apart from it, source maps, and the notices that the bundled
// packages ask for.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, transform } from "esbuild";
import { load } from "./load.mjs";

const OUT = "dist";
const BIN = "tencent-chat-channel-mcp.cjs";
const { engines } = JSON.parse(readFileSync("package.json", "utf8"));

/**
 * Modules that dependencies load and this server never uses: their exports are undefined, so using one throws. Without
 * them a start takes less, measured on Node 20: 12 ms and 5 MB for ajv, 4 ms and 1 MB for zod 3.
 */
const UNUSED = /validation\/ajv-provider\.js$|^zod\/v3$/;
const UNUSED_EXPORTS = "export let AjvJsonSchemaValidator, ZodFirstPartyTypeKind;";
/** Parts that are files of their own, by what the source imports. */
const APART = [
  { filter: /^\.\/commands\/index\.ts$/, path: "./commands.cjs" },
  { filter: /\/sandbox\/sandbox\.ts$/, path: "./sandbox.cjs" },
  { filter: /^undici\/lib\/dispatcher\/pool\.js$/, path: "./undici-pool.cjs" },
  { filter: /^undici$/, path: "./undici.cjs" },
];

const parts = {
  name: "parts",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: "unused" }));
    onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: UNUSED_EXPORTS }));
    for (const { filter, path } of APART) {
      onResolve({ filter }, ({ kind }) => (kind === "entry-point" ? undefined : { path, external: true }));
    }
  },
};

const COMMON = {
  bundle: true,
  platform: "node",
  target: "node20.18",
  minify: true,
  supported: { "dynamic-import": false }, // require() starts faster, and not only the first time
  legalComments: "none",
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
  outdir: OUT,
  outExtension: { ".js": ".cjs" },
  plugins: [parts],
};

rmSync(OUT, { recursive: true, force: true });
// The server answers tools/list without the schemas: converting them would cost its start 8 ms.
const { declareTools } = await load("src/mcp/declarations.ts");
writeFileSync("src/mcp/tools-list.json", `${JSON.stringify(declareTools(), null, 2)}\n`);

const alone = await build({
  ...COMMON,
  format: "cjs",
  sourcemap: "linked",
  entryPoints: {
    commands: "src/commands/index.ts",
    sandbox: "src/sandbox/sandbox.ts",
  },
});
// Without source maps: they would be a third of the package.
const http = await build({
  ...COMMON,
  format: "cjs",
  entryPoints: { "undici-pool": "undici/lib/dispatcher/pool.js", undici: "undici" },
});

// The server, what its calls need, and what both share. Only ES modules can be split; CommonJS starts 10 ms faster.
const server = await build({
  ...COMMON,
  format: "esm",
  splitting: true,
  supported: {},
  chunkNames: "shared",
  sourcemap: "inline",
  entryPoints: { server: "src/index.ts", calls: "src/context.ts" },
  write: false,
});
for (const { path, text } of server.outputFiles) {
  const name = basename(path);
  const { code, map } = await transform(text, {
    format: "cjs",
    minifyWhitespace: true,
    supported: COMMON.supported,
    sourcemap: "external",
    sourcefile: name,
    sourcesContent: false,
  });
  writeFileSync(join(OUT, name), `${code}//# sourceMappingURL=${name}.map\n`);
  writeFileSync(join(OUT, `${name}.map`), map);
}

// The program itself checks the version of Node before anything else is loaded, in words that an old Node understands.
const [, required] = /(\d+\.\d+\.\d+)/.exec(engines.node);
writeFileSync(
  join(OUT, BIN),
  `#!/usr/bin/env node
"use strict";
var required = "${required}".split(".").map(Number);
var actual = process.versions.node.split(".").map(Number);
var difference = actual[0] - required[0] || actual[1] - required[1] || actual[2] - required[2];
if (difference < 0) {
  process.stderr.write("tencent-chat-channel-mcp needs Node.js ${required} or newer; this is Node.js " + process.versions.node + ".\\n");
  process.exit(1);
}
require("./server.cjs");
`,
);
chmodSync(join(OUT, BIN), 0o755);
writeFileSync(join(OUT, "THIRD-PARTY-NOTICES.txt"), notices([alone, http, server]));

/** The licence of every package that is in the build. */
function notices(builds) {
  const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = new Set(inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${license}`;
    return `${name} ${version} (${license})\n\n${text}`;
  });
  return `This software contains the following packages.\n\n${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
