import { defineConfig } from "vitest/config";

/** For mutation testing: the suites in this process, without those that start others or wait for seconds. */
export default defineConfig({
  test: {
    setupFiles: ["test/support/every-file.ts"],
    include: ["test/{channel,chat-api,edits,guard,settings,tools}/**/*.test.ts"],
    testNamePattern: /^(?!.*(several processes|200 MB|200 reads))/,
    testTimeout: 30_000,
  },
});
