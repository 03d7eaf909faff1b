import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  type RedisServer,
  startNutcracker,
  startRedis,
  temporaryFolder,
  until,
} from "../../servers/index.ts";
import { ann, CutoverForTest, openForCutover } from "./open-cutover.ts";

vi.setConfig({ testTimeout: 240_000 });

/** Two shards behind a nutcracker, a task that synchronizes them, and its cutover. */
async function world(options: { neighbor?: boolean } = {}) {
  const [a, b, destination] = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const nutcracker = await startNutcracker({
    servers: [
      { port: a.port, name: "alpha-1" },
      { port: b.port, name: "alpha-2" },
    ],
  });
  for (let n = 0; n < 200; n++) await nutcracker.client.set(`k:${n}`, n);
  if (options.neighbor === true) await destination.client.set("tributary:checkpoint:neighbor", "theirs");
  const directory = temporaryFolder();
  const open = openForCutover(directory);
  const { id } = await open.control.create(
    {
      name: "river",
      source: { kind: "nutcracker", text: nutcracker.configText, pool: "alpha" },
      destination: { address: destination.url },
      destinationKeys: "overwrite",
    },
    { start: true, skipChecks: true },
  );
  await until(() => open.control.row(id).status === "synchronizing", {
    what: "it is synchronizing",
    timeoutMs: 60_000,
  });
  return { a, b, destination, nutcracker, directory, open, id, cutover: new CutoverForTest(open, id) };
}

/** Commands that reach a server, one text each. */
async function watch(server: RedisServer): Promise<string[]> {
  const seen: string[] = [];
  const monitor = await server.client.duplicate().monitor();
  monitor.on("monitor", (_: string, args: string[]) => seen.push(args.join(" ")));
  onTestFinished(() => monitor.disconnect());
  return seen;
}

