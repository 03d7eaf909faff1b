import { expect, onTestFinished, test } from "vitest";
import { EngineHost } from "../../../server/control/engine/engine-host.ts";
import type { EngineMessage } from "../../../server/control/engine/engine-protocol.ts";
import { HEARTBEAT_KEY } from "../../../server/sync/checkpoint/own-keys.ts";
import { type RedisServer, startRedis, startSentinel, until } from "../../servers/index.ts";
import { plainClient } from "../../servers/plain-client.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { inStep, offsetOf, resyncsOf, startReplicatedShard } from "../harness/replicated-shard.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

/** With `dies`, of a server that will not come back: what is not sent by then would wait for it. */
const write = (shard: RedisServer, { dies = false, ...more }: { seed?: number; dies?: boolean } = {}) =>
  new TrafficWriter(dies ? shard.client.duplicate({ retryStrategy: () => null }) : shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 2_000,
    ...more,
  }).start();

const reaches = (writer: TrafficWriter, commands: number) =>
  until(() => writer.commands > commands, { what: `${commands} commands are written`, timeoutMs: 60_000 });

/** A sync of a shard with two addresses, the replica's first: order says nothing. */
function syncOf(master: RedisServer, replica: RedisServer, destination: RedisServer): SyncForTest {
  return new SyncForTest({
    source: endpointAt(replica),
    alternatives: [endpointAt(master)],
    destination: endpointAt(destination),
  });
}

async function movedTo(sync: SyncForTest, server: RedisServer): Promise<void> {
  await until(
    () => sync.eventsOf("source-moved").some(({ message }) => message.includes(`:${server.port} now`)),
    {
      what: `the source is at ${server.port}: ${sync.eventsOf("source-moved").map(({ message }) => message)}`,
      timeoutMs: 60_000,
    },
  );
}

async function equalAfter(sync: SyncForTest, shard: RedisServer, destination: RedisServer): Promise<void> {
  await sync.caughtUp(shard.client, destination.client, 60_000);
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBeGreaterThan(100);
}

test("a replica that is promoted after its master was killed with -9 continues the stream, without a second initial sync", async () => {
  const { master, replica } = await startReplicatedShard();
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 2_000, seed });
  const sync = syncOf(master, replica, destination).start();
  await sync.reaches("synchronizing");
  const before = write(master);
  await reaches(before, 3_000);
  await before.stop();
  await inStep({ master, replica });
  await master.kill("SIGKILL");
  await replica.client.call("REPLICAOF", "NO", "ONE");
  const after = write(replica, { seed: seed + 1 });
  await movedTo(sync, replica);
  await reaches(after, 5_000);
  await after.stop();
  await equalAfter(sync, replica, destination);
  expect(sync.latest?.initialSync?.attempt).toBe(1);
  expect(sync.eventsOf("replid-changed")).toHaveLength(1);
  expect(await resyncsOf(replica)).toEqual({ full: 0, partial: 1 });
}, 180_000);

test.each([
  { which: "as good as in step", behind: false },
  { which: "that lacks the last writes", behind: true },
])(
  "a replica $which that is promoted when its master is killed under load has the truth",
  async ({ behind }) => {
    let link: TcpProxy | null = null;
    const { master, replica } = await startReplicatedShard(async ({ port }) => {
      link = await TcpProxy.start(port);
      return link.port;
    });
    const destination = await startRedis();
    await fillMixed(master.client, { keys: 500, seed });
    const sync = syncOf(master, replica, destination).start();
    await sync.reaches("synchronizing", 40_000);
    await inStep({ master, replica });
    const before = write(master, { dies: true });
    await reaches(before, 2_000 + seededRandom(seed).int(1_000));
    if (behind) {
      link!.freeze({ newcomers: "silent" });
      await reaches(before, before.commands + 300);
    }
    await master.kill("SIGKILL");
    await replica.client.call("REPLICAOF", "NO", "ONE");
    const after = write(replica, { seed: seed + 1 });
    await before.stop();
    await movedTo(sync, replica);
    await reaches(after, 3_000);
    await after.stop();
    await equalAfter(sync, replica, destination);
    if (behind) expect(sync.latest?.initialSync?.attempt).toBe(2);
  },
  180_000,
);

