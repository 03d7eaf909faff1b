import { expect, test } from "vitest";
import { until } from "../../servers/index.ts";
import type { EngineRun } from "../harness/engine-run.ts";
import { type EngineWorld, engineWorld, forceFullSync, random } from "../harness/engine-world.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { after, type Find } from "../harness/proxy-trap.ts";

/** The connection that writes for the first shard. */
const firstLink = "SETNAME\r\n$41\r\ntributary:engine-run:shard-1:";
const FENCED = "Another engine has taken over";
const epochOf = (shard: string, more = "") =>
  new RegExp(
    `hincrby\\r\\n\\$\\d+\\r\\ntributary:checkpoint:engine-run\\r\\n\\$13\\r\\n${shard}:epoch\\r\\n${more}`,
  );

/** It ends by itself, and says why. */
async function expectFenced(engine: EngineRun): Promise<void> {
  await until(() => engine.exit !== null, { what: "it has ended", timeoutMs: 60_000 }).catch(
    async (error) => {
      throw new Error(`${error.message}:\n${await engine.log()}`);
    },
  );
  expect(engine.exit).toBe("exit code 1");
  expect(await engine.log()).toContain(FENCED);
}

test("an engine ends as fenced off when another one is started for its task", async () => {
  const world = await engineWorld();
  let before = await world.runningEngine();
  const fullSyncs = await world.fullSyncs();
  for (let round = 0; round < rounds(1); round++) {
    await world.writesOn(200 + random.int(500));
    const next = world.engine();
    next.start();
    await expectFenced(before);
    await world.reached(next);
    expect(next.exit).toBeNull();
    before = next;
  }
  await world.equal(before, "as many takeovers");
  expect(await world.fullSyncs()).toEqual(fullSyncs);
}, 120_000);

/** Where both engines are held until both have come there. */
const meetings: readonly (readonly [where: string, find: Find])[] = [
  ["before either has taken an epoch", after("hincrby\r\n", -5)],
  ["when both have taken an epoch", after(epochOf("shard-1", "\\$1\\r\\n1\\r\\n"))],
  ["when both have asked who is connected", after(epochOf("shard-1"), "client\r\n$4\r\nLIST\r\n")],
  ["when both have a connection", after(firstLink, 6)],
  ["when both read the checkpoint", after(epochOf("shard-1"), "hmget\r\n", /shard-1:shaded\r\n/)],
];

test("of two engines that are started at the same moment exactly one ends as fenced off", async () => {
  const world = await engineWorld({ shards: 1 });
  let running = await world.runningEngine();
  const fullSyncs = await world.fullSyncs();
  for (const [where, find] of Array.from({ length: rounds(1) }, () => meetings).flat()) {
    await running.kill();
    const both = [world.engine(), world.engine()];
    const meeting = world.sink.trap({ direction: "up", find, act: "freeze", times: 2 });
    for (const engine of both) engine.start();
    await until(() => meeting.hits === 2, { what: `two engines meet ${where}` });
    world.sink.thaw();
    await until(() => both.some(({ exit }) => exit !== null), { what: `one of them ends, ${where}` });
    await world.writesOn(200);
    await world.reached(both[0]!);
    const [ended, ...others] = both.filter(({ exit }) => exit !== null);
    expect(others, `both have ended, ${where}`).toEqual([]);
    await expectFenced(ended!);
    running = both.find(({ exit }) => exit === null)!;
    expect(await running.log()).not.toContain(FENCED);
  }
  await world.equal(running, "all meetings");
  expect(await world.fullSyncs()).toEqual(fullSyncs);
}, 120_000);

test("nothing is lost or doubled when two engines start at the same moment, whichever of them gets which shard", async () => {
  const world = await engineWorld();
  const engine = await world.runningEngine();
  const fullSyncs = await world.fullSyncs();
  for (let round = 0; round < rounds(1); round++) {
    await engine.kill();
    const both = [world.engine(), world.engine()];
    const [where, find] = random.pick(meetings);
    const meeting = world.sink.trap({ direction: "up", find, act: "freeze", times: 2 });
    for (const one of both) one.start();
    await until(() => meeting.hits === 2, { what: `two engines meet ${where}` });
    world.sink.thaw();
    await world.writesOn(500);
    await world.reached(both[0]!);
    for (const one of both) await one.kill();
    engine.start();
    await world.equal(engine, `two engines that met ${where}`);
    expect(await world.fullSyncs()).toEqual(fullSyncs);
    world.write();
  }
  await world.rest();
}, 120_000);

test.each([
  ["streams", async () => after(firstLink, "MULTI\r\n", "EXEC\r\n", "MULTI\r\n", random.int(3_000)), 0],
  [
    "writes an RDB",
    async (world: EngineWorld) => {
      await forceFullSync(world);
      return after(firstLink, "RESTORE", 1 + random.int(50_000));
    },
    1,
  ],
] as const)(
  "an engine that is stopped while it %s, and goes on when another one has taken over, has applied nothing more",
  async (_, moment, fullSyncs) => {
    const world = await engineWorld();
    let next = await world.runningEngine();
    for (let round = 0; round < rounds(1); round++) {
      await next.kill();
      const find = await moment(world);
      const zombie = world.engine();
      const busy = world.sink.trap({ direction: "up", find, act: "freeze" });
      zombie.start();
      await until(() => busy.hits > 0, { what: "the first engine writes", timeoutMs: 60_000 });
      // What it has not taken over by then it would take over as any engine that is started.
      await until(async () => /shard-2 +info: Continuing the stream/.test(await zombie.log()), {
        what: "the first engine has taken over the other shard too",
      });
      zombie.signal("SIGSTOP");
      world.sink.thaw();
      const before = await world.fullSyncs();
      next = world.engine();
      next.start();
      await world.reached(next);
      await world.writesOn(200 + random.int(300));
      zombie.signal("SIGCONT");
      await expectFenced(zombie);
      expect(next.exit).toBeNull();
      await world.equal(next, `zombie ${round + 1}`);
      const more = (await world.fullSyncs()).map((count, index) => count - before[index]!);
      expect(more).toEqual([fullSyncs, 0]);
      world.write();
    }
    await world.rest();
  },
  240_000,
);

test("an engine that is stopped within its takeover, and goes on when another one has taken over, ends as fenced off", async () => {
  const world = await engineWorld({ shards: 1 });
  let next = await world.runningEngine();
  const fullSyncs = await world.fullSyncs();
  for (const [where, find] of Array.from({ length: rounds(1) }, () => meetings.slice(1)).flat()) {
    await next.kill();
    const zombie = world.engine();
    const taking = world.sink.trap({ direction: "up", find, act: "freeze" });
    zombie.start();
    await until(() => taking.hits > 0, { what: `an engine is stopped ${where}`, timeoutMs: 60_000 });
    zombie.signal("SIGSTOP");
    world.sink.thaw();
    next = world.engine();
    next.start();
    await world.reached(next);
    zombie.signal("SIGCONT");
    await expectFenced(zombie);
    expect(next.exit).toBeNull();
  }
  await world.equal(next, "all zombies");
  expect(await world.fullSyncs()).toEqual(fullSyncs);
}, 120_000);
