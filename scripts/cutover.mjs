/** `npm run cutover -- …`: compiles the engine where its source is newer than the build, and runs it in this process. */
import { ensureNode, ensurePackages, ensureServerBuild } from "./install-missing.mjs";

try {
  ensureNode();
  ensurePackages();
  ensureServerBuild();
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
await import("../dist/server/cli/cutover.js");
