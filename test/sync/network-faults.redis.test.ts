import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { seed } from "./harness/check-property.ts";
import { expectUnion } from "./harness/expect-union.ts";
import { rounds } from "./harness/fault-rounds.ts";
import { after } from "./harness/proxy-trap.ts";
import { endpointAt, SyncForTest } from "./harness/sync-for-test.ts";
import { TcpProxy } from "./harness/tcp-proxy.ts";

/** Short, so that silence is noticed within a test; longer than what a loaded machine may take for an answer. */
const limits = { openMs: 3_000, commandMs: 3_000, destinationSilenceMs: 3_000, sourceSilenceMs: 3_000 };
const random = seededRandom(seed);

type Options = { readonly keys?: number; readonly shardConf?: Record<string, string> };

/** A shard and a destination, each behind a proxy of its own, and a sync that has not been started. */
async function betweenProxies({ keys = 2_000, shardConf = {} }: Options = {}) {
  const shard = await startRedis({
    conf: { "repl-backlog-size": "64mb", "repl-ping-replica-period": "1", ...shardConf },
  });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys, seed });
  const source = await TcpProxy.start(shard.port);
  const sink = await TcpProxy.start(destination.port);
  const sync = new SyncForTest({ source: endpointAt(source), destination: endpointAt(sink) }, limits);
  const equal = async () => {
    await sync.caughtUp(shard.client, destination.client, 120_000);
    await sync.stop();
    return await expectUnion([shard], destination);
  };
  return { shard, destination, source, sink, sync, equal };
}

function write(shard: RedisServer, commandsPerSecond = 2_000): TrafficWriter {
  return new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond,
  }).start();
}

async function fullSyncs(shard: RedisServer): Promise<number> {
  return Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1]);
}

async function writesOn(writer: TrafficWriter, commands = 500): Promise<void> {
  const before = writer.commands;
  await until(() => writer.commands > before + commands, { what: "there is traffic" });
}

test("a source that falls silent without a word is noticed, and the stream goes on where it was", async () => {
  const { shard, source, sync, equal } = await betweenProxies();
  sync.start();
  await sync.reaches("synchronizing");
  const writer = write(shard);
  for (let round = 0; round < rounds(1); round++) {
    await writesOn(writer, 200 + random.int(500));
    // Once the new connections pass, once they are as mute as the old ones.
    for (const newcomers of ["served", "silent"] as const) {
      const before = sync.eventsOf("source-link-lost").length;
      source.freeze({ newcomers });
      await until(() => sync.eventsOf("source-link-lost").length > before, {
        what: "the silence is noticed",
      });
      if (newcomers === "silent") {
        await sync.reaches("retrying");
        await until(() => sync.eventsOf("source-link-lost").length > before + 1, {
          what: "a new link is silent too",
        });
      }
      source.thaw();
      await sync.reaches("synchronizing");
    }
  }
  await writer.stop();
  await equal();
  expect(sync.reasons).toContain("SOURCE_LINK_TIMEOUT");
  expect(await fullSyncs(shard)).toBe(1);
}, 90_000);

test.each([
  { when: "before it has answered PSYNC", find: after("+PONG\r\n", "+OK\r\n") },
  { when: "before its RDB", find: after(/\+FULLRESYNC [^\r]*\r\n/) },
  { when: "within its RDB", find: after(/\$EOF:[\s\S]{40}\r\n/, 1 + random.int(50_000)) },
])(
  "a source that falls silent $when is left, and the initial sync begun again",
  async ({ find }) => {
    const { shard, source, sync, equal } = await betweenProxies();
    const writer = write(shard);
    const trap = source.trap({ direction: "down", find, act: "freeze" });
    sync.start();
    await until(() => trap.hits > 0, { what: "it has fallen silent" });
    await sync.reaches("synchronizing", 40_000);
    expect(sync.eventsOf("source-link-lost")).toHaveLength(1);
    await writer.stop();
    await equal();
  },
  90_000,
);

test.each([
  { when: "while the destination is taken over", find: after("client\r\n$4\r\nLIST") },
  { when: "at the beginning of the initial sync", find: after("0 initial-sync") },
  { when: "while the RDB is applied", find: after("RESTORE", 1 + random.int(100_000)) },
  {
    when: "when the checkpoint of the initial sync is written",
    find: after("0 initial-sync", /hset\r\n\$\d+\r\ntributary:checkpoint:test\r\n\$2\r\ns0\r\n/),
  },
  { when: "in the stream", find: after("EXEC\r\n", 1 + random.int(2_000)) },
  { when: "when a transaction is to be executed", find: after("EXEC\r\n", "EXEC\r\n") },
])(
  "a destination that falls silent $when is noticed, and nothing is lost or doubled",
  async ({ find }) => {
    const { shard, sink, sync, equal } = await betweenProxies();
    const writer = write(shard);
    const trap = sink.trap({ direction: "up", find, act: "freeze" });
    sync.start();
    await until(() => trap.hits > 0, { what: "it has fallen silent" });
    const silentAt = performance.now();
    await until(() => sync.statuses.has("retrying"), { what: "the silence is noticed", timeoutMs: 30_000 });
    expect(performance.now() - silentAt).toBeLessThan(20_000);
    await sync.reaches("synchronizing", 40_000);
    await writesOn(writer);
    await writer.stop();
    await equal();
    expect(await fullSyncs(shard)).toBe(1);
  },
  90_000,
);

