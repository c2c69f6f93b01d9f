import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Every file would load zod and the SDK again; nothing of ours keeps a state that another file could meet.
    pool: "threads",
    isolate: false,
    setupFiles: ["test/support/every-file.ts"],
    maxWorkers: 8, // much of the time is spent waiting for pauses, not computing
    maxConcurrency: 20,
    // Tests meet real sockets and child processes on two cores: patience keeps a busy machine from failing them.
    testTimeout: 60_000,
    hookTimeout: 30_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      // What belongs to a process runs in children alone, where the suites drive it and this cannot count it.
      exclude: ["**/*.d.ts", "src/index.ts", "src/commands/{index,serve}.ts"],
      reporter: ["text-summary"],
      thresholds: { lines: 95 },
    },
  },
});
