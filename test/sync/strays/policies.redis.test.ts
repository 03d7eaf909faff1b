import { expect, test } from "vitest";
import type { MergePolicy } from "../../../server/merge/merge-policy.ts";
import { startNutcracker, startRedis, until } from "../../servers/index.ts";
import { startShardWithScripts } from "../harness/old-master.ts";
import { holdingsOf, sameFacts } from "./holdings.ts";
import { MergeWorld, modulaRing } from "./merge-world.ts";
import { ruleDifferences } from "./rule-differences.ts";

/** Shard 0's key `lone` lies on shard 1 alone, `both` on both, `own` where it belongs. */
async function withStrays(policy: MergePolicy) {
  const world = await MergeWorld.start({ shards: 2, policy });
  const [lone, both, own] = ["lone", "both", "own"].map((name) => world.nameOf(0, name)) as [
    string,
    string,
    string,
  ];
  await world.client(1).mset(lone, "of the stray", both, "of the stray");
  await world.client(0).mset(both, "of the owner", own, "of the owner");
  await world.synchronizing();
  await world.settled();
  const values = () => world.destination.client.mget(lone, both, own);
  return { world, values, lone, both, own };
}

const wins = ["of the stray", "of the owner", "of the owner"];
const only = [null, "of the owner", "of the owner"];

test.each([
  ["owner-wins", wins],
  ["owner-only", only],
] as const)("%s: what lies on the shards before the task begins", async (policy, expected) => {
  const { values } = await withStrays(policy);
  expect(await values()).toEqual(expected);
});

test("last-write: every key is there as one of the shards has it", async () => {
  const { values } = await withStrays("last-write");
  const [lone, both, own] = await values();
  expect([lone, own]).toEqual(["of the stray", "of the owner"]);
  expect(["of the stray", "of the owner"]).toContain(both);
});

test.each([
  ["owner-wins", "owner-only", only],
  ["owner-only", "owner-wins", wins],
  ["last-write", "owner-wins", wins],
  ["last-write", "owner-only", only],
] as const)(
  "from %s to %s each shard is copied as a whole, and the new rule holds",
  async (from, to, expected) => {
    const { world, values } = await withStrays(from);
    await world.stop();
    world.newSyncs({ merge: { policy: to, ring: world.ring } });
    await world.synchronizing();
    await world.settled();
    for (const sync of world.syncs) expect(sync.eventsOf("initial-sync-started")).toHaveLength(1);
    expect(await values()).toEqual(expected);
  },
);

test("the same policy and ring go on from the checkpoint", async () => {
  const { world, values } = await withStrays("owner-wins");
  await world.stop();
  world.newSyncs();
  await world.synchronizing();
  await world.settled();
  for (const sync of world.syncs) expect(sync.eventsOf("initial-sync-started")).toEqual([]);
  expect(await values()).toEqual(wins);
});

test("owner-only: a stray that is written stays away, and one whose owner removes its key does not come", async () => {
  const { world, values, lone, both } = await withStrays("owner-only");
  await world.client(1).append(lone, " again");
  await world.client(1).append(both, " again");
  await world.client(0).del(both);
  await world.settled();
  expect(await values()).toEqual([null, null, "of the owner"]);
});

test("a server was added to the ring long ago: what it owns and others still have is as it has it", async () => {
  const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const addressed = servers.map(({ port }, index) => ({ port, name: `s${index}` }));
  const before = await startNutcracker({ distribution: "modula", servers: addressed.slice(0, 2) });
  const names = Array.from({ length: 120 }, (_, number) => `k${number}`);
  await Promise.all(names.map((name) => before.client.set(name, "before")));
  const after = await startNutcracker({ distribution: "modula", servers: addressed });
  await Promise.all(names.slice(0, 60).map((name) => after.client.set(name, "after")));
  const world = await MergeWorld.start({ shards: 3, policy: "owner-wins", servers });
  await world.synchronizing();
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
  const seen = await Promise.all(names.map((name) => after.client.get(name)));
  const there = await world.destination.client.mget(...names);
  // What the application does not see any more is kept: it may be live data.
  expect(there).toEqual(seen.map((value) => value ?? "before"));
  expect(seen.filter((value) => value === null).length).toBeGreaterThan(10);
});

test("a pool that lists one server under several names", async () => {
  const ring = modulaRing(4);
  const servers = ring.servers.map((server, index) => ({ ...server, shardIndex: index % 2 }));
  const world = await MergeWorld.start({
    shards: 2,
    policy: "owner-wins",
    ring: { ...ring, servers },
  });
  const nutcracker = await startNutcracker({
    distribution: "modula",
    servers: servers.map(({ name, shardIndex }) => ({ name, port: world.shards[shardIndex]!.port })),
  });
  await Promise.all(Array.from({ length: 60 }, (_, n) => nutcracker.client.set(`k${n}`, n)));
  await world.synchronizing();
  await Promise.all(Array.from({ length: 60 }, (_, n) => nutcracker.client.incr(`k${n}`)));
  await world.settled();
  const there = await world.destination.client.mget(...Array.from({ length: 60 }, (_, n) => `k${n}`));
  expect(there).toEqual(Array.from({ length: 60 }, (_, n) => String(n + 1)));
  expect(await ruleDifferences(world)).toEqual([]);
  for (const sync of world.syncs) expect(sync.latest?.merge?.strays).toBe(0);
});

