import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { type RedisServer, until } from "../../servers/index.ts";
import { writtenOffset } from "../harness/engine-run.ts";
import { engineWorld, random } from "../harness/engine-world.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { rounds } from "../harness/fault-rounds.ts";

test("a SIGTERM applies all that had been received, though the destination had none of it, and says so within 5 s", async () => {
  const world = await engineWorld({ sourceProxy: false });
  const engine = await world.runningEngine();
  const before = await world.fullSyncs();
  for (let round = 0; round < rounds(2); round++) {
    if (engine.exit !== null) engine.start();
    await world.settled(engine);
    // What comes from here on waits in the engine.
    world.sink.freeze({ newcomers: "served" });
    for (const shard of world.shards) await writeLasting(shard, 2_000 + random.int(20_000));
    const written = await Promise.all(world.shards.map(({ client }) => writtenOffset(client)));
    for (const shard of world.shards) await allReceived(shard);
    const checkpoints = () =>
      Promise.all(world.shardIds.map((id) => engine.checkpoint(id, world.destination.client)));
    for (const [index, offset] of (await checkpoints()).entries())
      expect(offset).toBeLessThan(written[index]!);
    await engine.drain(async () => {
      await until(async () => (await engine.log()).includes("draining"), { what: "the signal is seen" });
      world.sink.thaw();
    });
    for (const [index, offset] of (await checkpoints()).entries()) {
      expect(offset, `the checkpoint of ${world.shardIds[index]}`).toBeGreaterThanOrEqual(written[index]!);
    }
    await expectUnion(world.shards, world.destination);
    world.write();
  }
  await world.rest();
  expect(await world.fullSyncs()).toEqual(before);
}, 120_000);

test("a SIGTERM under load ends within 5 s, and the next start goes on without a full sync", async () => {
  const world = await engineWorld({ commandsPerSecond: 4_000 });
  const engine = await world.runningEngine();
  const before = await world.fullSyncs();
  for (let round = 0; round < rounds(2); round++) {
    await world.writesOn(500 + random.int(2_000));
    await engine.drain();
    engine.start();
    await world.reached(engine);
  }
  await world.equal(engine, "as many SIGTERM");
  expect(await world.fullSyncs()).toEqual(before);
}, 120_000);

test("a SIGTERM ends within 5 s although the destination hangs, and the next start goes on at the checkpoint", async () => {
  const world = await engineWorld({ shards: 1 });
  const engine = await world.runningEngine();
  const before = await world.fullSyncs();
  world.sink.freeze({ newcomers: "silent" });
  await world.writesOn(500);
  await engine.drain();
  world.sink.cut();
  world.sink.thaw();
  engine.start();
  await world.equal(engine, "a SIGTERM that could not drain");
  expect(await world.fullSyncs()).toEqual(before);
}, 120_000);

/**
 * Writes keys without expiry: of a key that expires on the destination while its last writes wait, a part is left there
 * until the shard deletes it, and nobody passes that on while no engine runs.
 */
async function writeLasting({ client }: RedisServer, commands: number): Promise<void> {
  const pipeline = client.pipeline();
  for (let n = 0; n < commands; n++) {
    const key = `lasting:${client.options.port}:${random.int(50)}`;
    random.pick([
      () => pipeline.incr(`${key}:counter`),
      () => pipeline.append(`${key}:log`, `${n},`),
      () => pipeline.setrange(`${key}:log`, random.int(500), `${n}`),
      () => pipeline.rpush(`${key}:list`, n),
      () => pipeline.lpop(`${key}:list`),
      () => pipeline.sadd(`${key}:set`, n, n + 1),
      () => pipeline.spop(`${key}:set`),
      () => pipeline.hincrbyfloat(`${key}:hash`, "field", n / 8),
      () => pipeline.xadd(`${key}:stream`, "*", "field", n),
    ])();
  }
  for (const [error] of (await pipeline.exec()) ?? []) expect(error).toBeNull();
}

/** Resolves when the engine has read all that the shard has written into its stream by now. */
async function allReceived(shard: RedisServer): Promise<void> {
  const nothingUnread = async () => {
    // It answers when it has given its replicas what it could: more only follows what has been read.
    await shard.client.ping();
    return (await unreadBytes(shard.port, shard.client.stream as Socket)) === 0;
  };
  await until(async () => (await nothingUnread()) && (await nothingUnread()), {
    what: "the engine has received what the shard has written",
  });
}

/**
 * Bytes that lie in the kernel on their way from a port of 127.0.0.1, `own` aside: the acknowledgement of the answer
 * that was just read there takes its time.
 */
async function unreadBytes(port: number, own: Socket): Promise<number> {
  const hexOf = (number: number) => number.toString(16).toUpperCase().padStart(4, "0");
  const [hex, ours] = [hexOf(port), hexOf(own.localPort ?? 0)];
  let sum = 0;
  for (const line of (await readFile("/proc/net/tcp", "utf8")).split("\n").slice(1)) {
    const [, from = "", to = "", , queues = ""] = line.trim().split(/\s+/);
    const [unsent = "0", unread = "0"] = queues.split(":");
    if (from.endsWith(`:${ours}`) || to.endsWith(`:${ours}`)) continue;
    if (from.endsWith(`:${hex}`)) sum += Number.parseInt(unsent, 16);
    if (to.endsWith(`:${hex}`)) sum += Number.parseInt(unread, 16);
  }
  return sum;
}
