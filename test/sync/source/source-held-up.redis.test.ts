import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { resyncsOf } from "../harness/replicated-shard.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

/** A sync whose shard has handed over its RDB, of 6 MB, and whose destination has hardly begun to take it. */
async function whileRdbIsApplied(conf: Record<string, string>) {
  const shard = await startRedis({ conf: { rdbcompression: "no", ...conf } });
  for (let n = 0; n < 60; n++) await shard.client.set(`filler:${n}`, Buffer.alloc(100_000, `${n}:`));
  const destination = await startRedis();
  const sink = await TcpProxy.start(destination.port);
  sink.shape.up = { bytesPerSecond: 200_000 };
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(sink) }).start();
  await until(async () => /state=online/.test(await shard.client.info("replication")), {
    what: "the shard has sent its RDB",
  });
  const equal = async () => {
    expect(sync.eventsOf("initial-sync-finished")).toEqual([]);
    sink.shape.up = {};
    await sync.reaches("synchronizing", 40_000);
    await sync.caughtUp(shard.client, destination.client);
    await sync.stop();
    expect(await resyncsOf(shard)).toEqual({ full: 1, partial: 0 });
    expect(sync.eventsOf("source-link-lost")).toEqual([]);
    return await expectUnion([shard], destination);
  };
  return { shard, sync, equal };
}

async function writeLists({ client }: RedisServer, bytes: number): Promise<void> {
  const value = "x".repeat(10_000);
  for (let left = bytes; left > 0; left -= 20 * value.length) {
    const pipeline = client.pipeline().incr("counter");
    for (let key = 0; key < 20; key++) pipeline.rpush(`list:${key}`, value);
    await pipeline.exec();
    // As fast as it is read, which a loaded machine may take its time for.
    await until(
      async () => /omem=\d{0,5} /.test(String(await client.call("CLIENT", "LIST", "TYPE", "replica"))),
      {
        what: "the replica reads on",
        everyMs: 1,
      },
    );
  }
}

test("a slow initial sync costs the link nothing, though the shard permits a small backlog only", async () => {
  const { shard, sync, equal } = await whileRdbIsApplied({
    "client-output-buffer-limit": "replica 4mb 2mb 1",
    "repl-backlog-size": "16kb",
  });
  // Many times what the shard would keep for a replica that does not read, and the kernel's buffers with it.
  await writeLists(shard, 32_000_000);
  await until(() => (sync.latest?.spool.diskBytes ?? 0) > 0, { what: "the spool has grown onto the disk" });
  expect(await equal()).toBe(81);
});

test("acknowledgements keep the link while the RDB is applied for longer than the shard's repl-timeout", async () => {
  const { shard, equal } = await whileRdbIsApplied({ "repl-timeout": "4", "repl-ping-replica-period": "1" });
  const online = performance.now();
  // The kernel would not tell the shard that nobody listens: it cuts a replica that does not acknowledge.
  await until(() => performance.now() > online + 6000, { what: "the timeout has passed" });
  await shard.client.incr("counter");
  expect(await equal()).toBe(61);
});
