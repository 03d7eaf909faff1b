import { afterAll, beforeAll, expect, test } from "vitest";
import { LAST_WRITE } from "../../server/merge/merge-policy.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import type { ShardSyncSpec } from "../../server/sync/spec/shard-sync-spec.ts";
import { SHRINK_POLICY } from "../../server/sync/spec/shard-sync-spec.ts";
import { plainQuestion } from "../precheck/merge-question.ts";
import { startRedis, temporaryFolder, until } from "../servers/index.ts";
import { type Behavior, behaviors, masterBehaviors, sentinelBehaviors } from "./behaviors.ts";
import { HostileEngine } from "./hostile-engine.ts";
import { HostileProxy, type Trigger } from "./hostile-proxy.ts";

const MiB = 1024 * 1024;
/** Above what the engine has when nothing but the bystander runs. */
const MEMORY_BOUND = 150 * MiB;
/** Trials under way at a time. */
const AT_ONCE = 4;
const CHECKED_AT_ONCE = 50;
/** ms that a connection may stay with a hostile peer before the trial goes on. */
const PATIENCE_MS = 1_000;

let engine: HostileEngine;
let idleBytes = 0;
let ports: { shard: number; destination: number };

beforeAll(async () => {
  const [shard, destination, ownShard, ownDestination] = await Promise.all(
    Array.from({ length: 4 }, () => startRedis({ conf: { save: "", "repl-diskless-sync-delay": "0" } })),
  );
  ports = { shard: shard!.port, destination: destination!.port };
  for (let key = 0; key < 50; key++) await shard!.client.set(`key:${key}`, "v".repeat(100));
  engine = new HostileEngine("bystander");
  await engine.start(spec("bystander", ownShard!.port, ownDestination!.port));
  await until(() => engine.lags > 0 && engine.latest.get("bystander")?.status === "synchronizing", {
    what: "the bystander is synchronizing",
    timeoutMs: 30_000,
  });
  // Modules, and the code that the just-in-time compiler makes, are there from the first trial on.
  await engine.ask({ check: checkOf(ports.shard, ports.destination) });
  await engine.start(spec("warm", ports.shard, ports.destination));
  await until(() => engine.latest.get("warm")?.status === "synchronizing", {
    what: "one that is not hurt runs",
  });
  await engine.stop("warm");
  idleBytes = engine.bytes;
}, 120_000);

afterAll(() => engine?.kill());

function spec(taskId: string, source: number, destination: number, sentinel?: number): ShardSyncSpec {
  const at = (port: number) => parseEndpoint(`127.0.0.1:${port}`);
  return {
    taskId,
    taskName: taskId,
    shardId: "s",
    shardName: "s",
    source: at(source),
    alternatives: [],
    sentinel: sentinel === undefined ? null : { masterName: "m", sentinels: [at(sentinel)] },
    shardIndex: 0,
    siblings: [],
    destination: at(destination),
    databases: { kind: "all" },
    merge: LAST_WRITE,
    shrink: { ...SHRINK_POLICY, onShrink: "follow" },
    destinationKeys: "overwrite",
    onFlush: "skip",
    checkpointDb: 0,
    heartbeatDb: 0,
    publish: "forward",
    onDestinationDataLost: "resync",
    expectCheckpoint: false,
    spoolQuotaBytes: 256 * MiB,
    spoolDirectory: temporaryFolder(),
  };
}

function shardAt(port: number, name: string) {
  return { id: name, name, endpoint: parseEndpoint(`127.0.0.1:${port}`) };
}

function checkOf(source: number, destination: number) {
  return {
    shards: [shardAt(source, "s")],
    destination: parseEndpoint(`127.0.0.1:${destination}`),
    databases: null,
    heartbeatDb: 0,
    merge: plainQuestion,
  };
}

type Trial = (proxy: HostileProxy, taskId: string) => Promise<void>;

/** Tries all behaviors, a few at a time, and holds what the engine has promised. */
async function tryAll(
  list: readonly Behavior[],
  peer: { readonly upstream: number | ((index: number) => number); readonly triggers: readonly Trigger[] },
  trial: Trial,
): Promise<void> {
  const missed: string[] = [];
  const left = [...list.entries()];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, behavior] = next;
      const trigger = peer.triggers[index % peer.triggers.length]!;
      const upstream = typeof peer.upstream === "number" ? peer.upstream : peer.upstream(index);
      const proxy = await HostileProxy.start(upstream, trigger, behavior);
      const before = engine.deaths.length;
      await trial(proxy, `t${index}`);
      if (proxy.hits === 0) missed.push(behavior.name);
      await proxy.stop();
      if (engine.exit !== null) throw new Error(`"${behavior.name}" ended the process: ${engine.exit}`);
      if (engine.deaths.length > before) {
        throw new Error(`"${behavior.name}" or one beside it ended a thread: ${engine.deaths.join("; ")}`);
      }
    }
  };
  await watched(async () => {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  });
  expect(missed).toEqual([]);
}

