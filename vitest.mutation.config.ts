import { defineConfig } from "vitest/config";

/** For mutation testing: the suites in this process, without those that start others or wait for seconds. */
export default defineConfig({
  test: {
    setupFiles: ["test/support/every-file.ts"],
    include: ["test/{chat-api,edits,guard,settings,tools}/**/*.test.ts"],
    testNamePattern: /^(?!.*several processes)/,
    testTimeout: 30_000,
  },
});
