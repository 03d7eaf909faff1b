import { expect, test } from "vitest";
import type { RingSpec } from "../../../server/merge/merge-policy.ts";
import { startNutcracker, startRedis } from "../../servers/index.ts";
import { MergeWorld } from "./merge-world.ts";
import { ruleDifferences } from "./rule-differences.ts";

const KEYS = 300;

/** nutcracker's ring over servers of these names; nutcracker writes of a pool are those of its clients. */
function ketamaRing(names: readonly string[]): RingSpec {
  const servers = names.map((name, shardIndex) => ({ name, weight: 1, shardIndex }));
  return { hash: "fnv1a_64", hashTag: null, distribution: "ketama", servers };
}

test("keys that an added server has been given are as it has them, and what it has not been written is not lost", async () => {
  const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const named = servers.map(({ port }, index) => ({ port, name: `alpha-${index}` }));
  const before = await startNutcracker({ servers: named.slice(0, 2) });
  for (let key = 0; key < KEYS; key++) await before.client.hset(`user:${key}`, "before", key);
  const after = await startNutcracker({ servers: named });
  // The application does not see what moved to the third server, and begins such keys anew.
  for (let key = 0; key < KEYS; key += 2) await after.client.hincrby(`user:${key}`, "since", 1);
  const world = await MergeWorld.start({
    ...{ shards: 3, policy: "owner-wins", servers },
    ring: ketamaRing(named.map(({ name }) => name)),
  });
  await world.synchronizing();
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
  for (let key = 0; key < KEYS; key += 3) await after.client.hincrby(`user:${key}`, "since", 1);
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
  const moved = Array.from({ length: KEYS }, (_, key) => `user:${key}`).filter(
    (name) => world.ownerOf(name) === 2,
  );
  expect(moved.length).toBeGreaterThan(KEYS / 10);
  const { client } = world.destination;
  expect(await client.exists(...Array.from({ length: KEYS }, (_, key) => `user:${key}`))).toBe(KEYS);
  for (const name of moved) {
    const own = await after.client.hgetall(name);
    const number = name.slice("user:".length);
    expect(await client.hgetall(name), name).toEqual("since" in own ? own : { before: number });
  }
  await world.stop();
});

test("scripts with keys on two shards leave each shard's keys as its owner has them", async () => {
  const servers = await Promise.all([startRedis(), startRedis()]);
  const named = servers.map(({ port }, index) => ({ port, name: `alpha-${index}` }));
  const { client } = await startNutcracker({ servers: named });
  const world = await MergeWorld.start({
    ...{ shards: 2, policy: "owner-wins", servers },
    ring: ketamaRing(named.map(({ name }) => name)),
  });
  await world.synchronizing();
  const script =
    "redis.call('INCR', KEYS[1]); redis.call('APPEND', KEYS[2], 's'); return redis.call('GET', KEYS[2])";
  const [mine, theirs, nobodys] = [
    world.nameOf(0, "mine:"),
    world.nameOf(1, "theirs:"),
    world.nameOf(1, "nobodys:"),
  ];
  await client.set(theirs, "the owner's");
  // nutcracker sends a script to the server of its first key: it sees none of the other's keys.
  for (let time = 0; time < 3; time++) {
    expect(await client.eval(script, 2, mine, theirs)).toBe("s".repeat(time + 1));
    await client.eval(script, 2, mine, nobodys);
  }
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
  const { client: destination } = world.destination;
  expect(await destination.mget(mine, theirs, nobodys)).toEqual(["6", "the owner's", "sss"]);
  await client.append(theirs, ", and more");
  await client.append(nobodys, "begun anew");
  await world.settled();
  expect(await destination.mget(theirs, nobodys)).toEqual(["the owner's, and more", "begun anew"]);
  expect(await ruleDifferences(world)).toEqual([]);
  await world.stop();
});

test("three pools keep their keys of equal names apart, each in a database of its own", async () => {
  const destination = await startRedis();
  const worlds = await Promise.all(
    [0, 1, 2].map(async (pool) => {
      const servers = await Promise.all([startRedis(), startRedis()]);
      const named = servers.map(({ port }, index) => ({ port, name: `pool-${pool}-${index}` }));
      const nutcracker = await startNutcracker({ servers: named });
      const world = await MergeWorld.start({
        ...{ shards: 2, policy: "owner-wins", servers, destination },
        ring: ketamaRing(named.map(({ name }) => name)),
        spec: {
          taskId: `pool-${pool}`,
          taskName: `pool-${pool}`,
          databases: { kind: "pairs", pairs: [{ source: 0, destination: pool }] },
        },
      });
      return { pool, nutcracker, world };
    }),
  );
  for (const { pool, nutcracker } of worlds)
    for (let key = 0; key < KEYS; key++) await nutcracker.client.set(`user:${key}`, `of pool ${pool}`);
  for (const { world } of worlds) await world.synchronizing();
  for (const { nutcracker, world } of worlds) {
    for (let key = 0; key < KEYS; key += 2) await nutcracker.client.append(`user:${key}`, "!");
    await nutcracker.client.del("user:1");
    await world.settled();
  }
  // What one copies again, or removes, touches no other's.
  await worlds[0]!.nutcracker.client.del("user:3");
  await worlds[0]!.world.copyAgain(0);
  await worlds[0]!.world.copyAgain(1);
  const own = destination.client.duplicate();
  for (const { pool, nutcracker } of worlds) {
    await own.select(pool);
    for (let key = 0; key < KEYS; key++) {
      const name = `user:${key}`;
      expect(await own.get(name), `${name} in ${pool}`).toBe(await nutcracker.client.get(name));
    }
  }
  own.disconnect();
  for (const { world } of worlds) await world.stop();
});
