// Builds dist/: one entry and the parts it loads when they are needed, all dependencies inside, and the notices they
// ask for. Only esbuild's own features: code splitting, and stubs for what is loaded but never used here.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const OUT = "dist";
const ENTRY = "tencent-chat-channel-mcp";

/**
 * Modules that dependencies load and this server never uses, with the exports that must exist. Using one throws.
 * - ajv checks elicitation answers and tool results in the SDK; both are checked here without it.
 * - zod 3 is for servers whose schemas are of that version.
 * - HTTP/2 is never offered to the service.
 */
const STUBS = [
  { filter: /validation\/ajv-provider\.js$/, exports: ["AjvJsonSchemaValidator"] },
  { filter: /^zod\/v3$/, exports: ["ZodFirstPartyTypeKind"] },
  { filter: /\/client-h2\.js$/, exports: [] },
];

const stubs = {
  name: "stubs",
  setup({ onResolve, onLoad }) {
    for (const { filter, exports } of STUBS) {
      const namespace = `stub:${filter.source}`;
      onResolve({ filter }, ({ path }) => ({ path, namespace }));
      onLoad({ filter: /.*/, namespace }, ({ path }) => {
        const fail = `throw new Error(${JSON.stringify(`${path} is not part of this build`)});`;
        const classes = exports.map((name) => `export class ${name} { constructor() { ${fail} } }`);
        return { contents: exports.length > 0 ? classes.join("\n") : `module.exports = () => { ${fail} };` };
      });
    }
  },
};

rmSync(OUT, { recursive: true, force: true });
const { metafile } = await build({
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node20.18",
  format: "esm",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  entryPoints: { [ENTRY]: "src/index.ts" },
  outdir: OUT,
  outExtension: { ".js": ".mjs" },
  chunkNames: "[name]-[hash]",
  // CommonJS dependencies call `require`, which an ES module does not have.
  banner: {
    js: 'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);',
  },
  plugins: [stubs],
});
const entry = join(OUT, `${ENTRY}.mjs`);
writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, "utf8")}`);
chmodSync(entry, 0o755);
writeFileSync(join(OUT, "THIRD-PARTY-NOTICES.txt"), notices());

/** The licence of every package that is in the build. */
function notices() {
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${license}`;
    return `${name} ${version} (${license})\n\n${text}`;
  });
  return `This software contains the following packages.\n\n${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