test.each([
  { whose: "source", direction: "up", what: "the shard hears no acknowledgement any more" },
  { whose: "source", direction: "down", what: "the engine hears nothing more from the shard" },
  { whose: "destination", direction: "up", what: "the destination hears nothing more from the engine" },
  { whose: "destination", direction: "down", what: "the engine hears no answer any more" },
] as const)(
  "where $what, and all else passes, nothing is lost or doubled",
  async ({ whose, direction }) => {
    const shardConf = { "repl-timeout": "3" };
    const { shard, destination, source, sink, sync, equal } = await betweenProxies({ shardConf });
    sync.start();
    await sync.reaches("synchronizing");
    const writer = write(shard);
    for (let round = 0; round < rounds(1); round++) {
      await writesOn(writer, 200 + random.int(500));
      const [proxy, code] =
        whose === "source" ? [source, /^SOURCE_LINK_/] : ([sink, /^DESTINATION_SILENT$/] as const);
      sync.reasons.clear();
      proxy.freeze({ directions: [direction], newcomers: "served" });
      await until(() => [...sync.reasons].some((reason) => code.test(reason)), { what: "it is noticed" });
      await sync.reaches("synchronizing", 40_000);
      await writesOn(writer);
      await shard.client.set("round", round);
      await until(async () => (await destination.client.get("round")) === String(round), {
        what: "the stream goes on",
      });
      // What is asked now and then, on connections of its own, waits for its answer for 30 s.
      proxy.thaw();
    }
    await writer.stop();
    await equal();
    expect(await fullSyncs(shard)).toBe(1);
  },
  90_000,
);

test("a destination that nobody reaches for a while is waited for, and the source read on", async () => {
  const { shard, sink, sync, equal } = await betweenProxies();
  sync.start();
  await sync.reaches("synchronizing");
  const writer = write(shard);
  await writesOn(writer);
  sink.freeze({ newcomers: "silent" });
  await sync.reaches("retrying", 30_000);
  await writesOn(writer, 5_000);
  sink.thaw();
  await sync.reaches("synchronizing", 40_000);
  await writer.stop();
  await equal();
  expect(await fullSyncs(shard)).toBe(1);
}, 90_000);

test("delays of 5 to 50 ms in every direction change nothing but the lag", async () => {
  const { shard, source, sink, sync, equal } = await betweenProxies({ keys: 3_000 });
  const delayMs = () => 5 + random.int(46);
  for (const proxy of [source, sink]) {
    proxy.shape.up = { delayMs };
    proxy.shape.down = { delayMs };
  }
  const writer = write(shard);
  sync.start();
  await sync.reaches("synchronizing", 40_000);
  await writesOn(writer, 3_000);
  await writer.stop();
  expect(await equal()).toBeGreaterThan(3_000);
  expect(sync.eventsOf("source-link-lost")).toEqual([]);
}, 90_000);

test("what comes byte by byte from the source and the destination is understood", async () => {
  const { shard, source, sink, sync, equal } = await betweenProxies({ keys: 1_000 });
  source.shape.down = { pieceBytes: 1 };
  sink.shape.down = { pieceBytes: 1 };
  const writer = write(shard, 1_000);
  sync.start();
  await sync.reaches("synchronizing", 40_000);
  await writesOn(writer, 2_000);
  await writer.stop();
  expect(await equal()).toBeGreaterThan(1_000);
  expect(source.passed.down).toBeGreaterThan(100_000);
  expect(sync.eventsOf("source-link-lost")).toEqual([]);
}, 240_000);

test("a destination behind 200 KB/s has the stream wait in the spool, and gets all of it", async () => {
  const { shard, sink, sync, equal } = await betweenProxies({ keys: 500 });
  sync.start();
  await sync.reaches("synchronizing");
  const writer = write(shard);
  sink.shape.up = { bytesPerSecond: 200_000 };
  // More than may wait in memory: 24 MB, for which this destination would need two minutes.
  for (let round = 0; round < 60; round++) {
    const pipeline = shard.client.pipeline();
    for (let n = 0; n < 40; n++) pipeline.setrange(`large:${n}`, random.int(5_000), "x".repeat(10_000));
    await pipeline.exec();
    await sleep(5);
  }
  await until(() => (sync.latest?.spool.diskBytes ?? 0) > 0, { what: "the spool has grown onto the disk" });
  expect(readdirSync(sync.spec.spoolDirectory, { recursive: true }).join()).toContain("stream");
  const passed = sink.passed.up;
  await until(() => sink.passed.up > passed + 300_000, { what: "the destination gets some of it" });
  expect(sync.latest?.status).toBe("synchronizing");
  sink.shape.up = {};
  await writer.stop();
  await equal();
  expect(sync.eventsOf("source-link-lost")).toEqual([]);
  expect(await fullSyncs(shard)).toBe(1);
}, 120_000);

test("an RDB that comes at 100 KB/s is waited for, however long it takes", async () => {
  const { shard, source, sync, equal } = await betweenProxies({ keys: 5_000 });
  source.shape.down = { bytesPerSecond: 100_000 };
  const writer = write(shard, 500);
  const began = performance.now();
  sync.start();
  await sync.reaches("synchronizing", 60_000);
  // Longer than the silence at which the link is given up.
  expect(performance.now() - began).toBeGreaterThan(limits.sourceSilenceMs);
  source.shape.down = {};
  await writesOn(writer);
  await writer.stop();
  expect(await equal()).toBeGreaterThan(5_000);
  expect(sync.eventsOf("source-link-lost")).toEqual([]);
  expect(await fullSyncs(shard)).toBe(1);
}, 90_000);
