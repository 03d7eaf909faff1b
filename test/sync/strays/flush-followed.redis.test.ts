import { expect, test } from "vitest";
import { until } from "../../servers/index.ts";
import { MergeWorld } from "./merge-world.ts";

/** Past the bound under which a shard that shrank is not asked about. */
const KEYS = 1500;

test.each(["flushall", "flushdb"] as const)(
  "a %s is carried out for the keys that the shard owns, and for no others, where the task says so",
  async (flush) => {
    const world = await MergeWorld.start({
      shards: 2,
      policy: "owner-wins",
      spec: {
        onFlush: "own-keys",
        shrink: { onShrink: "hold", maxKeys: 1000, maxShare: 0.1 },
      },
    });
    const own = [0, 1].map((shard) =>
      Array.from({ length: KEYS }, (_, number) => world.nameOf(shard, `${number}:`)),
    );
    for (const [shard, names] of own.entries()) {
      await world.client(shard).mset(Object.fromEntries(names.map((name) => [name, "v"])));
    }
    for (const sync of world.syncs) sync.start();
    const { client } = world.destination;
    const count = async (names: readonly string[]) => await client.exists(...names);
    await until(async () => (await count(own.flat())) === 2 * KEYS, { what: "all keys are there" });
    await world.client(0)[flush]();
    await world.client(0).set(own[0]![0]!, "since");
    await until(async () => (await count(own[0]!)) === 1, {
      what: "the shard's keys are gone but for the new one",
      timeoutMs: 30_000,
    });
    expect(await client.get(own[0]![0]!)).toBe("since");
    expect(await count(own[1]!)).toBe(KEYS);
    await world.syncs[0]!.reaches("synchronizing");
    expect(world.syncs[0]!.statuses).not.toContain("held");
    expect(world.syncs[0]!.eventsOf("flush-followed")).toHaveLength(1);
    expect(world.syncs[0]!.latest?.differs).toBeNull();
  },
);

test("without a ring nobody can tell whose keys they are: the flush is skipped, and the shard differs", async () => {
  const world = await MergeWorld.start({ shards: 2, policy: "last-write", spec: { onFlush: "own-keys" } });
  await world.client(0).set("k", "v");
  for (const sync of world.syncs) sync.start();
  const { client } = world.destination;
  await until(async () => (await client.exists("k")) === 1, { what: "the key is there" });
  await world.client(0).flushall();
  const differs = () => world.syncs[0]!.latest?.differs?.causes.map(({ code }) => code) ?? [];
  await until(() => differs().includes("FLUSHALL"), { what: "the shard differs" });
  expect(await client.get("k")).toBe("v");
  expect(world.syncs[0]!.eventsOf("flush-followed")).toEqual([]);
});