test("a graceful FAILOVER under load is followed without a second initial sync", async () => {
  const { master, replica } = await startReplicatedShard();
  const destination = await startRedis();
  const sync = syncOf(master, replica, destination).start();
  await sync.reaches("synchronizing");
  const before = write(master);
  await reaches(before, 2_000);
  await master.client.call("FAILOVER", "TO", "127.0.0.1", String(replica.port));
  await until(async () => (await replica.client.info("replication")).includes("role:master"), {
    what: "the replica is the master",
    timeoutMs: 60_000,
  });
  const after = write(replica, { seed: seed + 1 });
  await before.stop();
  await movedTo(sync, replica);
  await reaches(after, 3_000);
  await after.stop();
  await equalAfter(sync, replica, destination);
  expect(sync.latest?.initialSync?.attempt).toBe(1);
}, 180_000);

test("a master that was demoted is left for the new one", async () => {
  const { master, replica } = await startReplicatedShard();
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 500, seed });
  const sync = syncOf(master, replica, destination).start();
  await sync.reaches("synchronizing");
  await replica.client.call("REPLICAOF", "NO", "ONE");
  await master.client.call("REPLICAOF", "127.0.0.1", String(replica.port));
  const writer = write(replica);
  await movedTo(sync, replica);
  await reaches(writer, 2_000);
  await writer.stop();
  await equalAfter(sync, replica, destination);
}, 180_000);

test("a replica that is read from since no master was there is left when a master appears", async () => {
  const { master, replica } = await startReplicatedShard();
  const other = await startRedis({ replicaOf: master.port });
  await inStep({ master, replica: other });
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 500, seed });
  const sync = syncOf(other, replica, destination).start();
  await sync.reaches("synchronizing", 60_000);
  expect(sync.eventsOf("source-is-replica")).toHaveLength(1);
  await inStep({ master, replica });
  await inStep({ master, replica: other });
  const [event] = sync.eventsOf("source-is-replica");
  const promoted = event!.message.includes(`:${replica.port},`) ? other : replica;
  // The link stands, and its server still follows the old master: only the other address tells.
  await promoted.client.call("REPLICAOF", "NO", "ONE");
  const writer = write(promoted);
  await movedTo(sync, promoted);
  await reaches(writer, 2_000);
  await writer.stop();
  await equalAfter(sync, promoted, destination);
}, 180_000);

test("a replica that was behind and is promoted has the truth: what it never had goes from the destination", async () => {
  let link: TcpProxy | null = null;
  const { master, replica } = await startReplicatedShard(async ({ port }) => {
    link = await TcpProxy.start(port);
    return link.port;
  });
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 500, seed });
  const sync = syncOf(master, replica, destination).start();
  await sync.reaches("synchronizing");
  await inStep({ master, replica });
  link!.close();
  const lost = write(master);
  await reaches(lost, 2_000);
  await lost.stop();
  await master.client.set("only the old master had this", "1");
  await sync.caughtUp(master.client, destination.client);
  expect(await destination.client.exists("only the old master had this")).toBe(1);
  const behind = await offsetOf(replica);
  expect(behind).toBeLessThan(await offsetOf(master));
  await master.kill("SIGKILL");
  await replica.client.call("REPLICAOF", "NO", "ONE");
  // Past the offset that was received of the other history.
  const after = write(replica, { seed: seed + 1 });
  await movedTo(sync, replica);
  await reaches(after, 4_000);
  await after.stop();
  await equalAfter(sync, replica, destination);
  expect(await destination.client.exists("only the old master had this")).toBe(0);
  expect(sync.latest?.initialSync?.attempt).toBe(2);
  expect(sync.eventsOf("source-split")).toEqual([]);
}, 180_000);

test("of two that say master the one that continues what was received is read from, and the split is an alert", async () => {
  const { master, replica } = await startReplicatedShard();
  const stranger = await startRedis();
  await stranger.client.set("a stranger's key", "1");
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 500, seed });
  const sync = new SyncForTest({
    source: endpointAt(master),
    alternatives: [endpointAt(replica)],
    destination: endpointAt(destination),
  }).start();
  await sync.reaches("synchronizing");
  await sync.stop();
  await inStep({ master, replica });
  await master.kill("SIGKILL");
  await replica.client.call("REPLICAOF", "NO", "ONE");
  const again = new SyncForTest({
    ...sync.spec,
    source: endpointAt(stranger),
    alternatives: [endpointAt(replica)],
  }).start();
  await again.reaches("synchronizing");
  expect(again.eventsOf("source-split")).toHaveLength(1);
  expect(again.latest?.initialSync).toBeNull();
  expect(await destination.client.exists("a stranger's key")).toBe(0);
  await equalAfter(again, replica, destination);
}, 180_000);

