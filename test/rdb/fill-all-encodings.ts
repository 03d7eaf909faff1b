import type { Redis } from "ioredis";

type Arg = string | number | Buffer;

/** What came with Redis 5.0, 6.2 and 7.0. */
export type FillTraits = { readonly since50: boolean; readonly since62: boolean; readonly since70: boolean };

/** Fills a Redis 7.0 with every type in every encoding that it writes into an RDB; an older one with what it has. */
export async function fillAllEncodings(
  client: Redis,
  traits: FillTraits = { since50: true, since62: true, since70: true },
): Promise<void> {
  const run = async (...args: [string, ...Arg[]]) => await client.callBuffer(args[0], ...args.slice(1));
  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => make(index));
  await strings(run);
  await lists(run, many, traits);
  await sets(run, many);
  await sortedSets(run, many);
  await hashes(run, many);
  if (traits.since50) await streams(run, traits);
  // Keys may be integers, compressed, empty or of any bytes, and live in any database.
  for (const key of ["0", "-7", "300", "70000", "-2147483648", "9999999999", "", "k".repeat(500)]) {
    await run("SET", key, "value");
  }
  await run("SET", Buffer.from([0, 1, 255, 13, 10]), "value");
  await run("SET", "expires", "x");
  await run("PEXPIREAT", "expires", 4_102_444_800_123);
  await run("HSET", "expires:hash", "a", 1);
  await run("PEXPIREAT", "expires:hash", 4_102_444_800_999);
  if (traits.since70) {
    await run("FUNCTION", "LOAD", "#!lua name=mylib\nredis.register_function('f', function() return 1 end)");
  }
  await run("SELECT", 3);
  await run("SET", "third", "database");
  await run("SELECT", 0);
}

type Run = (...args: [string, ...Arg[]]) => Promise<unknown>;
type Many = <T>(count: number, make: (index: number) => T) => T[];

async function strings(run: Run): Promise<void> {
  const values = [
    "",
    "a",
    "0",
    "-1",
    "127",
    "128",
    "-129",
    "32767",
    "32768",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "012",
  ];
  for (const [index, value] of values.entries()) await run("SET", `string:${index}`, value);
  await run("SET", "string:lzf", "abc".repeat(400));
  await run("SET", "string:lzf:long", `${"the quick brown fox ".repeat(9_000)}end`);
  await run(
    "SET",
    "string:binary",
    Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7919) & 255)),
  );
  await run("SETBIT", "string:sparse", 3_000_000, 1);
}

async function lists(run: Run, many: Many, { since70 }: FillTraits): Promise<void> {
  await run(
    "RPUSH",
    "list:small",
    "a",
    1,
    -1,
    127,
    4095,
    -4096,
    32767,
    8388607,
    2147483647,
    "9223372036854775807",
    "-9223372036854775808",
    "",
  );
  await run(
    "RPUSH",
    "list:texts",
    "x".repeat(63),
    "x".repeat(64),
    "y".repeat(200),
    "z".repeat(4095),
    "z".repeat(4096),
  );
  await run("RPUSH", "list:nodes", ...many(5_000, (index) => `element-${index}`));
  if (since70) await run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "300b");
  await run("RPUSH", "list:plain", "small", "p".repeat(1_000), "after", "q".repeat(100_000), "end");
  if (since70) await run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", 0);
}

async function sets(run: Run, many: Many): Promise<void> {
  await run("SADD", "set:int16", -32768, 0, 32767);
  await run("SADD", "set:int32", 1, 32768, -2147483648);
  await run("SADD", "set:int64", 1, "9223372036854775807", "-9223372036854775808");
  await run("SADD", "set:table", "a", 1, "", "m".repeat(1_000));
  await run("SADD", "set:large", ...many(3_000, (index) => `member-${index}`));
}

async function sortedSets(run: Run, many: Many): Promise<void> {
  const scores = [
    "inf",
    "-inf",
    "0",
    "-0",
    "0.1",
    "-1.5",
    "3.0000000000000004",
    "1e300",
    "5e-324",
    "1.7976931348623157e308",
    "9007199254740993",
    "123456789.123456789",
  ];
  await run("ZADD", "zset:listpack", ...scores.flatMap((score, index) => [score, `m${index}`]));
  await run(
    "ZADD",
    "zset:skiplist",
    ...scores.flatMap((score, index) => [score, `m${index}${"n".repeat(100)}`]),
  );
  await run(
    "ZADD",
    "zset:large",
    ...many(2_000, (index) => [Math.sin(index) * 10 ** (index % 40), `m${index}`]).flat(),
  );
}

async function hashes(run: Run, many: Many): Promise<void> {
  await run("HMSET", "hash:listpack", "name", "x", "age", 42, "empty", "", "negative", -100_000);
  await run("HMSET", "hash:table", "long", "v".repeat(70_000), "f".repeat(300), "1");
  await run("HMSET", "hash:large", ...many(3_000, (index) => [`field-${index}`, index]).flat());
}

async function streams(run: Run, { since62, since70 }: FillTraits): Promise<void> {
  await run("CONFIG", "SET", "stream-node-max-entries", 5);
  for (let index = 1; index <= 23; index++) {
    await run(
      "XADD",
      "stream:full",
      `${index * 1000}-${index % 3}`,
      "temperature",
      index,
      ...(index % 4 === 0 ? ["humidity", "h".repeat(index * 20)] : []),
    );
  }
  await run("XDEL", "stream:full", "1000-1", "4000-1", "11000-2", "12000-0");
  await run("XGROUP", "CREATE", "stream:full", "workers", 0);
  await run("XREADGROUP", "GROUP", "workers", "alice", "COUNT", 6, "STREAMS", "stream:full", ">");
  await run("XREADGROUP", "GROUP", "workers", "bob", "COUNT", 4, "STREAMS", "stream:full", ">");
  await run("XACK", "stream:full", "workers", "3000-0");
  if (since62) await run("XGROUP", "CREATECONSUMER", "stream:full", "workers", "idle");
  await run("XCLAIM", "stream:full", "workers", "bob", 0, "5000-2", "RETRYCOUNT", 9);
  await run("XGROUP", "CREATE", "stream:full", "late", "$");
  await run("XGROUP", "CREATE", "stream:full", "middle", "9000-0", ...(since70 ? ["ENTRIESREAD", 7] : []));
  await run("XADD", "stream:emptied", "5-5", "a", "b");
  await run("XGROUP", "CREATE", "stream:emptied", "g", 0);
  await run("XDEL", "stream:emptied", "5-5");
  await run("XGROUP", "CREATE", "stream:never", "g", 0, "MKSTREAM");
  await run("XADD", "stream:trimmed", "1-1", "a", "1");
  await run("XADD", "stream:trimmed", "18446744073709551615-1", "b", "2");
  await run("XADD", "stream:trimmed", "MAXLEN", 1, "18446744073709551615-18446744073709551615", "b", "2");
}
