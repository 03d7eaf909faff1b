import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseNutcrackerConfig } from "../../server/twemproxy/nutcracker-config.ts";
import { temporaryFolder } from "../servers/index.ts";
import { requiredBinary } from "../servers/required-binary.ts";

const head = "alpha:\n  listen: 127.0.0.1:22121\n  redis: true\n";

test("accepts and refuses what nutcracker -t accepts and refuses", () => {
  const nutcracker = requiredBinary("nutcracker", "nutcracker");
  const folder = temporaryFolder();
  const file = join(folder, "nutcracker.yml");
  const lists = [
    "127.0.0.1:6379:1",
    "127.0.0.1:6379:1 a",
    "127.0.0.1:6379:1  a",
    "127.0.0.1:6379:1 a b",
    "127.0.0.1:6379:1 a # comment",
    '"127.0.0.1:6379:1 a"',
    "127.0.0.1:6379",
    "127.0.0.1:6379:0",
    "127.0.0.1:65536:1",
    "127.0.0.1:+1:1",
    "::1:6379:1 a",
    "localhost:11211:4",
    "a:b:c:1:1",
    "/tmp/a:b.sock:1",
  ].map((server) => `  servers:\n   - ${server}\n`);
  const directives = [
    "timeout: 10",
    "timeout: ten",
    "redis_db: 0x1",
    "redis_db: 015",
    "preconnect: True",
    'preconnect: "true"',
    "hash: FNV1A_64",
    "hash: jenkins",
    'hash_tag: "{}"',
    'hash_tag: "é"',
    'hash_tag: ""',
    "hash_tag: '[]'",
    "redis: true",
    "server_connections: 1\n  server_connections: 1",
  ].map((line) => `  ${line}\n  servers:\n   - 127.0.0.1:6379:1 a\n`);
  const differences: string[] = [];
  for (const rest of [...lists, ...directives]) {
    writeFileSync(file, head + rest);
    const refused = spawnSync(nutcracker, ["-t", "-c", file]).status !== 0;
    const errors = parseNutcrackerConfig(head + rest).problems.filter(
      (problem) => problem.severity === "error",
    );
    if (refused !== errors.length > 0) {
      differences.push(`${rest}: nutcracker ${refused ? "refuses" : "accepts"} it`);
    }
  }
  expect(differences).toEqual([]);
});
