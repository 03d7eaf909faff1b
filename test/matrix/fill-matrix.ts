import type { Redis } from "ioredis";
import { fillAllEncodings } from "../rdb/fill-all-encodings.ts";
import type { ServerTraits } from "./server-traits.ts";

/** ms since the epoch: far enough for every run, the same in each. */
export const fieldsExpireAt = 4_102_444_800_000;

/** Fills a server with every type in every encoding that it has, large values included. */
export async function fillMatrix(client: Redis, traits: ServerTraits): Promise<void> {
  await fillAllEncodings(client, traits);
  const run = async (name: string, ...args: (string | number | Buffer)[]) => await client.call(name, ...args);
  const many = (count: number, make: (index: number) => (string | number)[]) =>
    Array.from({ length: count }, (_, index) => make(index)).flat();

  await run("SADD", "set:small", "a", "b", 3);
  await run("PFADD", "hyperloglog:sparse", 1, 2, 3);
  await run("PFADD", "hyperloglog:dense", ...many(3000, (index) => [index]));
  await run("GEOADD", "geo", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania");
  // Past the size up to which a value is held in memory whole.
  await run("SET", "large:string", Buffer.alloc(1_500_000, "0123456789 and so on, "));
  await run("RPUSH", "large:list", ...many(30_000, (index) => [`element ${index} of a list that is long`]));
  await run("SADD", "large:set", ...many(30_000, (index) => [`member ${index} of a set that is large`]));
  await run(
    "ZADD",
    "large:zset",
    ...many(30_000, (index) => [index / 7, `member ${index} of a sorted set that is large`]),
  );
  await run("HSET", "large:hash", ...many(20_000, (index) => [`field ${index}`, `value ${index}`.repeat(5)]));
  for (let index = 1; index <= 40; index++) {
    await run("XADD", "large:stream", `${index}-1`, "field", String(index).repeat(20_000));
  }
  await run("XGROUP", "CREATE", "large:stream", "readers", 0);
  await run("XREADGROUP", "GROUP", "readers", "one", "COUNT", 10, "STREAMS", "large:stream", ">");

  if (traits.fieldExpiry) await hashesThatExpire(run, many);
  if (traits.vectorSets) {
    await run("VADD", "vectors", "VALUES", 3, 1, 0.5, 0.25, "a", "SETATTR", '{"year":1984}');
    await run("VADD", "vectors", "VALUES", 3, 0.1, 0.2, 0.3, "b");
  }
}

export const hashesWithFieldExpiry = ["fields:small", "fields:table", "fields:both", "large:fields"];

async function hashesThatExpire(
  run: (name: string, ...args: (string | number)[]) => Promise<unknown>,
  many: (count: number, make: (index: number) => (string | number)[]) => (string | number)[],
): Promise<void> {
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
  await run(
    "HSET",
    "large:fields",
    ...many(20_000, (index) => [`field ${index}`, `value ${index}`.repeat(5)]),
  );
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
