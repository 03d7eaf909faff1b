import { expect, test } from "vitest";
import { startRedis, until } from "../servers/index.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { TcpProxy } from "../sync/harness/tcp-proxy.ts";
import { foundIn, verificationOf } from "./verify-for-test.ts";

const PATIENCE_MS = 60_000;

/** A shard with a replica, which receives through a proxy, synchronized into a destination. */
async function replicated() {
  const shard = await startRedis({ conf: { "repl-ping-replica-period": "1" } });
  const link = await TcpProxy.start(shard.port);
  const replica = await startRedis({ conf: { replicaof: `127.0.0.1 ${link.port}` } });
  const destination = await startRedis();
  for (let index = 0; index < 300; index++) await shard.client.set(`key:${index}`, `value ${index}`);
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const listed = async () => /slave\d:[^\r]*state=online/.test(await shard.client.info("replication"));
  const linked = async () => /master_link_status:up/.test(await replica.client.info("replication"));
  await until(async () => (await listed()) && (await linked()), {
    what: "the replica is there",
    timeoutMs: PATIENCE_MS,
  });
  await until(async () => (await replica.client.dbsize()) >= 300, {
    what: "the replica has the keys",
    timeoutMs: PATIENCE_MS,
  });
  const verify = (patienceMs = PATIENCE_MS) =>
    verificationOf([shard], destination, { replicas: true }, { patienceMs }).run();
  return { shard, link, replica, destination, sync, verify };
}

test("reads a replica in the place of its master, and finds the same", async () => {
  const { shard, replica, destination, sync, verify } = await replicated();
  await sync.caughtUp(shard.client, destination.client);
  await destination.client.set("key:7", "other");
  await shard.client.config("RESETSTAT");
  const verdict = await verify();
  expect(foundIn(verdict)).toEqual(["value 0:key:7 [string 0]"]);
  expect(verdict.compared).toBe(300);
  expect(await shard.client.info("commandstats")).not.toMatch(/cmdstat_(dump|scan)/);
  expect(await replica.client.info("commandstats")).toMatch(/cmdstat_dump/);
});

test("a replica that is behind the destination makes no difference", async () => {
  const { shard, link, destination, sync, verify } = await replicated();
  await sync.caughtUp(shard.client, destination.client);
  link.freeze({ newcomers: "served" });
  for (let index = 0; index < 20; index++) await shard.client.set(`key:${index}`, "newer");
  await shard.client.set("new", "v");
  await sync.caughtUp(shard.client, destination.client);
  const behind = await verify(500);
  expect(behind.outcome).toBe("unknown");
  expect(behind.counts).toEqual({ unsettled: 21 });
  const settled = verify();
  link.thaw();
  expect(await settled).toMatchObject({ outcome: "equal", counts: {} });
}, 120_000);
