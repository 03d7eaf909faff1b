import type { Redis } from "ioredis";
import { fillAllEncodings } from "../rdb/fill-all-encodings.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import type { ServerTraits } from "./server-traits.ts";

/** ms since the epoch: far enough for every run, the same in each. */
export const fieldsExpireAt = 4_102_444_800_000;

type Run = (name: string, ...args: (string | number)[]) => Promise<unknown>;
type Many = (count: number, make: (index: number) => (string | number)[]) => (string | number)[];

/** Fills a server with every type in every encoding that it has, large values included. */
export async function fillMatrix(client: Redis, traits: ServerTraits): Promise<void> {
  await fillAllEncodings(client, traits);
  const run: Run = async (name, ...args) => await client.call(name, ...args);
  const many: Many = (count, make) => Array.from({ length: count }, (_, index) => make(index)).flat();

  await run("SADD", "set:small", "a", "b", 3);
  await run("PFADD", "hyperloglog:sparse", 1, 2, 3);
  await run("PFADD", "hyperloglog:dense", ...many(3000, (index) => [index]));
  if (traits.since32)
    await run("GEOADD", "geo", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania");
  if (traits.since50) await streamWithGone(run);
  await largeValues(run, many, traits);
  if (traits.fieldExpiry) await hashesThatExpire(run, many);
  if (traits.vectorSets) {
    await run("VADD", "vectors", "VALUES", 3, 1, 0.5, 0.25, "a", "SETATTR", '{"year":1984}');
    await run("VADD", "vectors", "VALUES", 3, 0.1, 0.2, 0.3, "b");
  }
}

/** One of its pending entries has been deleted. */
async function streamWithGone(run: Run): Promise<void> {
  for (const id of [1, 2, 3]) await run("XADD", "stream:gone", `${id}-1`, "f", id);
  await run("XGROUP", "CREATE", "stream:gone", "readers", 0);
  await run("XREADGROUP", "GROUP", "readers", "one", "COUNT", 3, "STREAMS", "stream:gone", ">");
  await run("XDEL", "stream:gone", "2-1");
}

/** Past this a value does not go as it is, but in pieces; bytes in the RDB. */
const LARGE_BYTES = 1024 * 1024;

/** What cannot be compressed, always the same. */
const noise = seededRandom(1);
const noiseText = Array.from({ length: 1_600_000 }, () => String.fromCharCode(33 + noise.int(94))).join("");
const noiseAt = (index: number, length: number) => {
  const start = (index * length) % (noiseText.length - length);
  return noiseText.slice(start, start + length);
};

async function largeValues(run: Run, many: Many, { since50 }: ServerTraits): Promise<void> {
  await run("SET", "large:string", noiseAt(0, 1_500_000));
  await run("RPUSH", "large:list", ...many(30_000, (index) => [noiseAt(index, 45)]));
  await run("SADD", "large:set", ...many(30_000, (index) => [`${index} ${noiseAt(index, 40)}`]));
  await run("ZADD", "large:zset", ...many(30_000, (index) => [index / 7, `${index} ${noiseAt(index, 40)}`]));
  await run("HMSET", "large:hash", ...many(20_000, (index) => [`field ${index}`, noiseAt(index, 60)]));
  if (!since50) return;
  for (let index = 1; index <= 40; index++) {
    await run("XADD", "large:stream", `${index}-1`, "field", noiseAt(index, 35_000));
  }
  await run("XGROUP", "CREATE", "large:stream", "readers", 0);
  await run("XREADGROUP", "GROUP", "readers", "one", "COUNT", 10, "STREAMS", "large:stream", ">");
}

/** Those whose values go in pieces, by their DUMP. */
export async function keysInPieces(client: Redis): Promise<string[]> {
  const keys: string[] = [];
  for (const key of await client.keysBuffer("*")) {
    const dump = (await client.callBuffer("DUMP", key)) as Buffer;
    if (dump.length > LARGE_BYTES) keys.push(key.toString("latin1"));
  }
  return keys.sort();
}

export const hashesWithFieldExpiry = ["fields:small", "fields:table", "fields:both", "large:fields"];

async function hashesThatExpire(run: Run, many: Many): Promise<void> {
  const expire = async (key: string, ...fields: string[]) =>
    await run("HPEXPIREAT", key, fieldsExpireAt, "FIELDS", fields.length, ...fields);
  await run("HSET", "fields:small", "stays", 1, "goes", 2);
  await expire("fields:small", "goes");
  await run("HSET", "fields:table", ...many(700, (index) => [`f${index}`, `value ${index}`]));
  await expire("fields:table", "f1", "f300", "f699");
  await run("HPEXPIREAT", "fields:table", fieldsExpireAt + 12_345, "FIELDS", 1, "f2");
  await run("HSET", "fields:both", "stays", 1, "goes", 2);
  await expire("fields:both", "goes");
  await run("PEXPIREAT", "fields:both", fieldsExpireAt + 999);
  await run("HSET", "large:fields", ...many(20_000, (index) => [`field ${index}`, noiseAt(index, 60)]));
  await expire("large:fields", "field 7", "field 19999");
}

/** The types that DUMP shows, over all databases. */
export async function rdbTypesOnServer(client: Redis): Promise<number[]> {
  const types = new Set<number>();
  for (const key of await client.keysBuffer("*")) {
    const dump = (await client.callBuffer("DUMP", key)) as Buffer;
    types.add(dump[0]!);
  }
  return [...types].sort((a, b) => a - b);
}