/** Holds what the engine has promised its other tasks while hostile peers are about. */
async function watched(action: () => Promise<void>): Promise<void> {
  engine.watch();
  await action();
  expect(engine.exit).toBeNull();
  expect(engine.deaths).toEqual([]);
  const aboveIdle = Math.round((engine.peakBytes - idleBytes) / MiB);
  console.log(`${aboveIdle} MiB above idle, the bystander's worst lag ${engine.worstLag} s`);
  expect(aboveIdle).toBeLessThan(MEMORY_BOUND / MiB);
  expect(engine.worstLag).toBeLessThan(1);
  expect(engine.lags).toBeGreaterThan(0);
  expect(engine.longestReport).toBeLessThan(200_000);
}

/** Runs a shard sync until the peer has done its worst. */
const run =
  (specOf: (port: number, taskId: string) => ShardSyncSpec): Trial =>
  async (proxy, taskId) => {
    await engine.start(specOf(proxy.port, taskId));
    const hit = () => proxy.hits > 0 || engine.exit !== null;
    await until(hit, { what: "the peer turns hostile", timeoutMs: 20_000 }).catch(() => {});
    const began = Date.now();
    const over = () =>
      proxy.ended >= proxy.hits || engine.exit !== null || (proxy.said >= proxy.hits && patienceEnds());
    const patienceEnds = () => Date.now() - began > PATIENCE_MS;
    await until(over, { what: "it is over", timeoutMs: 15_000 }).catch(() => {});
    await engine.stop(taskId);
  };

const words = (...list: RegExp[]): Trigger[] => list.map((pattern) => ({ words: pattern }));

test("a connection test outlives any peer", { timeout: 300_000 }, async () => {
  const triggers = words(/PING\r\n/, /info\r\n/, /CONFIG\r\n/, /MULTI\r\n/, /REPLCONF\r\n/);
  // A thread costs more than a conversation: each check has many shards.
  const batches = Array.from({ length: Math.ceil(behaviors.length / CHECKED_AT_ONCE) }, (_, batch) =>
    behaviors.slice(batch * CHECKED_AT_ONCE, (batch + 1) * CHECKED_AT_ONCE),
  );
  await watched(async () => {
    for (const batch of batches) {
      const proxies = await Promise.all(
        batch.map((one, index) => HostileProxy.start(ports.shard, triggers[index % triggers.length]!, one)),
      );
      const shards = proxies.map(({ port }, index) => shardAt(port, batch[index]!.name));
      const found = await engine.ask({ check: { ...checkOf(ports.shard, proxies[0]!.port), shards } });
      expect(found, JSON.stringify(found)).toBeInstanceOf(Array);
      const missed = batch.filter((_, index) => proxies[index]!.hits === 0);
      expect(missed.map(({ name }) => name)).toEqual([]);
      for (const proxy of proxies) await proxy.stop();
    }
  });
});

test("a shard's link outlives any peer", { timeout: 300_000 }, async () => {
  const triggers = words(/PSYNC\r\n/, /PSYNC\r\n/, /REPLCONF\r\n\$4\r\ncapa/);
  const trial = run((port, taskId) => ({ ...spec(taskId, port, ports.destination), heartbeatDb: null }));
  await tryAll(behaviors, { upstream: ports.shard, triggers }, trial);
});

test("a shard's link outlives any master", { timeout: 300_000 }, async () => {
  const trial = run((port, taskId) => ({ ...spec(taskId, port, ports.destination), heartbeatDb: null }));
  await tryAll(masterBehaviors, { upstream: ports.shard, triggers: words(/PSYNC\r\n/) }, trial);
});

test("a shard's side connections outlive any peer", { timeout: 300_000 }, async () => {
  const triggers = words(/info\r\n/, /setex\r\n/);
  const trial = run((port, taskId) => spec(taskId, port, ports.destination));
  await tryAll(behaviors, { upstream: ports.shard, triggers }, trial);
});

test("the link to the destination outlives any peer", { timeout: 300_000 }, async () => {
  const triggers = words(/CLIENT\r\n\$7\r\nSETNAME/, /INFO\r\n\$6\r\nserver/, /RESTORE\r\n/, /EXEC\r\n/);
  const trial = run((port, taskId) => spec(taskId, ports.shard, port));
  await tryAll(behaviors, { upstream: ports.destination, triggers }, trial);
});

test("side connections to the destination outlive any peer", { timeout: 300_000 }, async () => {
  const triggers = words(/info\r\n/, /hmget\r\n/, /LIST\r\n/, /multi\r\n/, /scan\r\n/, /hset\r\n/);
  const trial = run((port, taskId) => spec(taskId, ports.shard, port));
  await tryAll(behaviors, { upstream: ports.destination, triggers }, trial);
});

test("a shard outlives any Sentinel", { timeout: 300_000 }, async () => {
  const triggers = words(/SENTINEL\r\n/);
  const trial = run((port, taskId) => spec(taskId, ports.shard, ports.destination, port));
  await tryAll([...behaviors, ...sentinelBehaviors], { upstream: ports.shard, triggers }, trial);
});

test("a shard outlives any proxy in between", { timeout: 300_000 }, async () => {
  const triggers = [1, 40, 300, 2000, 5000].map((afterBytes) => ({ afterBytes }));
  const trial = run((port, taskId) =>
    Number(taskId.slice(1)) % 2 === 0
      ? spec(taskId, port, ports.destination)
      : spec(taskId, ports.shard, port),
  );
  const upstream = (index: number) => (index % 2 === 0 ? ports.shard : ports.destination);
  await tryAll(behaviors, { upstream, triggers }, trial);
});
