import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

test("the demo brings both shards to synchronizing, and the destination equals them", {
  timeout: 300_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/demo.mjs", "--once"], {
    cwd: root,
  }).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  expect(stdout).toContain(" 0 differences");
  expect(stdout).toMatch(/shard1 +synchronizing/);
  expect(stdout).toMatch(/shard2 +synchronizing/);
  expect(stdout).toMatch(/sign in as demo@tributary\.example with the password \S{16}/);
  expect(stdout).toContain("nothing is left behind");
});