test("three pools go into three databases", async () => {
  const destination = await startRedis();
  const worlds = [];
  for (const number of [0, 1, 2]) {
    const databases = { kind: "pairs", pairs: [{ source: 0, destination: number + 1 }] } as const;
    const spec = { taskId: `pool${number}`, databases };
    worlds.push(await MergeWorld.start({ shards: 2, policy: "owner-wins", spec, destination }));
  }
  for (const [number, world] of worlds.entries()) {
    await world.client(1).mset(world.nameOf(1, "k"), number, world.nameOf(0, "stray"), number);
    await world.synchronizing();
  }
  for (const [number, world] of worlds.entries()) {
    await world.client(1).rename(world.nameOf(0, "stray"), world.nameOf(0, "moved"));
    await world.settled();
    const held = await holdingsOf(destination.client, [number + 1]);
    const [own, moved] = [world.nameOf(1, "k"), world.nameOf(0, "moved")];
    expect([...held.keys()].sort()).toEqual([`${number + 1} ${own}`, `${number + 1} ${moved}`]);
    const [before] = await holdingsOf(world.client(1)).then((shard) => [shard.get(`0 ${moved}`)]);
    expect(sameFacts(held.get(`${number + 1} ${moved}`), before)).toBe(true);
  }
}, 120_000);

test("of several lone strays the one that was written last, also after its shard is copied again", async () => {
  const world = await MergeWorld.start({ shards: 3, policy: "owner-wins" });
  const key = world.nameOf(0, "k");
  await world.client(1).set(key, "of 1");
  await world.client(2).set(key, "of 2");
  await world.synchronizing();
  await world.settled();
  await world.client(2).set(key, "later of 2");
  await world.settled();
  expect(await world.destination.client.get(key)).toBe("later of 2");
  await world.client(1).set(key, "latest of 1");
  await world.settled();
  expect(await world.destination.client.get(key)).toBe("latest of 1");
  await world.copyAgain(2);
  expect(await world.destination.client.get(key)).toBe("latest of 1");
  await until(() => (world.syncs[0]!.latest?.merge?.ambiguous ?? 0) > 0, { what: "it is told as ambiguous" });
});

test("scripts through nutcracker, with keys on two shards", async () => {
  const world = await MergeWorld.start({ shards: 2, policy: "owner-wins" });
  const nutcracker = await startNutcracker({
    distribution: "modula",
    servers: world.shards.map(({ port }, index) => ({ port, name: `s${index}` })),
  });
  const keys = Array.from({ length: 8 }, (_, number) => world.nameOf(number % 2, `k${number}:`));
  await Promise.all(keys.map((key) => nutcracker.client.set(key, "value")));
  await world.synchronizing();
  for (const one of keys) {
    for (const other of keys) {
      if (one === other) continue;
      // nutcracker sends a script to the shard of its first key.
      await nutcracker.client.eval(
        "redis.call('APPEND',KEYS[1],'1') redis.call('APPEND',KEYS[2],'2') redis.call('COPY',KEYS[2],KEYS[1]..'copy')",
        2,
        one,
        other,
      );
    }
  }
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
  await nutcracker.client.eval("return redis.call('DEL',KEYS[1],KEYS[2])", 2, keys[0]!, keys[1]!);
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
});

test.each(["owner-wins", "owner-only"] as const)(
  "%s: a script that an old master hands on leaves the keys of other shards as they are",
  async (policy) => {
    const shard = await startShardWithScripts();
    const world = await MergeWorld.start({
      shards: 2,
      policy,
      servers: [shard.server, await startRedis()],
    });
    const [own, removed, written] = [world.nameOf(0, "own"), world.nameOf(1, "a"), world.nameOf(1, "b")];
    await world.client(1).mset(removed, "of its owner", written, "of its owner");
    await world.synchronizing();
    await world.settled();
    shard.send(
      "EVAL",
      "redis.call('SET',KEYS[1],'by the script') redis.call('DEL',KEYS[2]) redis.call('SET',KEYS[3],'by the script')",
      "3",
      own,
      removed,
      written,
    );
    await until(async () => (await shard.server.client.get(own)) !== null, { what: "the shard has run it" });
    await until(
      async () => {
        const there = await world.destination.client.mget(own, removed, written);
        return there.join() === "by the script,of its owner,of its owner";
      },
      { what: "the owner's values are back" },
    );
  },
);
