import { defineConfig } from "vitest/config";

/** For mutation testing: the suites in this process, without those that only wait or start children. */
export default defineConfig({
  test: {
    include: ["test/{channel,chat-api,guard,settings}/**/*.test.ts"],
    exclude: ["test/chat-api/network.test.ts"],
    testTimeout: 30_000,
  },
});
