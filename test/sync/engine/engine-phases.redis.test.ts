import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../../servers/index.ts";
import { type EngineWorld, engineWorld, forceFullSync, random } from "../harness/engine-world.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { after, type Direction, type Find } from "../harness/proxy-trap.ts";

const markHeader = /\$EOF:[\s\S]{40}\r\n/;
/** The connection that writes for the first shard. The stream of the other one RESTOREs keys, too. */
const firstLink = "SETNAME\r\n$41\r\ntributary:engine-run:shard-1:";

/** A moment in the life of an engine, at which it is killed. */
type Phase = {
  readonly during: string;
  readonly where: "source" | "sink";
  readonly direction: Direction;
  /** Drawn anew for each kill. */
  readonly find: () => Find;
  /** What the next engine has to do: a partial resume puts nothing right that the kill has spoilt. */
  readonly goesOnBy: "partial" | "full";
  /** What has to be so before the engine is started. */
  readonly before?: (world: EngineWorld) => Promise<unknown>;
  readonly afterwards?: (world: EngineWorld) => Promise<unknown>;
};

const phases: readonly Phase[] = [
  {
    during: "the handshake",
    where: "source",
    direction: "up",
    find: () => after(["REPLCONF\r\n", "capa", "PSYNC", "PSYNC\r\n$"][random.int(4)]!),
    goesOnBy: "partial",
  },
  {
    during: "the wait for a BGSAVE to begin",
    where: "source",
    direction: "down",
    // The newline that keeps a waiting replica alive.
    find: () => after("+PONG\r\n", "+OK\r\n", "\n"),
    goesOnBy: "full",
    before: async (world) => {
      await forceFullSync(world);
      await world.shard.client.config("SET", "repl-diskless-sync-delay", "60");
    },
    afterwards: ({ shard }) => shard.client.config("SET", "repl-diskless-sync-delay", "0"),
  },
  {
    during: "the wait for the end of a BGSAVE",
    where: "source",
    direction: "down",
    find: () => after(/\+FULLRESYNC [^\r]*\r\n/, "\n"),
    goesOnBy: "full",
    before: async (world) => {
      await forceFullSync(world);
      await world.shard.client.config("SET", "repl-diskless-sync", "no", "rdb-key-save-delay", "5000");
    },
    afterwards: async ({ shard }) => {
      await shard.client.config("SET", "repl-diskless-sync", "yes", "rdb-key-save-delay", "0");
    },
  },
  {
    during: "the transfer of the RDB",
    where: "source",
    direction: "down",
    find: () => after(markHeader, 1 + random.int(100_000)),
    goesOnBy: "full",
    before: forceFullSync,
  },
  {
    during: "the application of the RDB",
    where: "sink",
    direction: "up",
    find: () => after(firstLink, "RESTORE", 1 + random.int(100_000)),
    goesOnBy: "full",
    before: forceFullSync,
  },
  {
    during: "the removal of stale keys",
    where: "sink",
    direction: "up",
    find: () =>
      [after("watch\r\n"), after("multi\r\n", "unlink\r\n"), after("unlink\r\n", "exec\r\n")][random.int(3)]!,
    goesOnBy: "full",
    before: forceFullSync,
  },
  {
    during: "the first batch after the RDB",
    where: "sink",
    direction: "up",
    find: () => after(firstLink, "RESTORE", "MULTI\r\n", random.int(100)),
    goesOnBy: "partial",
    before: forceFullSync,
  },
  {
    during: "the copying of keys that may have expired early",
    where: "sink",
    direction: "up",
    find: () => after(firstLink, "MULTI\r\n", "RESTORE", random.int(500)),
    goesOnBy: "partial",
  },
  {
    during: "the restoring of expiries",
    where: "sink",
    direction: "up",
    find: () => after("eval\r\n", random.int(1_000)),
    goesOnBy: "partial",
  },
  {
    during: "the stream",
    where: "sink",
    direction: "up",
    find: () => after("MULTI\r\n", "EXEC\r\n", "MULTI\r\n", random.int(3_000)),
    goesOnBy: "partial",
  },
  {
    during: "the answer to a batch",
    where: "sink",
    direction: "down",
    find: () => after("+QUEUED\r\n*", "+QUEUED\r\n*", -1),
    goesOnBy: "partial",
  },
];

test("equals the union of the shards after each kill -9 in each phase of the engine's life", async () => {
  const world = await engineWorld();
  const engine = await world.runningEngine();
  await engine.kill();
  for (const phase of Array.from({ length: rounds(1) }, () => phases).flat()) {
    await phase.before?.(world);
    const proxy = world[phase.where];
    const trap = proxy.trap({ direction: phase.direction, find: phase.find(), act: "freeze" });
    engine.start();
    await until(() => trap.hits > 0, {
      what: `the engine is killed during ${phase.during}`,
      timeoutMs: 60_000,
    });
    // The other shard goes on meanwhile: where it is by then is random.
    await sleep(random.int(200));
    await engine.kill();
    proxy.cut();
    await phase.afterwards?.(world);
    const before = await world.fullSyncs();
    engine.start();
    expect(await world.equal(engine, `a kill during ${phase.during}`)).toBeGreaterThan(4_000);
    const more = (await world.fullSyncs()).map((count, index) => count - before[index]!);
    expect(more, `full syncs after a kill during ${phase.during}`).toEqual([
      phase.goesOnBy === "full" ? 1 : 0,
      0,
    ]);
    world.write();
  }
  await world.rest();
}, 300_000);
