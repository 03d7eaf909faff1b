import { expect, test } from "vitest";
import { doubtfulKeysKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { MergeWorld } from "./merge-world.ts";

/** A pool of two shards with a ring, and beside it, on the same destination, a task of one shard. */
async function besidePool() {
  const world = await MergeWorld.start({ shards: 2, policy: "owner-wins" });
  const [other, { client: destination }] = [await startRedis(), world.destination];
  await world.synchronizing();
  const neighbor = new SyncForTest({
    taskId: "neighbor",
    taskName: "neighbor",
    source: endpointAt(other),
    destination: endpointAt(world.destination),
  }).start();
  await neighbor.caughtUp(other.client, destination);
  const settled = async () => {
    await neighbor.caughtUp(other.client, destination);
    await world.settled();
  };
  return { world, destination, other: other.client, settled };
}

test("a key that a neighbor has given up and brought again is not taken for a copy that is gone", async () => {
  const { world, destination, other, settled } = await besidePool();
  const keys = [world.nameOf(0, "key:"), world.nameOf(1, "key:")] as [string, string];
  await other.mset(keys[0], "1", keys[1], "1");
  await settled();
  // The neighbor asks all other shard syncs whether their shards have them.
  await other.unlink(...keys);
  await settled();
  expect(await destination.exists(...keys)).toBe(0);
  await other.mset(keys[0], "2", keys[1], "2");
  await settled();
  expect(await destination.keys("tributary:strays:*")).toEqual([]);
  for (const shard of [0, 1]) {
    await world.copyAgain(shard);
    expect(await destination.mget(keys), `shard ${shard} was copied again`).toEqual(["2", "2"]);
  }
  await world.stop();
});

test("a copy that is gone takes nothing with it that a neighbor has brought", async () => {
  const { world, destination, other, settled } = await besidePool();
  const key = world.nameOf(0, "key:");
  // A stray of the pool: its owner does not hold it.
  await world.client(1).set(key, "stray");
  await settled();
  expect(await destination.get(key)).toBe("stray");
  await world.client(1).del(key);
  await settled();
  expect(await destination.exists(key)).toBe(0);
  await world.client(0).set(key, "the owner's");
  await world.client(1).set(key, "stale");
  await settled();
  expect(await destination.get(key)).toBe("the owner's");
  await world.client(0).del(key);
  await world.client(1).del(key);
  await settled();
  await other.set(key, "the neighbor's");
  await settled();
  // Decided again, as after a copy of the shard that held the stray.
  const { taskId, shardId } = world.syncs[0]!.spec;
  await destination.sadd(doubtfulKeysKey(taskId, shardId), `stray 0:${key}`);
  await until(async () => (await destination.exists(doubtfulKeysKey(taskId, shardId))) === 0, {
    what: "it is decided",
  });
  expect(await destination.get(key)).toBe("the neighbor's");
  await world.stop();
});
