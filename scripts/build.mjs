// Builds the one file that package.json's bin names. Everything it needs is inside.
import { build } from "esbuild";

/** The SDK's server loads ajv for elicitation, which this one never does; the demo's client keeps it. Saves 12 ms a start. */
const serverWithoutAjv = {
  name: "server-without-ajv",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /validation\/ajv-provider\.js$/ }, ({ importer }) =>
      /sdk[\\/]dist[\\/]esm[\\/]server[\\/]index\.js$/.test(importer)
        ? { path: "no-ajv", namespace: "stub" }
        : undefined,
    );
    onLoad({ filter: /^no-ajv$/, namespace: "stub" }, () => ({
      contents: "export class AjvJsonSchemaValidator { getValidator() { throw new Error('not in this build'); } }",
    }));
  },
};

await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/tencent-chat-channel-mcp.cjs",
  bundle: true,
  platform: "node",
  target: "node20.18",
  format: "cjs",
  minifySyntax: true,
  legalComments: "none",
  banner: { js: "#!/usr/bin/env node" },
  plugins: [serverWithoutAjv],
  logLevel: "warning",
});
