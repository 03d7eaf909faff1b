import { expect, test } from "vitest";
import { parseNutcrackerConfig, selectPool } from "../../server/twemproxy/nutcracker-config.ts";
import { maskedConfig, rebuiltConfig, switchedConfig } from "../../server/twemproxy/switched-config.ts";

const text = `# of the shop
alpha:
  listen: 127.0.0.1:22121 # clients
  hash: murmur
  hash_tag: "{}"
  distribution: modula
  auto_eject_hosts: true
  redis: true
  redis_auth: "old secret"
  timeout: 400
  preconnect: true
  sentinels:
   - 10.0.0.9:26379:1
  servers:
   - 10.0.0.1:6379:1 alpha-1
   - 10.0.0.2:6379:1 alpha-2
beta:
  listen: 127.0.0.1:22122
  redis: true
  redis_auth: beta-secret
  servers:
   - 10.0.0.3:6379:1
`;
const server = { host: "10.0.0.7", port: 6380, password: "new: #secret", db: 0 };

test("has the destination as the pool's only server, and leaves all else as it is", () => {
  const next = switchedConfig(text, "alpha", server);
  const config = parseNutcrackerConfig(next);
  expect(config.problems).toEqual([]);
  const [before, after] = [parseNutcrackerConfig(text), config].map((one) => selectPool(one, "alpha"));
  expect(after).toMatchObject({
    listen: before!.listen,
    hash: "murmur",
    hashTag: "{}",
    distribution: "modula",
    timeoutMs: 400,
    redisAuth: "new: #secret",
    autoEjectHosts: false,
    servers: [{ host: "10.0.0.7", port: 6380, weight: 1, name: "destination" }],
  });
  expect(selectPool(config, "beta")).toEqual({
    ...selectPool(parseNutcrackerConfig(text), "beta"),
    line: expect.any(Number),
    servers: expect.any(Array),
  });
  expect(next).toContain("# of the shop");
  expect(next).toContain("preconnect: true");
  expect(next).not.toMatch(/sentinels|10\.0\.0\.1|old secret/);
});

test("names the database where nutcracker selects one, and no password where there is none", () => {
  const pool = (more: Partial<typeof server>) =>
    selectPool(parseNutcrackerConfig(switchedConfig(text, "alpha", { ...server, ...more })), "alpha");
  expect(pool({ password: null as never, db: 3 })).toMatchObject({ redisAuth: null, redisDb: 3 });
  expect(pool({ db: 3 })).toMatchObject({ redisDb: 0 });
});

test("is made of what is known of the pool where the file is not", () => {
  const { redisAuth: _, ...pool } = selectPool(parseNutcrackerConfig(text), "alpha");
  const made = selectPool(parseNutcrackerConfig(rebuiltConfig(pool, server)), "alpha");
  expect(made).toMatchObject({ listen: "127.0.0.1:22121", hash: "murmur", hashTag: "{}", timeoutMs: 400 });
  expect(made.servers).toHaveLength(1);
});

test("is shown without passwords, those in comments too", () => {
  const shown = maskedConfig(`${text}# redis_auth: forgotten\n`);
  expect(shown).not.toMatch(/secret|forgotten/);
  expect(parseNutcrackerConfig(shown).problems.filter(({ severity }) => severity === "error")).toEqual([]);
});
