// Builds the one file that package.json's bin names, with everything it needs inside, and the notices it owes.
//
// A quick start decides its shape. V8 reads through all of a file before it runs any of it, so what only some runs
// need, or only after the start, is kept inside as text and compiled when it is asked for. Node's compile cache (22 and
// later) was measured as well: it serves only what a file loads after turning it on, and for one file that would have
// to load itself a second time it costs as much as it saves.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const COMMON = {
  bundle: true,
  platform: "node",
  target: "node20.18",
  format: "cjs",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

/**
 * The SDK loads ajv to check what elicitation and tools return, and zod 3 for schemas of its age. This server asks
 * nobody, and its demo leaves the checking of results to the tests, which do it with ajv. undici loads HTTP/2 with 3 MB
 * of Node's own, though it offers a server HTTP/1.1 alone.
 */
const unneeded = {
  name: "unneeded",
  setup({ onResolve, onLoad }) {
    const filter = /(validation\/ajv-provider\.js|^zod\/v3|\/client-h2\.js)$/;
    onResolve({ filter }, ({ path }) => ({ path, namespace: "unneeded" }));
    onLoad({ filter: /.*/, namespace: "unneeded" }, () => ({
      contents: `
        export class AjvJsonSchemaValidator { getValidator() { return (data) => ({ valid: true, data }); } }
        export const ZodFirstPartyTypeKind = {};`,
    }));
  },
};

/**
 * The SDK builds the schemas of the whole protocol when it is loaded, 15 ms of it. Here the bundler leaves out those that
 * nothing names (each is marked pure), and the others are built at their first use: what stands for one is a proxy that
 * asks for it then.
 */
const schemasOnDemand = {
  name: "schemas-on-demand",
  setup({ onLoad }) {
    onLoad({ filter: /sdk[\\/]dist[\\/]esm[\\/]types\.js$/ }, ({ path }) => {
      const declaration = /^((?:export )?const \w+ = )((?:z|\w+Schema)\s*\.[\s\S]*?);\n(?=\S)(?![)}\]])/gm;
      const declared = readFileSync(path, "utf8").replace(declaration, "$1/* @__PURE__ */ onDemand(() => $2);\n");
      const count = declared.split("onDemand(() =>").length - 1;
      if (count < 100)
        throw new Error(`only ${count} schemas of the SDK were found: has its types.js changed its shape?`);
      const onDemand = `
        function onDemand(build) {
          let schema;
          const built = () => (schema ??= build());
          return new Proxy({}, {
            get: (_, key) => built()[key],
            set: (_, key, value) => ((built()[key] = value), true),
            has: (_, key) => key in built(),
            getPrototypeOf: () => Object.getPrototypeOf(built()),
          });
        }`;
      return { contents: declared + onDemand };
    });
  },
};

/** Of undici only the parts that post: its whole takes 50 ms more to load. */
const UNDICI_PARTS = `
  exports.Agent = require("undici/lib/dispatcher/agent.js");
  exports.EnvHttpProxyAgent = require("undici/lib/dispatcher/env-http-proxy-agent.js");
  exports.Pool = require("undici/lib/dispatcher/pool.js");
  exports.buildConnector = require("undici/lib/core/connect.js");
  // undici's own entry gives every dispatcher its methods; a proxy's needs this one.
  require("undici/lib/dispatcher/dispatcher.js").prototype.connect = require("undici/lib/api/api-connect.js");`;

/** What is kept as text: the HTTP client, which the first call needs, and the demo with its MCP client and ajv. */
const LATE = { undici: UNDICI_PARTS, "./demo.ts": `export * from "./demo.ts";` };

const bundled = new Set();

const late = {
  name: "late",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(undici|\.\/demo\.ts)$/ }, ({ path }) => ({ path, namespace: "late" }));
    onLoad({ filter: /.*/, namespace: "late" }, async ({ path }) => {
      const stdin = { contents: LATE[path], resolveDir: "src" };
      const { outputFiles, metafile } = await build({
        ...COMMON,
        stdin,
        plugins: [unneeded, schemasOnDemand],
        minify: true,
        write: false,
      });
      for (const input of Object.keys(metafile.inputs)) bundled.add(input);
      return {
        contents: `
          const { compileFunction } = require("node:vm");
          const late = { exports: {} };
          const source = ${JSON.stringify(outputFiles[0].text)};
          compileFunction(source, ["module", "exports", "require"], { filename: ${JSON.stringify(path)} })(late, late.exports, require);
          module.exports = late.exports;`,
        resolveDir: ".",
      };
    });
  },
};

const { metafile } = await build({
  ...COMMON,
  entryPoints: ["src/index.ts"],
  outfile: "dist/tencent-chat-channel-mcp.cjs",
  banner: { js: "#!/usr/bin/env node" },
  plugins: [unneeded, schemasOnDemand, late],
});
for (const input of Object.keys(metafile.inputs)) bundled.add(input);
writeFileSync("dist/THIRD-PARTY-NOTICES.txt", notices());

/** The licence of every package that is in the bundle. */
function notices() {
  const folders = new Set(
    [...bundled].flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const told = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${license}`;
    return `${name} ${version} (${license})\n\n${text}`;
  });
  return `This software contains the following packages.\n\n${told.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
