import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { type Control, openControl } from "../../../server/control/control.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import type { RepairSelection } from "../../../server/control/verification/repair-selection.ts";
import { type RedisServer, startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { checksOf } from "../harness/open-test-control.ts";

/** Threads that load TypeScript take their time on a machine that has much else to do. */
vi.setConfig({ testTimeout: 240_000 });
const PATIENCE_MS = 120_000;

function open(directory: string) {
  const database = openDatabase(directory);
  const control = openControl({
    database,
    box: openSecretBox(directory, undefined),
    runPrechecks: async () => checksOf(),
    runner: (listener) => new WorkerPool({ ...listener, size: 1 }),
    onFailure: (what, error) => console.error(what, error),
  });
  control.begin();
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await control.close();
    database.close();
  };
  onTestFinished(close);
  return { control, close };
}

const whole = {
  depth: "full",
  sample: 100,
  prefix: null,
  shardId: null,
  keysPerSecond: null,
  bytesPerSecond: null,
} as const;
const all: RepairSelection = { keys: null, kind: null, shard: null };
const ann = { by: "Ann", from: null };

const synchronizing = (control: Control, id: string) =>
  until(() => control.row(id).status === "synchronizing", {
    what: "it synchronizes",
    timeoutMs: PATIENCE_MS,
  });

async function verified(control: Control, id: string) {
  const before = control.verifications(id).runs.length;
  control.verify(id, whole);
  await until(() => control.verifications(id).runs.length > before, {
    what: "it is verified",
    timeoutMs: PATIENCE_MS,
  });
  return control.verifications(id).runs[0]!;
}

async function repaired(control: Control, id: string, state = "done") {
  await until(() => control.repairs(id).rows[0]?.state === state && control.repairs(id).progress === null, {
    what: `the repair is ${state}`,
    timeoutMs: PATIENCE_MS,
  });
  return control.repairs(id).rows[0]!;
}

const valuesOf = ({ client }: RedisServer) => client.mget("a", "b", "missing", "extra");

/** A task of one shard that synchronizes, of which three keys have been spoiled on the destination. */
async function spoiledTask(directory = temporaryFolder()) {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.mset("a", "1", "b", "2", "missing", "3", "equal", "4");
  const opened = open(directory);
  const source = { kind: "shards" as const, shards: [{ name: "s", address: shard.url }] };
  const { id } = await opened.control.create(
    { name: "river", source, destination: { address: destination.url } },
    { start: true, skipChecks: true },
  );
  await synchronizing(opened.control, id);
  await destination.client.set("b", "other");
  await destination.client.del("missing");
  await destination.client.set("extra", "x");
  return { ...opened, directory, shard, destination, id };
}

test("the migration's report lists a repair, and that somebody asked for it", async () => {
  const { control, id } = await spoiledTask();
  const run = await verified(control, id);
  control.repair(id, run.id, all, false, ann);
  const { sentence } = await repaired(control, id);
  const report = control.report(id);
  expect(report.repairs).toMatchObject([{ by: "Ann", keys: 3, state: "done", sentence }]);
  expect(report.events.map(({ message }) => message)).toContain("Repair of 3 keys requested by Ann.");
});

test("repairs what a run found, remembers every key of it, and says in a sentence what it came to", async () => {
  const { control, id, destination } = await spoiledTask();
  const run = await verified(control, id);
  expect(run).toMatchObject({ outcome: "different", differences: 3 });
  expect(control.repairPreview(id, run.id, all)).toEqual({
    ...{ how: "now", meaning: null, keys: 3, copied: 2, deleted: 1, unnamed: 0 },
    kinds: { missing: 1, value: 1, extra: 1 },
    shards: [
      { name: "s", keys: 2 },
      { name: null, keys: 1 },
    ],
  });
  expect(control.repairPreview(id, run.id, { ...all, kind: "extra" })).toMatchObject({ keys: 1, deleted: 1 });
  control.repair(id, run.id, all, false, ann);
  expect(() => control.repair(id, run.id, all, false, ann)).toThrow(/A repair of river is under way/);
  const row = await repaired(control, id);
  expect(row).toMatchObject({ by: "Ann", keys: 3, verificationId: run.id });
  expect(row.sentence).toMatch(
    /^3 of 3 keys right \(2 copied again, 1 deleted\), verified again as of \d\d:\d\d:\d\d$/,
  );
  expect(await valuesOf(destination)).toEqual(["1", "2", "3", null]);
  const keys = control.repairedKeys(id, row.id, 0);
  const told = keys.map(({ key, outcome, before, after }) => [
    key.text,
    outcome,
    before !== null,
    after !== null,
  ]);
  expect(told.sort()).toEqual([
    ["b", "copied", true, true],
    ["extra", "deleted", true, false],
    ["missing", "copied", false, true],
  ]);
  const b = keys.find(({ key }) => key.text === "b")!;
  expect(b.before!.digest).not.toBe(b.after!.digest);
  const said = control.events(id, null, 20).map(({ message }) => message);
  expect(said).toContain("Repair of 3 keys requested by Ann.");
  expect(said).toContain(`Repair: ${row.sentence}.`);
});

test("repairs the chosen keys only, and refuses what is not among the differences", async () => {
  const { control, id, destination } = await spoiledTask();
  const run = await verified(control, id);
  const chosen = (key: string) => ({ ...all, keys: [{ db: 0, key: Buffer.from(key).toString("base64") }] });
  expect(() => control.repair(id, run.id, chosen("equal"), false, ann)).toThrow(/none of the chosen keys/);
  control.repair(id, run.id, chosen("b"), false, ann);
  expect((await repaired(control, id)).sentence).toMatch(/^1 of 1 key right \(1 copied again\)/);
  expect(await valuesOf(destination)).toEqual(["1", "2", null, "x"]);
});

test("a paused task is repaired only when that is agreed to, and then as soon as it is resumed", async () => {
  const { control, id, destination, directory, close } = await spoiledTask();
  const run = await verified(control, id);
  control.pause(id);
  await until(() => control.row(id).status === "paused", { what: "it is paused", timeoutMs: PATIENCE_MS });
  expect(control.repairPreview(id, run.id, all)).toMatchObject({
    how: "later",
    meaning: expect.stringMatching(/is paused: the keys are noted/),
  });
  expect(() => control.repair(id, run.id, all, false, ann)).toThrow(/that has to be agreed to/);
  control.repair(id, run.id, all, true, ann);
  await repaired(control, id, "waiting");
  await until(
    async () => (await destination.client.scard(`tributary:doubtful:${id}:${shardOf(control, id)}`)) === 3,
    {
      what: "they are noted",
    },
  );
  expect(await valuesOf(destination)).toEqual(["1", "other", null, "x"]);
  await close();
  const again = open(directory);
  again.control.resume(id);
  expect((await repaired(again.control, id)).sentence).toMatch(/^3 of 3 keys right/);
  expect(await valuesOf(destination)).toEqual(["1", "2", "3", null]);
});

test("a finished task is not repaired", async () => {
  const { control, id } = await spoiledTask();
  const run = await verified(control, id);
  control.stop(id);
  await until(() => control.row(id).status === "finished", {
    what: "it is finished",
    timeoutMs: PATIENCE_MS,
  });
  expect(() => control.repair(id, run.id, all, true, ann)).toThrow(
    /river is finished: nothing says any more/,
  );
});

const shardOf = (control: Control, id: string) => control.task(id).shards[0]!.id;
