import { expect, test } from "vitest";
import { until } from "../../servers/index.ts";
import { engineWorld, forceFullSync, random } from "../harness/engine-world.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { after, type Find } from "../harness/proxy-trap.ts";

const takenEpoch =
  /hincrby\r\n\$\d+\r\ntributary:checkpoint:engine-run\r\n\$13\r\nshard-1:epoch\r\n\$1\r\n1\r\n/;
const list = "client\r\n$4\r\nLIST\r\n";
const kill = /client\r\n\$4\r\nKILL\r\n\$2\r\nID\r\n\$\d+\r\n\d+\r\n/;
const named = /SETNAME\r\n\$41\r\ntributary:engine-run:shard-1:[0-9a-f]{12}\r\n/;

/** Places in what an engine says when it takes over the first shard, none of them within a command. */
const takeover: readonly (readonly [during: string, find: Find])[] = [
  ["between the epoch and CLIENT KILL", after(takenEpoch)],
  ["between CLIENT LIST and CLIENT KILL", after(takenEpoch, list)],
  ["between two CLIENT KILL", after(takenEpoch, list, kill)],
  ["when the former writers are gone", after(takenEpoch, list, kill, list)],
  ["when its own connection is named", after(named)],
  ["when it reads the checkpoint", after(takenEpoch, "hmget\r\n", /shard-1:shaded\r\n/)],
];

/** What the former engine does at the destination when it is cut off. */
const former = {
  stream: () => after(named, "MULTI\r\n", "EXEC\r\n", "MULTI\r\n", random.int(2_000)),
  rdb: () => after(named, "RESTORE", 1 + random.int(50_000)),
} as const;

/*
 * An engine's host vanishes: the destination does not learn that it is gone, and what it has sent last lies in the
 * network. The second engine dies while it takes over, and the third one goes on as if neither had been. What lay in
 * the network arrives before the third one comes, or when it has long taken over.
 */
test("equals the union of the shards after each kill -9 within a takeover from an engine that vanished", async () => {
  const world = await engineWorld();
  const { sink } = world;
  const engine = await world.runningEngine();
  await engine.kill();
  for (const [during, find] of Array.from({ length: rounds(1) }, () => takeover).flat()) {
    const doing = random.pick(["stream", "rdb"] as const);
    const late = random.oneIn(2);
    const story = `a kill ${during}, from a ${doing}${late ? " whose end comes late" : ""}`;
    if (doing === "rdb") await forceFullSync(world);
    const busy = sink.trap({ direction: "up", find: former[doing](), act: "freeze" });
    engine.start();
    await until(() => busy.hits > 0, { what: "the first engine writes", timeoutMs: 60_000 });
    sink.freeze({ newcomers: "served" });
    await world.writesOn(100 + random.int(200));
    await engine.kill();
    const taking = sink.trap({ direction: "up", find, act: "freeze" });
    engine.start();
    await until(() => taking.hits > 0, { what: `there is ${story}`, timeoutMs: 60_000 });
    await engine.kill();
    const before = await world.fullSyncs();
    if (!late) sink.thaw();
    engine.start();
    await world.reached(engine);
    sink.thaw();
    await world.writesOn(100);
    await world.equal(engine, story);
    const more = (await world.fullSyncs()).map((count, index) => count - before[index]!);
    expect(more, `full syncs after ${story}`).toEqual([doing === "stream" ? 0 : 1, 0]);
    world.write();
  }
  await world.rest();
}, 240_000);