test("Sentinels are asked for the master, and their failover is followed, heartbeat included", async () => {
  const { master, replica } = await startReplicatedShard();
  const knowsNothing = await startSentinel({ masterName: "other", master: null });
  const sentinel = await startSentinel({ masterName: "mymaster", master: master.port });
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 500, seed });
  const { spec } = new SyncForTest({
    source: endpointAt(knowsNothing),
    sentinel: { masterName: "mymaster", sentinels: [endpointAt(knowsNothing), endpointAt(sentinel)] },
    destination: endpointAt(destination),
    heartbeatDb: 0,
  });
  const messages: EngineMessage[] = [];
  const host = new EngineHost((message) => messages.push(message));
  await host.handle({ type: "start", spec });
  const latest = () => messages.flatMap((one) => (one.type === "report" ? [one.report] : [])).at(-1);
  await until(() => latest()?.status === "synchronizing" && latest()?.lag.seconds !== null, {
    what: "the heartbeat has come through",
    timeoutMs: 60_000,
  });
  await until(async () => (await replica.client.exists(HEARTBEAT_KEY)) === 1, { what: "the replica has it" });
  await inStep({ master, replica });
  await master.kill("SIGKILL");
  const events = () => messages.flatMap((one) => (one.type === "report" ? one.report.events : []));
  await until(
    () =>
      events().some(
        ({ type, message }) => type === "source-moved" && message.includes(`:${replica.port} now`),
      ),
    {
      what: "the Sentinel's new master is found",
      timeoutMs: 90_000,
    },
  );
  const writer = write(replica);
  await reaches(writer, 2_000);
  await writer.stop();
  const beat = await replica.client.get(HEARTBEAT_KEY);
  await until(async () => (await replica.client.get(HEARTBEAT_KEY)) !== beat, {
    what: "the heartbeat is written at the new master",
    timeoutMs: 60_000,
  });
  await until(async () => latest()?.lag.seconds !== null && latest()?.source?.role === "master", {
    what: "the lag is known again",
    timeoutMs: 60_000,
  });
  await host.handle({ type: "stop", taskId: spec.taskId, shardId: spec.shardId, forgetCheckpoint: false });
  await replica.client.del(HEARTBEAT_KEY);
  await expectUnion([replica], destination);
  expect(latest()?.initialSync?.attempt).toBe(1);
}, 240_000);

test("a failover that happens while no Sentinel can be reached is followed once one can", async () => {
  const { master, replica } = await startReplicatedShard();
  const sentinel = await startSentinel({ masterName: "mymaster", master: master.port });
  const toSentinel = await TcpProxy.start(sentinel.port);
  const destination = await startRedis();
  await fillMixed(master.client, { keys: 500, seed });
  const source = endpointAt(toSentinel);
  const sync = new SyncForTest({
    source,
    sentinel: { masterName: "mymaster", sentinels: [source] },
    destination: endpointAt(destination),
  }).start();
  await sync.reaches("synchronizing", 40_000);
  // Not before the Sentinel has heard of the replica can it promote it.
  const asked = plainClient({ port: sentinel.port });
  onTestFinished(() => asked.disconnect());
  const sentinelSays = async (...args: string[]) => JSON.stringify(await asked.call("SENTINEL", ...args));
  await until(async () => (await sentinelSays("REPLICAS", "mymaster")).includes(String(replica.port)), {
    what: "the Sentinel knows the replica",
  });
  await inStep({ master, replica });
  toSentinel.freeze({ newcomers: "silent" });
  const before = write(master, { dies: true });
  await reaches(before, 1_000);
  await master.kill("SIGKILL");
  await until(
    async () => (await sentinelSays("GET-MASTER-ADDR-BY-NAME", "mymaster")).includes(String(replica.port)),
    { what: "the Sentinel has made the replica the master", timeoutMs: 60_000 },
  );
  const after = write(replica, { seed: seed + 1 });
  await before.stop();
  await until(() => sync.latest?.reason?.code === "SENTINEL_UNREACHABLE", {
    what: "the reason is said",
    timeoutMs: 60_000,
  });
  expect(sync.latest?.status).toBe("retrying");
  await reaches(after, 1_000);
  toSentinel.thaw();
  await movedTo(sync, replica);
  await reaches(after, 3_000);
  await after.stop();
  await equalAfter(sync, replica, destination);
  expect(sync.eventsOf("source-split")).toEqual([]);
}, 180_000);
