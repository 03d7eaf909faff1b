import { expect } from "vitest";
import { type SeededRandom, seededRandom } from "../../traffic/seeded-random.ts";
import { seed } from "../harness/check-property.ts";
import type { MergeWorld } from "./merge-world.ts";
import { ruleDifferences } from "./rule-differences.ts";

/** Of each shard in each round. */
const COMMANDS = 300;
const KEYS = 24;
const FAR = 2_000_000_000_000;

/** A command over keys of anybody's: each of them becomes, changes or ceases to be a stray by it. */
function anyCommand(random: SeededRandom, names: readonly string[]): (string | number)[] {
  const key = () => names[random.int(names.length)]!;
  const value = random.int(1000);
  switch (random.int(20)) {
    case 0:
    case 1:
      return ["SET", key(), value];
    case 2:
      return ["SET", key(), value, "PXAT", FAR + value];
    case 3:
      return ["SET", key(), value, "PX", 1 + random.int(300)];
    case 4:
      return ["RPUSH", key(), value, value + 1];
    case 5:
      return ["SADD", key(), value, value + 1];
    case 6:
    case 7:
    case 8:
      return ["DEL", key()];
    case 9:
      return ["UNLINK", key(), key(), key()];
    case 10:
      return ["RENAME", key(), key()];
    case 11:
      return ["COPY", key(), key(), "REPLACE"];
    case 12:
      return ["SUNIONSTORE", key(), key(), key()];
    case 13:
      return ["SMOVE", key(), key(), value];
    case 14:
      return ["LMOVE", key(), key(), "LEFT", "RIGHT"];
    case 15:
      return ["PEXPIRE", key(), 1 + random.int(400)];
    case 16:
      return ["PERSIST", key()];
    case 17:
      return ["MSET", key(), value, key(), value];
    case 18:
      return [
        "EVAL",
        "redis.call('DEL',KEYS[1]) redis.call('APPEND',KEYS[2],ARGV[1])",
        2,
        key(),
        key(),
        value,
      ];
    default:
      return ["INCR", key()];
  }
}

/** Writes to one shard, some of it in transactions. What is refused for a value's type is not in its stream. */
async function write(world: MergeWorld, shard: number, random: SeededRandom, names: readonly string[]) {
  const client = world.client(shard);
  for (let left = COMMANDS; left > 0; ) {
    const transaction = random.int(10) === 0;
    const some = transaction ? client.multi() : client.pipeline();
    for (let batch = 1 + random.int(6); batch > 0; batch--, left--) {
      some.call(...(anyCommand(random, names) as [string, ...string[]]));
    }
    await some.exec();
  }
}

/** One of the engine's shard syncs ends, with or without what it has received, and begins again. */
async function disturb(world: MergeWorld, random: SeededRandom): Promise<void> {
  const sync = world.syncs[random.int(world.syncs.length)]!;
  if (random.int(2) === 0) {
    await sync.stop();
    sync.start();
    return;
  }
  // The connections that write end in the middle of what they are at.
  for (const line of String(await world.destination.client.client("LIST")).split("\n")) {
    const id = /^id=(\d+) /.exec(line)?.[1];
    if (id !== undefined && line.includes(`tributary:test:${sync.spec.shardId}:`)) {
      await world.destination.client.client("KILL", "ID", id);
    }
  }
}

async function deleteExpired(world: MergeWorld): Promise<void> {
  for (const { client } of world.shards) {
    let cursor = "0";
    do {
      [cursor] = await client.scan(cursor, "COUNT", 1000);
    } while (cursor !== "0");
  }
}

/**
 * Rounds in which every shard writes keys of anybody's at once, while shard syncs end and come back: strays without
 * their owner's key become duplicates and the other way round. After each the destination is the sum by the rule.
 */
export async function loneStrayRounds(
  world: MergeWorld,
  rounds: number,
  random: SeededRandom,
): Promise<void> {
  const { length: shards } = world.shards;
  await world.synchronizing();
  for (let round = 0; round < rounds; round++) {
    const names = Array.from({ length: KEYS }, (_, at) => world.nameOf(at % shards, `${round}:${at}:`));
    const where = `TEST_SEED=${seed}, round ${round}`;
    const disturbed = random.int(3) > 0;
    await Promise.all([
      ...world.shards.map((_, shard) => write(world, shard, seededRandom(random.int(2 ** 31)), names)),
      disturbed ? disturb(world, seededRandom(random.int(2 ** 31))) : null,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await deleteExpired(world);
    await world.settled();
    expect(await ruleDifferences(world), where).toEqual([]);
  }
  expect(world.syncs.flatMap((sync) => sync.refused())).toEqual([]);
}
