import type { RedisServer } from "../servers/index.ts";
import type { SeededRandom } from "../traffic/seeded-random.ts";

const binary = Buffer.from([255, 0, 58, 13, 10]);
type Plant = {
  readonly kind: string;
  readonly name: string;
  readonly make: string[][];
  readonly spoil: string[][];
  /** The parts of the value that are told. */
  readonly parts?: readonly string[];
};
const many = (count: number, make: (index: number) => string[]) =>
  Array.from({ length: count }, (_, i) => make(i)).flat();
const at = "4102444800000";
/** `K` is the key. */
const plants: readonly Plant[] = [
  { kind: "missing", name: "missing", make: [["SET", "K", "v"]], spoil: [["DEL", "K"]] },
  { kind: "missing", name: "missing expiring", make: [["SET", "K", "v", "PXAT", at]], spoil: [["DEL", "K"]] },
  { kind: "extra", name: "extra", make: [], spoil: [["SET", "K", "v"]] },
  { kind: "extra", name: "extra expiring", make: [], spoil: [["SET", "K", "v", "PXAT", at]] },
  {
    kind: "type",
    name: "type",
    make: [["SET", "K", "v"]],
    spoil: [
      ["DEL", "K"],
      ["SADD", "K", "v"],
    ],
  },
  {
    kind: "value",
    name: "string",
    make: [["SET", "K", "x".repeat(3000)]],
    spoil: [["SETRANGE", "K", "2990", "y"]],
    parts: ["string 2990"],
  },
  {
    kind: "value",
    name: "hash",
    make: [["HSET", "K", ...many(700, (i) => [`f${i}`, "v"])]],
    spoil: [["HSET", "K", "f600", "w"]],
    parts: ["field f600"],
  },
  {
    kind: "value",
    name: "set",
    make: [["SADD", "K", ...many(700, (i) => [`m${i}`])]],
    spoil: [["SREM", "K", "m600"]],
    parts: ["member m600"],
  },
  {
    kind: "value",
    name: "zset",
    make: [["ZADD", "K", ...many(700, (i) => [String(i / 3), `m${i}`])]],
    spoil: [["ZINCRBY", "K", "1e-9", "m5"]],
    parts: ["score m5"],
  },
  {
    kind: "value",
    name: "list",
    make: [["RPUSH", "K", ...many(700, (i) => [`e${i}`])]],
    spoil: [["LSET", "K", "600", "w"]],
    parts: ["position 600"],
  },
  {
    kind: "value",
    name: "stream",
    make: [
      ["XADD", "K", "1-1", "f", "v"],
      ["XADD", "K", "1-2", "f", "v"],
    ],
    spoil: [["XDEL", "K", "1-1"]],
    parts: ["last id ", "entry 1-1"],
  },
  {
    kind: "value",
    name: "group",
    make: [
      ["XADD", "K", "1-1", "f", "v"],
      ["XGROUP", "CREATE", "K", "g", "0"],
    ],
    spoil: [["XGROUP", "SETID", "K", "g", "1-1"]],
    parts: ["group g"],
  },
  {
    kind: "value",
    name: "string longer",
    make: [["SET", "K", "x".repeat(3000)]],
    spoil: [["APPEND", "K", "y"]],
    parts: ["string 3000"],
  },
  {
    kind: "value",
    name: "hash field missing",
    make: [["HSET", "K", ...many(700, (i) => [`f${i}`, "v"])]],
    spoil: [["HDEL", "K", "f600"]],
    parts: ["field f600"],
  },
  {
    kind: "value",
    name: "hash field extra",
    make: [["HSET", "K", ...many(700, (i) => [`f${i}`, "v"])]],
    spoil: [["HSET", "K", "new", "v"]],
    parts: ["field new"],
  },
  {
    kind: "value",
    name: "set member extra",
    make: [["SADD", "K", ...many(700, (i) => [`m${i}`])]],
    spoil: [["SADD", "K", "new"]],
    parts: ["member new"],
  },
  {
    kind: "value",
    name: "set of numbers",
    make: [["SADD", "K", ...many(400, (i) => [String(i)])]],
    spoil: [["SREM", "K", "17"]],
    parts: ["member 17"],
  },
  {
    kind: "value",
    name: "zset member missing",
    make: [["ZADD", "K", ...many(700, (i) => [String(i / 3), `m${i}`])]],
    spoil: [["ZREM", "K", "m699"]],
    parts: ["score m699"],
  },
  {
    kind: "value",
    name: "list longer",
    make: [["RPUSH", "K", ...many(700, (i) => [`e${i}`])]],
    spoil: [["RPUSH", "K", "new"]],
    parts: ["position 700"],
  },
  {
    kind: "value",
    name: "list shorter",
    make: [["RPUSH", "K", ...many(700, (i) => [`e${i}`])]],
    spoil: [["RPOP", "K"]],
    parts: ["position 699"],
  },
  {
    kind: "value",
    name: "stream entry extra",
    make: [["XADD", "K", "1-1", "f", "v"]],
    spoil: [["XADD", "K", "1-2", "f", "v"]],
    parts: ["entry 1-2", "last id "],
  },
  {
    kind: "value",
    name: "pending entry",
    make: [
      ["XADD", "K", "1-1", "f", "v"],
      ["XGROUP", "CREATE", "K", "g", "0"],
      ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "K", ">"],
    ],
    spoil: [["XACK", "K", "g", "1-1"]],
    parts: ["pending entry g 1-1"],
  },
  {
    kind: "expiry",
    name: "expiry",
    make: [["SET", "K", "v", "PXAT", at]],
    spoil: [["PEXPIREAT", "K", "4102444800001"]],
  },
  { kind: "expiry", name: "expiry gone", make: [["SET", "K", "v", "PXAT", at]], spoil: [["PERSIST", "K"]] },
];

