/** `npm run verify -- …`: compiles the engine where its source is newer than the build, and runs it in this process. */
import { ensureNode, ensurePackages, ensureServerBuild } from "./install-missing.mjs";

try {
  ensureNode();
  ensurePackages();
  ensureServerBuild();
} catch (error) {
  console.error(error.message);
  // It could not be told.
  process.exit(2);
}
await import("../dist/server/cli/verify.js");
