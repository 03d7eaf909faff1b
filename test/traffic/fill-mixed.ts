import type { Redis } from "ioredis";
import type { Command } from "./mixed-commands.ts";
import { type SeededRandom, seededRandom } from "./seeded-random.ts";

export type FillOptions = {
  readonly keys: number;
  /** A random one, printed, unless given. */
  readonly seed?: number;
  /** In front of each key name; `fill:` unless given. */
  readonly prefix?: string;
  /** Through nutcracker no streams are written. `direct` unless given. */
  readonly through?: "nutcracker" | "direct";
};

/**
 * Writes `keys` keys of all types and encodings, most of them small, one in 200 past the size at which Redis
 * changes to the large encoding, one in 5 with an expiry of an hour to a day. @throws the first error answered.
 */
export async function fillMixed(client: Redis, options: FillOptions): Promise<void> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  if (options.seed === undefined) console.log(`fill seed: ${seed}`);
  const random = seededRandom(seed);
  const prefix = options.prefix ?? "fill:";
  const makers = options.through === "nutcracker" ? plainMakers : [...plainMakers, stream];
  let inFlight: Promise<unknown> = Promise.resolve();
  for (let first = 0; first < options.keys; first += 2000) {
    const pipeline = client.pipeline();
    for (let i = first; i < Math.min(first + 2000, options.keys); i++) {
      const key = `${prefix}${i}`;
      for (const [name, ...args] of random.pick(makers)(random, key)) pipeline.call(name, ...args);
      if (random.oneIn(5)) pipeline.call("PEXPIRE", key, String(3_600_000 + random.int(82_800_000)));
    }
    // The next batch is made while the server works on this one.
    await inFlight;
    inFlight = pipeline.exec().then(throwFirst);
  }
  await inFlight;
}

type Maker = (random: SeededRandom, key: string) => Command[];

const size = (random: SeededRandom) => (random.oneIn(200) ? 600 : 1 + random.int(8));
const repeat = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const word = (random: SeededRandom) => `${random.int(1e9).toString(36)}`;

const string: Maker = (random, key) => [["SET", key, word(random).repeat(1 + random.int(8))]];
const longString: Maker = (random, key) => [["SET", key, word(random).repeat(random.oneIn(50) ? 2000 : 20)]];
const number: Maker = (random, key) => [["SET", key, String(random.int(2 ** 31) - random.int(1000))]];
const list: Maker = (random, key) => [["RPUSH", key, ...repeat(size(random), () => word(random))]];
const hash: Maker = (random, key) => [
  ["HSET", key, ...repeat(size(random), (i) => [`f${i}`, word(random)]).flat()],
];
const set: Maker = (random, key) => [["SADD", key, ...repeat(size(random), () => word(random))]];
const intset: Maker = (random, key) => [
  ["SADD", key, ...repeat(size(random), () => String(random.int(1e9)))],
];
const zset: Maker = (random, key) => [
  ["ZADD", key, ...repeat(size(random), (i) => [String(random.next() * 1000), `m${i}`]).flat()],
];
const bits: Maker = (random, key) => [["SETBIT", key, String(random.int(2000)), "1"]];
const hyperloglog: Maker = (random, key) => [["PFADD", key, ...repeat(size(random), () => word(random))]];
const stream: Maker = (random, key) => [
  ...repeat(
    Math.min(size(random), 100),
    (i): Command => ["XADD", key, `${i + 1}-1`, "f", word(random), "g", word(random)],
  ),
  ...(random.oneIn(3) ? groupWithPendingEntries(key) : []),
];

function groupWithPendingEntries(key: string): Command[] {
  return [
    ["XGROUP", "CREATE", key, "group", "0"],
    ["XREADGROUP", "GROUP", "group", "consumer", "COUNT", "2", "STREAMS", key, ">"],
    ["XACK", key, "group", "1-1"],
  ];
}

/** Strings are what most caches hold: they come more often. */
const plainMakers = [
  string,
  string,
  string,
  longString,
  number,
  number,
  list,
  list,
  hash,
  hash,
  hash,
  set,
  intset,
  zset,
  zset,
];
plainMakers.push(bits, hyperloglog);

function throwFirst(answers: [error: Error | null, result: unknown][] | null): void {
  for (const [error] of answers ?? []) if (error !== null) throw error;
}