/** A key that the destination has otherwise than it should. */
export type Planted = {
  readonly kind: string;
  readonly db: number;
  readonly key: Buffer;
  /** Parts of its value that differ, as foundIn tells them. */
  readonly parts: readonly string[];
};

type PlantedTask = {
  readonly shards: readonly RedisServer[];
  readonly destination: RedisServer;
  /** What the shards have written by now has been applied. */
  readonly caughtUp: () => Promise<void>;
};

/**
 * Makes a key for each kind of difference on a shard, with an equal one beside it, and spoils it on the destination.
 * @param ownerOf the index of the shard on which a key is made; any of them unless given.
 */
export async function plantDifferences(
  task: PlantedTask,
  random: SeededRandom,
  ownerOf: (key: Buffer) => number = () => random.int(task.shards.length),
): Promise<Planted[]> {
  const planted = plants.map((plant) => {
    const key = keyOf(random, plant);
    const equal = Buffer.concat([key, Buffer.from(" equal")]);
    return { plant, key, equal, db: random.oneIn(2) ? 0 : 7 };
  });
  for (const { plant, key, equal, db } of planted) {
    await inDb(task.shards[ownerOf(key)]!, db, key, plant.make);
    await inDb(task.shards[ownerOf(equal)]!, db, equal, plant.make);
  }
  await task.caughtUp();
  for (const { plant, key, db } of planted) await inDb(task.destination, db, key, plant.spoil);
  return planted.map(({ plant, key, db }) => ({ kind: plant.kind, db, key, parts: plant.parts ?? [] }));
}

async function inDb(
  server: RedisServer,
  db: number,
  key: Buffer,
  commands: readonly string[][],
): Promise<void> {
  const client = server.client.duplicate();
  await client.select(db);
  for (const [name, ...args] of commands)
    await client.call(name!, ...args.map((arg) => (arg === "K" ? key : arg)));
  client.disconnect();
}

function keyOf(random: SeededRandom, { name }: Plant): Buffer {
  const key = Buffer.from(`planted ${name} ${random.int(1e6)}`);
  return random.oneIn(3) ? Buffer.concat([binary, key]) : key;
}
