import { expect, test } from "vitest";
import { formatCheckpoint } from "../../server/sync/checkpoint/checkpoint.ts";
import { heldBackBy } from "../../server/sync/expiry/held-back-expiries.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { foundIn, verificationOf } from "./verify-for-test.ts";

const impatient = { patienceMs: 200, rounds: 3 };

/** As if a shard sync had just applied all that the shard has written. @param behind bytes less. */
async function checkpointOf({ client }: RedisServer, behind = 0, at = Date.now()): Promise<string> {
  const info = await client.info("replication");
  const replid = /master_replid:(\w+)/.exec(info)![1]!;
  const offset = BigInt(/master_repl_offset:(\d+)/.exec(info)![1]!) - BigInt(behind);
  return formatCheckpoint({ replid, offset, db: 0, at });
}

/** A shard with a backlog, so that its offset moves. */
async function replicated(): Promise<RedisServer> {
  const shard = await startRedis();
  await startRedis({ replicaOf: shard.port });
  await until(async () => /connected_slaves:1/.test(await shard.client.info("replication")), {
    what: "it replicates",
  });
  return shard;
}

test("takes a difference that the lag may explain for neither equal nor different", async () => {
  const [shard, destination] = [await replicated(), await startRedis()];
  await shard.client.set("late", "v");
  await destination.client.hset("tributary:checkpoint:test", "s0", await checkpointOf(shard, 1));
  const verdict = await verificationOf([shard], destination, {}, impatient).run();
  expect(foundIn(verdict)).toEqual(["unsettled 0:late"]);
  expect(verdict.outcome).toBe("unknown");
  expect(verdict.sentence).toMatch(
    /^Could not tell: 1 key compared, none known to differ, but 1 key could not be checked since the destination is behind/,
  );
});

test("waits for the initial sync of a shard that has no checkpoint yet", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.set("late", "v");
  await destination.client.hset("tributary:checkpoint:test", "s0:epoch", "1");
  const verdict = await verificationOf([shard], destination, {}, impatient).run();
  expect(foundIn(verdict)).toEqual(["unsettled 0:late"]);
});

test("does not take the checkpoint of another history for the place of a look", async () => {
  const [shard, destination] = [await replicated(), await startRedis()];
  await shard.client.set("late", "v");
  const checkpoint = (await checkpointOf(shard)).replace(/[0-9a-f]{40}/, "a".repeat(40));
  await destination.client.hset("tributary:checkpoint:test", "s0", checkpoint);
  const verdict = await verificationOf([shard], destination, {}, impatient).run();
  expect(foundIn(verdict)).toEqual(["unsettled 0:late"]);
});

test("counts a difference at the place of the look", async () => {
  const [shard, destination] = [await replicated(), await startRedis()];
  await shard.client.set("missing", "v");
  // The replica's heartbeat moves the offset, too.
  await destination.client.hset("tributary:checkpoint:test", "s0", await checkpointOf(shard, -1_000_000));
  const verdict = await verificationOf([shard], destination, {}, impatient).run();
  expect(foundIn(verdict)).toEqual(["missing 0:missing"]);
});

test("knows the keys that the synchronization will copy again", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.mset("a:b", "v", "c", "v");
  await destination.client.mset("a:b", "w", "c", "w");
  await destination.client.sadd("tributary:doubtful:test:s0", "copy 0:a:b", "stray 3:c");
  const verdict = await verificationOf([shard], destination, {}, impatient).run();
  expect(foundIn(verdict)).toEqual(["doubtful 0:a:b", "value 0:c [string 0]"]);
});

test("waits until the synchronization has copied a key again", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.set("k", "v");
  await destination.client.set("k", "w");
  await destination.client.sadd("tributary:doubtful:test:s0", "copy 0:k");
  const verifying = verificationOf([shard], destination, {}, { rounds: 2, patienceMs: 30_000 }).run();
  // Long after the rounds that a key has by itself.
  await new Promise((wake) => setTimeout(wake, 1000));
  await destination.client.multi().set("k", "v").del("tributary:doubtful:test:s0").exec();
  expect(foundIn(await verifying)).toEqual([]);
});

test("looks once more at a key that differs for the first time at the last round", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.set("k", "v");
  await destination.client.set("k", "w");
  expect(foundIn(await verificationOf([shard], destination, {}, { rounds: 1 }).run())).toEqual([
    "value 0:k [string 0]",
  ]);
});

test("knows an expiry that is held back, as long as a shard sync lives that will restore it", async () => {
  const [shard, destination] = [await replicated(), await startRedis()];
  const at = Date.now() + 1_000_000;
  await shard.client.call("SET", "k", "v", "PXAT", at);
  await destination.client.call("SET", "k", "v", "PXAT", at + heldBackBy(0));
  await destination.client.hset("tributary:checkpoint:test", "s0", await checkpointOf(shard, -1_000_000));
  const live = await verificationOf([shard], destination, {}, impatient).run();
  expect(foundIn(live)).toEqual(["shaded 0:k"]);
  expect(live.outcome).toBe("equal");
  const old = await checkpointOf(shard, -1_000_000, Date.now() - 3_600_000);
  await destination.client.hset("tributary:checkpoint:test", "s0", old);
  expect(foundIn(await verificationOf([shard], destination, {}, impatient).run())).toEqual(["expiry 0:k"]);
  // That of another shard is none of its.
  await destination.client.hset("tributary:checkpoint:test", "s0", await checkpointOf(shard, -1_000_000));
  await destination.client.call("PEXPIREAT", "k", at + heldBackBy(1));
  expect(foundIn(await verificationOf([shard], destination, {}, impatient).run())).toEqual(["expiry 0:k"]);
});

test("finds a difference while the shard says nothing but PING", async () => {
  const conf = { "repl-ping-replica-period": "1" };
  const [shard, destination] = [await startRedis({ conf }), await startRedis()];
  await shard.client.mset("a", "1", "b", "2");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  await destination.client.set("a", "2");
  const offset = async () =>
    Number(/master_repl_offset:(\d+)/.exec(await shard.client.info("replication"))![1]);
  const before = await offset();
  await until(async () => (await offset()) > before + 14, { what: "PINGs have come" });
  expect(foundIn(await verificationOf([shard], destination, {}, { patienceMs: 20_000 }).run())).toEqual([
    "value 0:a [string 0]",
  ]);
});

test("calls a key that changes at every look busy", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const writer = shard.client.duplicate();
  await shard.client.mset("still", "1", "hot", "0");
  await destination.client.mset("still", "1", "hot", "x");
  let stopped = false;
  const writing = (async () => {
    while (!stopped) await writer.incr("hot");
  })();
  const verdict = await verificationOf([shard], destination, {}, { rounds: 3 }).run();
  stopped = true;
  await writing;
  writer.disconnect();
  expect(foundIn(verdict)).toEqual(["busy 0:hot"]);
  expect(verdict.outcome).toBe("equal");
  expect(verdict.notes).toEqual([expect.stringMatching(/^1 key that kept changing/)]);
});
