import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseNutcrackerConfig } from "../../server/twemproxy/nutcracker-config.ts";
import { nutcrackerHashes } from "../../server/twemproxy/nutcracker-pool.ts";
import { createRing } from "../../server/twemproxy/ring.ts";
import { Child } from "../servers/child.ts";
import { freePort, type RedisServer, startRedis, temporaryFolder, until } from "../servers/index.ts";
import { requiredBinary } from "../servers/required-binary.ts";

/** The judge is nutcracker: it writes the keys, and each shard is asked which ones it holds. */
const shards: RedisServer[] = [];
let nutcracker: Child;
let text = "";
const ports = new Map<string, number>();

const names = [
  [
    "alpha-1",
    "b",
    "long-name-of-a-server-that-counts-more-than-eighty-six-bytes-in-all-to-see-that-it-is-not-cut-off",
  ],
  [null, null, null],
] as const;
const weights = [
  [1, 1, 1],
  [3, 1, 7],
] as const;

beforeAll(async () => {
  shards.push(...(await Promise.all([startRedis(), startRedis(), startRedis()])));
  for (const hash of nutcrackerHashes) {
    for (const distribution of ["ketama", "modula"]) {
      for (const tag of [null, "{}", "$$"]) {
        for (const [row, weight] of weights.entries()) {
          const variant = (nutcrackerHashes.indexOf(hash) + row) % 2;
          const name = `${hash}-${distribution}-${tag ?? "none"}-${weight.join("")}-${variant ? "plain" : "named"}`;
          const port = await freePort();
          ports.set(name, port);
          text += `"${name}":\n  listen: 127.0.0.1:${port}\n  hash: ${hash}\n  distribution: ${distribution}\n`;
          if (tag !== null) text += `  hash_tag: "${tag}"\n`;
          text += "  redis: true\n  servers:\n";
          shards.forEach((shard, index) => {
            const given = names[variant]![index];
            text += `    - 127.0.0.1:${shard.port}:${weight[index]}${given ? ` ${given}` : ""}\n`;
          });
        }
      }
    }
  }
  const folder = temporaryFolder();
  await writeFile(join(folder, "nutcracker.yml"), text);
  const stats = await freePort();
  const args = ["-c", join(folder, "nutcracker.yml"), "-s", `${stats}`, "-a", "127.0.0.1"];
  nutcracker = new Child(requiredBinary("nutcracker", "nutcracker"), args, {
    logFile: join(folder, "nutcracker.log"),
    directory: folder,
  });
  const last = [...ports.values()].at(-1)!;
  await until(() => answers(last), { what: "nutcracker listens for its last pool", timeoutMs: 20_000 });
});

afterAll(async () => {
  await nutcracker?.kill();
});

test("finds the shard of every key that a real nutcracker wrote, for each hash, distribution, tag and weight", async () => {
  const config = parseNutcrackerConfig(text);
  expect(config.problems).toEqual([]);
  expect(config.pools).toHaveLength(ports.size);
  const keys = testKeys();
  const owners = new Map<string, number>();
  for (const pool of config.pools) {
    const proxy = new Redis({
      port: ports.get(pool.name)!,
      protocol: 2,
      disableClientInfo: true,
      enableReadyCheck: false,
    });
    await Promise.all(keys.map((key) => proxy.set(key, "1")));
    proxy.disconnect();
    const ring = createRing(pool);
    const held = new Map<string, number>();
    for (const [index, shard] of shards.entries()) {
      for (const key of await shard.client.keysBuffer("*")) held.set(key.toString("latin1"), index);
      await shard.client.flushall();
    }
    expect(held.size).toBe(keys.length);
    const wrong = keys.filter((key) => ring.ownerOf(key) !== held.get(key.toString("latin1")));
    expect(wrong, pool.name).toEqual([]);
    for (const owner of held.values()) owners.set(`${owner}`, (owners.get(`${owner}`) ?? 0) + 1);
  }
  // The three shards have all been used: the keys do tell rings apart.
  expect(owners.size).toBe(3);
});

/** Short, long, binary, with high bits, with every kind of tag; the same at each run. */
function testKeys(): Buffer[] {
  const keys = new Map<string, Buffer>();
  const add = (key: Buffer) => keys.set(key.toString("latin1"), key);
  let state = 12345;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  for (let n = 0; n < 60; n++) add(Buffer.from(`user:${n}`));
  for (let length = 1; length <= 120; length++) add(Buffer.from(Array.from({ length }, () => random(256))));
  for (let n = 0; n < 60; n++)
    add(Buffer.from(Array.from({ length: 1 + (n % 14) }, () => 128 + random(128))));
  for (let n = 0; n < 10; n++) add(Buffer.from(`a{tag${n}}b${n}`));
  for (const key of ["{}", "a{}b", "a{}b{c}", "{a{b}", "}a{", "{", "}", "$", "$$", "$a$b$c$", "a$$b"])
    add(Buffer.from(key));
  for (const length of [255, 1000, 4001]) add(Buffer.alloc(length, 0xe9));
  for (let n = 0; n < 40; n++) add(Buffer.from(`schlüssel:${n}:✓`));
  return [...keys.values()];
}

async function answers(port: number): Promise<boolean> {
  const client = new Redis({
    port,
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    retryStrategy: null,
    lazyConnect: true,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } finally {
    client.disconnect();
  }
}
