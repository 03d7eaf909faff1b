import { expect, test } from "vitest";
import { guardKey } from "../../../server/sync/checkpoint/own-keys.ts";
import type { SyncLimits } from "../../../server/sync/spec/sync-limits.ts";
import { startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

/** A shard under load and a destination whose user may not disconnect others. */
async function unfenced(limits: Partial<SyncLimits> = {}, keys = 500, forbidden = ["-client|kill"]) {
  const shard = await startRedis({ conf: { "repl-backlog-size": "64mb" } });
  const destination = await startRedis();
  await destination.client.call("ACL", "SETUSER", "default", ...forbidden);
  await fillMixed(shard.client, { keys, seed });
  const writer = new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 3_000,
  }).start();
  const engine = () =>
    new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }, limits).start();
  const moves = async () => {
    const seen = writer.commands;
    await until(() => writer.commands > seen + 1_000, { what: "there is traffic", timeoutMs: 30_000 });
  };
  const equal = async (last: SyncForTest) => {
    await writer.stop();
    await last.caughtUp(shard.client, destination.client);
    await last.stop();
    await expectUnion([shard], destination);
  };
  return { shard, destination, engine, moves, equal };
}

test("of engines that cannot disconnect each other only the last applies a transaction, and the others say FENCED", async () => {
  const { engine, moves, equal } = await unfenced();
  let last = engine();
  await last.reaches("synchronizing");
  expect(last.eventsOf("not-fenced")[0]?.message).toContain("each transaction");
  for (let takeover = 0; takeover < 4; takeover++) {
    await moves();
    const next = engine();
    await last.ended();
    expect(last.latest).toMatchObject({ status: "failed", reason: { code: "FENCED", retried: false } });
    await next.reaches("synchronizing");
    last = next;
  }
  await moves();
  await equal(last);
}, 60_000);

test("what a former connection of one's own had sent is not applied after the takeover either", async () => {
  const limits = { destinationSilenceMs: 1_000, openMs: 500, commandMs: 1_000 };
  const { destination, engine, moves, equal } = await unfenced(limits);
  const sync = engine();
  await sync.reaches("synchronizing");
  for (let pause = 0; pause < 3; pause++) {
    await moves();
    process.kill(destination.pid, "SIGSTOP");
    await until(() => sync.latest?.reason?.code === "CONNECT_TIMEOUT", {
      what: "it is away",
      timeoutMs: 30_000,
    });
    process.kill(destination.pid, "SIGCONT");
    await sync.reaches("synchronizing", 30_000);
  }
  await equal(sync);
  expect(sync.reasons).not.toContain("FENCED");
}, 60_000);

test("a guard that is lost is not taken for another engine", async () => {
  const { shard, destination, engine, moves, equal } = await unfenced();
  const sync = engine();
  await sync.reaches("synchronizing");
  await moves();
  await destination.client.del(guardKey("test", "s0"));
  await until(() => sync.reasons.has("DESTINATION_LINK_LOST"), { what: "it is noticed", timeoutMs: 20_000 });
  await sync.reaches("synchronizing");
  await moves();
  await destination.client.flushall();
  await until(() => sync.latest?.initialSync?.attempt === 2, {
    what: "the loss is noticed",
    timeoutMs: 20_000,
  });
  await sync.reaches("synchronizing");
  await equal(sync);
  expect(sync.reasons).not.toContain("FENCED");
  expect(await shard.client.dbsize()).toBeGreaterThan(0);
}, 60_000);

test("an initial sync ends soon after another engine has taken over", async () => {
  const { engine, equal } = await unfenced({}, 20_000);
  const first = engine();
  await first.reaches("initial-sync");
  const second = engine();
  await first.ended();
  expect(first.latest?.reason?.code).toBe("FENCED");
  await second.reaches("synchronizing", 30_000);
  await equal(second);
}, 60_000);

test("an engine that can neither disconnect others nor guard itself says so, and works", async () => {
  const { engine, moves, equal } = await unfenced({}, 500, ["-client", "-watch"]);
  const sync = engine();
  await sync.reaches("synchronizing");
  await moves();
  expect(sync.eventsOf("not-fenced")[0]?.message).toContain("so that never two engines write");
  await equal(sync);
  expect(sync.reasons).toEqual(new Set());
}, 60_000);