test("leads from the gates to the end, and a real nutcracker reads with the file what was merged", async () => {
  const { a, b, destination, nutcracker, directory, open, id, cutover } = await world({ neighbor: true });
  cutover.begin();
  expect(cutover.gate("verified")).toMatchObject({ ok: false });
  expect(() => cutover.order("proceed")).toThrow(/river cannot go on/);
  await cutover.verified();
  await cutover.proceed();

  // Somebody still writes: it says to which shard, how much and what.
  let writing = true;
  const writer = (async () => {
    for (let n = 0; writing; n++) await nutcracker.client.set("k:1", n);
  })();
  const wrote = () =>
    cutover.gate("writes-stopped")!.parts.filter(({ measured }) => /writes\/s/.test(measured));
  await until(() => wrote().length === 1, { what: "it says that writes come", timeoutMs: 30_000 });
  expect(wrote()[0]!.measured).toMatch(/^[\d.]+ writes\/s still come \(SET\)$/);
  expect(() => cutover.order("proceed")).toThrow(/Nobody writes to the shards/);
  writing = false;
  await writer;
  await nutcracker.client.set("last", "word");
  await cutover.proceed();
  expect(cutover.step).toBe("drain");
  await cutover.proceed();
  expect(cutover.step).toBe("verify");
  await cutover.proceed();
  await cutover.at("switch");

  // At rest: nothing of ours may start again, whoever asks.
  expect(open.control.row(id)).toMatchObject({ status: "paused", cutover: "switch", actions: [] });
  for (const act of [
    () => open.control.resume(id),
    () => open.control.stop(id),
    () => open.control.start(id),
  ])
    expect(act).toThrow(/its cutover is under way/);
  expect(await destination.client.get("last")).toBe("word");
  const seen = await watch(destination);
  await a.client.set("too", "late");

  const file = open.control.switchFile(id);
  expect(file).toMatchObject({
    former: nutcracker.configText,
    endpoint: `redis://127.0.0.1:${destination.port}`,
  });
  const text = readFileSync(join(file.directory!, "nutcracker.yml"), "utf8");
  expect(file.directory).toBe(join(directory, "cutover", id));
  expect(statSync(join(file.directory!, "nutcracker.yml")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(file.directory!, "nutcracker.former.yml"), "utf8")).toBe(nutcracker.configText);
  expect(text).toContain(`127.0.0.1:${destination.port}:1 destination`);
  expect(text).not.toContain(`:${a.port}`);
  await nutcracker.stop();
  const switched = await startNutcracker({ servers: [], port: nutcracker.port, configText: text });
  for (let n = 2; n < 200; n++) expect(await switched.client.get(`k:${n}`)).toBe(String(n));
  await switched.client.set("k:2", "of the application");

  await cutover.proceed();
  await cutover.at("finished");
  expect(open.control.row(id)).toMatchObject({ status: "finished", cutover: null, actions: ["delete"] });
  const left = await destination.client.keys("*tributary*");
  expect(left).toEqual(["tributary:checkpoint:neighbor"]);
  for (const shard of [a, b]) expect(await shard.client.exists("DTS_REDIS_TIMESTAMP_HEARTBEAT")).toBe(0);
  const after = seen.length;
  await a.client.set("k:2", "of a shard");
  await b.client.del("k:2");
  await switched.client.incr("counter");
  await until(() => seen.some((text) => text === "incr counter"), {
    what: "MONITOR has seen the application",
  });
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(seen.slice(after).filter((text) => !/^incr counter$/.test(text))).toEqual([]);
  expect(await destination.client.get("k:2")).toBe("of the application");
  expect(await destination.client.exists("too")).toBe(0);

  const report = open.control.report(id);
  expect(report).toMatchObject({
    task: { name: "river", status: "finished", source: "alpha (nutcracker.yml)" },
    shards: [{ name: "alpha-1", differs: [] }, { name: "alpha-2" }],
    verifications: [{ outcome: "equal" }, { outcome: "equal" }],
    cutovers: [{ startedBy: { by: "Ann" }, state: { step: "finished" } }],
  });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  await open.close();
  const again = openForCutover(directory);
  expect(again.control.report(id)).toEqual(report);
  expect(again.control.cutover(id).cutover?.over).toBe(true);
  expect(again.failures).toEqual([]);
});

/** As far as the switch, by overrides of what only takes time. */
async function atSwitch(cutover: CutoverForTest): Promise<void> {
  cutover.begin().override("verified");
  for (const step of ["stop-writes", "drain", "verify", "settle"] as const) {
    await cutover.proceed();
    if (step !== "settle") expect(cutover.step).toBe(step);
  }
  await cutover.at("switch");
}

test("goes back from the switch, where the shards go on at their checkpoints, and can be begun again", async () => {
  const { nutcracker, destination, open, id, cutover } = await world();
  await nutcracker.client.incr("counter");
  await atSwitch(cutover);
  await nutcracker.client.incr("counter");
  await destination.client.set("of the application", "1");
  expect(await destination.client.get("counter")).toBe("1");
  cutover.order("back");
  expect(cutover.step).toBe("stop-writes");
  await until(async () => (await destination.client.get("counter")) === "2", {
    what: "the stream goes on",
    timeoutMs: 60_000,
  });
  expect(await destination.client.get("of the application")).toBe("1");
  expect(open.control.task(id).shards.map(({ report }) => report!.initialSyncs)).toEqual([1, 1]);
  cutover.order("leave");
  expect(open.control.row(id)).toMatchObject({ cutover: null, wanted: "running" });
  expect(cutover.begin().step).toBe("gates");
  expect(open.control.report(id).cutovers).toHaveLength(2);
});

