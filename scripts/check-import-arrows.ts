/** Fails where an import goes against the design's arrows: `npx tsx scripts/check-import-arrows.ts`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { importViolations } from "./import-arrows.ts";

const root = join(import.meta.dirname, "..");
const files = new Map<string, string>();
for (const folder of ["app", "components", "db", "server"]) {
  if (!existsSync(join(root, folder))) continue;
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|tsx|mts|mjs)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
  }
}
const violations = importViolations(files);
for (const violation of violations) console.error(violation);
console.log(`${files.size} files, ${violations.length} imports against the arrows`);
if (violations.length > 0) process.exit(1);
