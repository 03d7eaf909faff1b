/** `npm run sync -- …`: compiles the engine where its source is newer than the build, and runs it in this process. */
import { ensureNode, ensurePackages, ensureServerBuild } from "./install-missing.mjs";

try {
  ensureNode();
  ensurePackages();
  ensureServerBuild();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import("../dist/server/cli/sync.js");
