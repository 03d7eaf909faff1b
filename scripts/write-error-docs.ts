/**
 * Writes docs/errors.md from server/errors/catalogue.ts: `npx tsx scripts/write-error-docs.ts`. With --check it
 * writes nothing and fails where the file is not what it would write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CatalogueEntry, catalogue } from "../server/errors/catalogue.ts";

const file = join(import.meta.dirname, "..", "docs", "errors.md");

const lines = [
  "# Errors",
  "",
  "Every failure that Tributary shows, on a page, on the command line, in the API or as a status' reason, has one",
  "of these codes. This file is written from `server/errors/catalogue.ts` by `npm run docs:errors`.",
  "",
  "`{name}` stands for what the message fills in. *Retried* means that Tributary tries again by itself, from its",
  "checkpoint; the others wait for you.",
  "",
];
for (const [code, entry] of Object.entries<CatalogueEntry>(catalogue)) {
  lines.push(`## ${code}`, "", `> ${entry.message}`, "");
  lines.push(`- **Cause**: ${entry.cause}`, `- **Remedy**: ${entry.remedy}`);
  lines.push(`- **Retried**: ${entry.retried ? "yes" : "no"}`, "");
}
const wanted = lines.join("\n");

if (process.argv.includes("--check")) {
  if (read() !== wanted) {
    console.error("docs/errors.md is not what server/errors/catalogue.ts says: run npm run docs:errors");
    process.exit(1);
  }
} else {
  writeFileSync(file, wanted);
}

function read(): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
