import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { after, type Direction, type Find } from "../harness/proxy-trap.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

const random = seededRandom(seed);
/** What is said now and then is in lower case, what the stream's transactions say in upper case. */
const ownCheckpoint = /hset\r\n\$\d+\r\ntributary:checkpoint:test\r\n\$2\r\ns0\r\n\$\d+\r\n1 /;
const takenEpoch = /hincrby\r\n\$\d+\r\ntributary:checkpoint:test\r\n\$8\r\ns0:epoch\r\n\$1\r\n1\r\n/;

/** A place in the conversation with the destination at which the connection breaks. */
type State = { readonly at: string; readonly direction: Direction; readonly find: Find };
const down = (at: string, find: Find): State => ({ at, direction: "down", find });
const up = (at: string, find: Find): State => ({ at, direction: "up", find });

const takeover: State[] = [
  down("before the first answer", () => 0),
  down("after the answer to PING", after("+PONG\r\n")),
  up("after INFO", after("info\r\n")),
  down("within the answer to INFO", after("redis_version")),
  up("within the question for what is permitted", after("multi\r\n", "sadd\r\n", 5)),
  up("within the taking of the epoch", after("hincrby\r\n", 5)),
  up("after the taking of the epoch, unanswered", after(takenEpoch)),
  down("after the answer to the taking of the epoch", after("redis_version", /\r\n:\d+\r\n/)),
  up("after CLIENT LIST", after("client\r\n$4\r\nLIST\r\n")),
  down("within the answer to CLIENT LIST", after(/id=\d+ addr/)),
  up("within the naming of the connection", after("SETNAME\r\n", 10)),
  up("after SELECT", after("SELECT\r\n$1\r\n0\r\n")),
  up("after the question which server it is", after("INFO\r\n$6\r\nserver\r\n")),
  up("after the checkpoint is asked for", after(takenEpoch, "hmget\r\n", /s0:shaded\r\n/)),
  up("after the left-out keys are asked for", after(/smembers\r\n\$\d+\r\ntributary:left-out:test:s0\r\n/)),
];
const initialSync: State[] = [
  up("before it is noted that an initial sync has begun", after("0 initial-sync", -5)),
  up("after it is noted that an initial sync has begun", after("0 initial-sync\r\n")),
  up("within the keys of the RDB", after("RESTORE", 1 + random.int(20_000))),
  down("within the answers to the keys of the RDB", after("+OK\r\n+OK\r\n", 1 + random.int(500))),
  up("when stale keys are watched", after("watch\r\n")),
  up("within the removal of stale keys", after("multi\r\n", "unlink\r\n", 20)),
  up("after the removal of stale keys, unanswered", after("unlink\r\n", "exec\r\n")),
  up("within the first checkpoint", after(ownCheckpoint)),
  up("after the first checkpoint, unanswered", after(ownCheckpoint, /\d+\r\n/)),
  up("within the first batch of the stream", after("MULTI\r\n", 1 + random.int(200))),
];
const stream: State[] = [
  up("within MULTI", after("MULTI", -2)),
  up("after MULTI", after("MULTI\r\n")),
  up("within a batch", after("MULTI\r\n", 1 + random.int(300))),
  up("within the checkpoint of a batch", after("MULTI\r\n", "HSET\r\n$", 40)),
  up("before EXEC", after("MULTI\r\n", "EXEC", -8)),
  up("within EXEC", after("MULTI\r\n", "EXEC", -2)),
  up("after EXEC, before its answer", after("MULTI\r\n", "EXEC\r\n")),
  down("before the answer to EXEC", after("+QUEUED\r\n*", -1)),
  down("within the answer to EXEC", after("+QUEUED\r\n*", 1)),
  down("within the items of the answer to EXEC", after("+QUEUED\r\n*", /\d+\r\n/, 1)),
];

async function fullSyncs(shard: RedisServer): Promise<number> {
  return Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1]);
}

/** Breaks a connection to the destination at `state`, under load, and compares. */
async function breakAt(state: State, begin: "start" | "full" | "stream"): Promise<void> {
  const shard = await startRedis({ conf: { "repl-backlog-size": "64mb" } });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 1_000, seed, prefix: "fill:" });
  const proxy = await TcpProxy.start(destination.port);
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(proxy) }).start();
  await sync.reaches("synchronizing");
  const writer = new TrafficWriter(shard.client, {
    seed,
    keysPerType: 40,
    through: "direct",
    commandsPerSecond: 4_000,
  }).start();
  const before = await fullSyncs(shard);
  if (begin !== "stream") await sync.stop();
  if (begin === "full") {
    // Ten of the keys are stale on the destination.
    const { client } = shard;
    for (let key = 0; key < 10; key++) await client.set(`stale:${key}`, "will go");
    sync.start();
    await until(() => destination.client.exists("stale:9"), { what: "the keys have come" });
    await sync.stop();
    for (let key = 0; key < 10; key++) await client.unlink(`stale:${key}`);
    await client.call("DEBUG", "CHANGE-REPL-ID");
  }
  if (begin === "stream") {
    // Not the first batch: one after a checkpoint of this very stream.
    const enough = 50 + random.int(300);
    await until(() => (sync.latest?.stream?.commandsApplied ?? 0) > enough, {
      what: "the stream is applied",
    });
  }
  const trap = proxy.trap({ direction: state.direction, find: state.find, act: "cut" });
  if (begin !== "stream") sync.start();
  await until(() => trap.hits > 0, { what: "the connection breaks" });
  const written = writer.commands;
  await until(() => writer.commands > written + 100, { what: "there is traffic after the break" });
  await writer.stop();
  expect([...writer.errors]).toEqual([]);
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination);
  expect((await fullSyncs(shard)) - before).toBe(begin === "full" ? 1 : 0);
  expect(sync.reasons).not.toContain("INTERNAL");
}

const repeated = (states: readonly State[]) => Array.from({ length: rounds(1) }, () => states).flat();

test.each(repeated(takeover))(
  "a takeover of the destination that breaks $at is made again, without a full resynchronization",
  (state) => breakAt(state, "start"),
);

test.each(repeated(initialSync))(
  "an initial sync whose connection to the destination breaks $at is applied again out of the spool",
  (state) => breakAt(state, "full"),
);

test.each(repeated(stream))("a batch whose connection breaks $at is applied exactly once", (state) =>
  breakAt(state, "stream"),
);