test("tells after the switch who still writes to a shard, until then wants a reason for the end, and keeps it", async () => {
  const { a, open, id, cutover } = await world();
  await atSwitch(cutover);
  const late = () => cutover.gate("late-writes")!;
  await until(() => late().ok, { what: "nobody writes", timeoutMs: 60_000 });
  let writing = true;
  const writer = (async () => {
    for (let n = 0; writing; n++) await a.client.set("k:1", n);
  })();
  await until(() => late().parts.some(({ measured }) => /writes/.test(measured)), {
    what: "it says that writes come",
    timeoutMs: 60_000,
  });
  expect(late().parts.map(({ shard, ok }) => [shard, ok])).toEqual([
    ["alpha-1", false],
    ["alpha-2", true],
  ]);
  expect(late().parts[0]!.measured).toMatch(/^[\d.]+ writes\/s still come \(SET\)$/);
  expect(() => cutover.order("proceed")).toThrow(/Nobody writes to the shards any more: alpha-1: .*SET/);
  cutover.override("late-writes", "a job that nobody needs");
  cutover.order("proceed");
  await cutover.at("finished");
  writing = false;
  await writer;
  expect(open.control.report(id).cutovers[0]!.overrides.at(-1)).toMatchObject({
    ...{ gate: "late-writes", by: "Ann", reason: "a job that nobody needs" },
    measured: expect.stringContaining("writes/s"),
  });
});

test("holds up writes on the shards for as long as is wanted, and lets them go", async () => {
  const { a, open, id, cutover } = await world();
  cutover.begin().override("verified");
  await expect(open.control.holdWrites(id, 60, ann)).rejects.toThrow(
    /writes cannot be paused at the step gates/,
  );
  await cutover.proceed();
  const { cutover: held } = await open.control.holdWrites(id, 60, ann);
  expect(held!.heldWrites!.shards.map(({ problem }) => problem)).toEqual([null, null]);
  let written = false;
  const write = a.client
    .duplicate()
    .set("k:held", "1")
    .then(() => {
      written = true;
    });
  await cutover.proceed();
  expect(written).toBe(false);
  await open.control.releaseWrites(id, ann);
  await write;
  expect(cutover.view.cutover!.heldWrites).toBe(null);
  await until(() => cutover.gate("writes-stopped")?.ok === false, {
    what: "the write is seen",
    timeoutMs: 30_000,
  });
});

test("shuts a gate for a FLUSHALL and for a shard that fails, and keeps who overrode which and why", async () => {
  const { a, b, open, id, cutover } = await world();
  cutover.begin().override("verified");
  await a.client.flushall();
  await until(() => cutover.view.shut === "differs", {
    what: "only the difference is left",
    timeoutMs: 60_000,
  });
  expect(() => cutover.order("proceed")).toThrow(/Nothing is known to differ: alpha-1: FLUSHALL/);
  cutover.override("differs", "it was a test shard");
  await cutover.proceed();
  await b.kill();
  await until(() => cutover.gate("synchronizing")?.ok === false, {
    what: "the failure is seen",
    timeoutMs: 60_000,
  });
  expect(() => cutover.order("proceed")).toThrow(/Every shard is synchronizing/);
  await b.restart();
  await until(() => cutover.gate("synchronizing")?.ok, { what: "it has recovered", timeoutMs: 60_000 });
  expect(open.control.report(id).cutovers[0]!.overrides).toMatchObject([
    { gate: "verified", by: "Ann" },
    {
      gate: "differs",
      by: "Ann",
      reason: "it was a test shard",
      measured: expect.stringContaining("FLUSHALL"),
    },
  ]);
});

test("of two orders for one step one is refused", async () => {
  const { open, id, cutover } = await world();
  cutover.begin().override("verified");
  await until(() => cutover.view.shut === null, { what: "the gates open", timeoutMs: 60_000 });
  const order = () => open.control.orderCutover(id, { step: "gates", move: "proceed" }, ann);
  order();
  expect(order).toThrow(/another step by now: stop-writes/);
  expect(() => open.control.beginCutover(id, ann)).toThrow(/another step by now/);
  expect(() => open.control.stop(id)).toThrow(/its cutover is under way/);
});
