import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { inStep, startReplicatedShard } from "../harness/replicated-shard.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

test("a re-sync asks a sibling's new master, not the old one that still says master", async () => {
  const { master, replica } = await startReplicatedShard();
  const other = await startRedis();
  const destination = await startRedis();
  await other.client.mset("other:stays", "1", "other:goes", "1");
  const sibling = new SyncForTest({
    shardId: "s1",
    shardName: "s1",
    shardIndex: 1,
    source: endpointAt(master),
    alternatives: [endpointAt(replica)],
    destination: endpointAt(destination),
  });
  const shard = new SyncForTest({
    source: endpointAt(other),
    destination: endpointAt(destination),
    siblings: [sibling.spec],
  });
  sibling.start();
  shard.start();
  await sibling.reaches("synchronizing");
  await shard.reaches("synchronizing");
  await inStep({ master, replica });
  // The old master hangs while its replica is promoted, and comes back as a master.
  process.kill(master.pid, "SIGSTOP");
  try {
    await replica.client.call("REPLICAOF", "NO", "ONE");
    await master.client.disconnect();
    await sibling.stop();
    sibling.start();
    await until(
      () => sibling.eventsOf("source-located").some(({ message }) => message.includes(`:${replica.port}.`)),
      {
        what: "the sibling is read from its new master",
        timeoutMs: 60_000,
      },
    );
  } finally {
    process.kill(master.pid, "SIGCONT");
  }
  await replica.client.mset("new:1", "1", "new:2", "2");
  await sibling.caughtUp(replica.client, destination.client);
  await shard.stop();
  await other.client.del("other:goes");
  await other.client.call("DEBUG", "CHANGE-REPL-ID");
  shard.start();
  await until(() => shard.eventsOf("initial-sync-finished").length === 2, {
    what: "the shard is synchronized again",
    timeoutMs: 60_000,
  });
  await shard.caughtUp(other.client, destination.client);
  expect(await destination.client.mget("new:1", "new:2", "other:stays", "other:goes")).toEqual([
    "1",
    "2",
    "1",
    null,
  ]);
  expect(shard.eventsOf("stale-keys-removed")).toHaveLength(1);
  expect(await expectUnion([other, replica], destination)).toBe(3);
}, 180_000);
