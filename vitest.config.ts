import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/servers/stop-servers-of-file.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
