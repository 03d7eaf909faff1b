import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { parseNutcrackerConfig, selectPool } from "../../server/twemproxy/nutcracker-config.ts";
import { nutcrackerDistributions, nutcrackerHashes } from "../../server/twemproxy/nutcracker-pool.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

const root = join(import.meta.dirname, "..", "..");
/** The form in which operators have it, with every directive, comments, quotes, and a pool of another kind. */
const samples = [
  `# the cache
alpha:
  listen: 127.0.0.1:22121
  hash: murmur
  hash_tag: "{}"
  distribution: ketama
  timeout: 400
  redis: true
  redis_auth: s3cret
  redis_db: 5
  auto_eject_hosts: true
  server_retry_timeout: 2000
  server_failure_limit: 3
  server_connections: 2
  preconnect: true
  servers:
    - 10.0.0.1:6379:1 alpha-1
    - ::1:6380:2   # by its address
    - cache.example:11211:3
beta:
  listen: /var/run/nutcracker.sock 0666
  backlog: 512
  servers:
   - 127.0.0.1:11211:1
   - /tmp/redis.sock:1 named
`,
  'a: &b\n  listen: 0.0.0.0:1\n  redis: true\n  servers: [127.0.0.1:1:1 x, "127.0.0.1:2:1 y"]\nc: *b\n',
  `leaf: {listen: "127.0.0.1:1", redis: true, hash: 'fnv1a_64', servers: [h:1:1]}\n`,
];
const known = {
  hash: nutcrackerHashes as readonly string[],
  ring: nutcrackerDistributions as readonly string[],
};

test(`a broken nutcracker.yml gives pools and problems with their lines, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const conf = join(root, "conf");
  const files = (() => {
    try {
      return readdirSync(conf).filter((name) => name.endsWith(".yml"));
    } catch {
      return [];
    }
  })();
  const corpus = [...samples, ...files.map((name) => readFileSync(join(conf, name), "utf8"))];
  await fuzz({
    name: "nutcracker.yml",
    corpus: corpus.map((text) => Buffer.from(text)),
    fields: "decimal",
    refuses: true,
    mayAllocate: (bytes) => 64 * 1024 + 16 * bytes,
    read: (input) => {
      const text = input.toString();
      const config = parseNutcrackerConfig(text);
      const lines = text.split("\n").length;
      for (const { line, message, remedy, severity, code } of config.problems) {
        expect(line ?? 1).toBeGreaterThanOrEqual(1);
        expect(line ?? 1).toBeLessThanOrEqual(lines);
        expect([message.length > 0, remedy.length > 0, severity === "error"]).toEqual([
          true,
          true,
          code !== undefined,
        ]);
      }
      for (const pool of config.pools) {
        expect([known.hash.includes(pool.hash), known.ring.includes(pool.distribution)]).toEqual([
          true,
          true,
        ]);
        for (const server of pool.servers) {
          expect(server.weight).toBeGreaterThanOrEqual(1);
          expect(server.socket !== null || (server.port >= 1 && server.port <= 65_535)).toBe(true);
        }
      }
      try {
        selectPool(config, null);
        return false;
      } catch (error) {
        if (!(error instanceof TributaryError)) throw error;
        return true;
      }
    },
  });
});
