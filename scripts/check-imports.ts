/**
 * Fails where an import goes against scripts/imports/rooms.ts, where imports go in a circle, or where a document's
 * table of rooms is another; with `--write` puts the tables into the documents.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { importGraph } from "./imports/import-graph.ts";
import { importViolations } from "./imports/import-violations.ts";
import { withRoomTables } from "./imports/room-tables.ts";
import { floors, neverReached } from "./imports/rooms.ts";

const root = join(import.meta.dirname, "..");
const files = new Map<string, string>();
for (const folder of ["app", "bench", "components", "db", "scripts", "server", "test"]) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|tsx|mts|mjs)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
  }
}
const violations = importViolations(importGraph(files), floors, neverReached);
for (const name of ["docs/architecture.md", "CONTRIBUTING.md"]) {
  const document = readFileSync(join(root, name), "utf8");
  const wanted = withRoomTables(document, floors);
  if (wanted === document) continue;
  if (process.argv.includes("--write")) writeFileSync(join(root, name), wanted);
  else violations.push(`${name}: its tables are not those of scripts/imports/rooms.ts: npm run docs:rooms`);
}
for (const violation of violations) console.error(violation);
console.log(`${files.size} files, ${violations.length} violations`);
if (violations.length > 0) process.exit(1);
