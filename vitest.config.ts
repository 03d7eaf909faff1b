import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // As the pages' own compiler has it (tsconfig.json).
  resolve: { alias: { "@": import.meta.dirname } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/servers/stop-servers-of-file.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests wait for servers more than they compute; each file may start several of them.
    maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
  },
});
