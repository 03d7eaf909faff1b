import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { resyncsOf } from "../harness/replicated-shard.ts";
import { endpointAt } from "../harness/sync-for-test.ts";
import { syncsOfTask } from "../harness/syncs-of-task.ts";

/** Two shards of one task, synchronized, with traffic. */
async function twoShards() {
  const destination = await startRedis();
  const shards = [await startRedis(), await startRedis()] as const;
  for (const [index, shard] of shards.entries()) {
    await fillMixed(shard.client, { keys: 1_000, seed: seed + index, prefix: `fill-${index}:` });
  }
  const sources = shards.map((shard) => endpointAt(shard));
  const syncs = syncsOfTask(sources, endpointAt(destination));
  for (const sync of syncs) sync.start();
  for (const sync of syncs) await sync.reaches("synchronizing", 60_000);
  const writers = shards.map((shard, index) =>
    new TrafficWriter(shard.client, {
      seed: seed + index,
      prefix: `${index}:`,
      through: "direct",
      commandsPerSecond: 1_000,
    }).start(),
  );
  return { shards, destination, syncs, writers };
}

const writesOn = async (writer: TrafficWriter, commands: number) => {
  const wanted = writer.commands + commands;
  await until(() => writer.commands > wanted, { what: "there is traffic", timeoutMs: 60_000 });
};

const keysOf = async ({ client }: RedisServer, pattern: string) => (await client.keys(pattern)).length;

test.each([
  { comes: "empty, since it keeps nothing on disk", saves: false },
  { comes: "with an older RDB", saves: true },
])(
  "a shard that is killed with -9 and comes back $comes has its part of the destination follow, and no other",
  async ({ saves }) => {
    const { shards, destination, syncs, writers } = await twoShards();
    const [shard, other] = shards;
    await writesOn(writers[0]!, 500);
    if (saves) {
      await shard.client.set("marker", "as it was saved");
      await shard.client.save();
      await shard.client.set("marker", "as it was killed");
    }
    await shard.client.set("lost", "1");
    await writesOn(writers[0]!, 1_000);
    await until(() => destination.client.exists("lost"), {
      what: "the destination has what will be lost",
      timeoutMs: 60_000,
    });
    await shard.restart();
    await until(() => syncs[0]!.latest?.initialSync?.attempt === 2, {
      what: "another initial sync",
      timeoutMs: 60_000,
    });
    expect(syncs[0]!.latest?.initialSync?.why).toMatch(/restarted/);
    await syncs[0]!.reaches("synchronizing", 60_000);
    await writesOn(writers[0]!, 500);
    for (const writer of writers) await writer.stop();
    for (const [index, sync] of syncs.entries())
      await sync.caughtUp(shards[index]!.client, destination.client, 60_000);
    for (const sync of syncs) await sync.stop();
    await expectUnion(shards, destination);
    expect(await destination.client.get("marker")).toBe(saves ? "as it was saved" : null);
    expect(await destination.client.exists("lost")).toBe(0);
    expect(await keysOf(destination, "fill-0:*")).toBe(await keysOf(shard, "fill-0:*"));
    expect((await keysOf(shard, "fill-0:*")) > 0).toBe(saves);
    expect(await keysOf(destination, "fill-1:*")).toBeGreaterThan(0);
    expect(syncs[0]!.eventsOf("stale-keys-removed")).toHaveLength(1);
    expect(syncs[0]!.eventsOf("stale-keys-kept")).toEqual([]);
    expect(syncs[1]!.eventsOf("source-link-lost")).toEqual([]);
    expect(syncs[1]!.latest?.initialSync?.attempt).toBe(1);
    expect(await resyncsOf(other)).toEqual({ full: 1, partial: 0 });
    expect([...writers[1]!.errors]).toEqual([]);
  },
  180_000,
);

test("a shard that is shut down in good order, saves and comes back goes on where it was", async () => {
  const { shards, destination, syncs, writers } = await twoShards();
  await writesOn(writers[0]!, 1_000);
  await writers[0]!.stop();
  const [shard] = shards;
  // It waits for its replicas to have everything before it ends (redis: server.c prepareForShutdown).
  await shard.client.call("SHUTDOWN", "SAVE").catch(() => {});
  await shard.exited;
  await shard.restart();
  await shard.client.incr("after");
  await until(() => destination.client.exists("after"), { what: "the stream goes on", timeoutMs: 60_000 });
  await syncs[0]!.reaches("synchronizing", 60_000);
  await writers[1]!.stop();
  for (const [index, sync] of syncs.entries())
    await sync.caughtUp(shards[index]!.client, destination.client, 60_000);
  for (const sync of syncs) await sync.stop();
  expect(await expectUnion(shards, destination)).toBeGreaterThan(1_000);
  // redis: server.c loadDataFromDisk — it knows its former replid and offset out of the RDB.
  expect(await resyncsOf(shard)).toEqual({ full: 0, partial: 1 });
  expect(syncs[0]!.eventsOf("replid-changed")).toHaveLength(1);
}, 180_000);
