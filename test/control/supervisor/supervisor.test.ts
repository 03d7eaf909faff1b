import { describe, expect, it } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { recordSamples } from "../../../server/control/history/metrics-recorder.ts";
import { reasonOf, type TributaryError } from "../../../server/errors/tributary-error.ts";
import { temporaryFolder, until } from "../../servers/index.ts";
import { checksOf, openTestControl, type TestControl, twoShards } from "../harness/open-test-control.ts";

const flags = { start: false, skipChecks: false };

async function running(test: TestControl) {
  const { id } = await test.control.create(twoShards, { ...flags, start: true });
  await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
  return id;
}

async function synchronizing(test: TestControl) {
  const id = await running(test);
  test.runner.reportAll("synchronizing");
  return id;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as TributaryError).code;
  }
  return "no error";
}

describe("creating", () => {
  it("waits for its start", async () => {
    const { control, runner } = openTestControl();
    const row = await control.create(twoShards, flags);
    expect(row).toMatchObject({
      name: "river",
      wanted: "created",
      status: "pending",
      actions: ["start", "delete"],
    });
    expect(runner.log).toEqual([]);
  });

  it("refuses a name that is taken", async () => {
    const { control } = openTestControl();
    await control.create(twoShards, flags);
    await expect(control.create(twoShards, flags)).rejects.toMatchObject({ code: "TASK_NAME_TAKEN" });
  });

  it("keeps nothing when a check fails, and says which", async () => {
    const failed = {
      level: "error",
      code: "SHARD_DUPLICATE",
      message: "They are one.",
      remedy: "Remove one.",
    } as const;
    const { control } = openTestControl({ runPrechecks: async () => checksOf({}, failed) });
    const error = await control.create(twoShards, flags).catch((thrown) => thrown);
    expect(error.toPlain()).toEqual({
      code: "SHARD_DUPLICATE",
      message: "They are one.",
      remedy: "Remove one.",
      retried: false,
    });
    expect(control.list()).toEqual([]);
    await control.create(twoShards, { ...flags, skipChecks: true });
    expect(control.list()).toHaveLength(1);
  });
});

describe("starting", () => {
  it("shows the checks, then the worst shard's status", async () => {
    let pass: () => void = () => {};
    const checks = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const test = openTestControl({ runPrechecks: () => checks.then(() => checksOf()) });
    const { id } = await test.control.create(twoShards, { start: true, skipChecks: true });
    expect(test.control.row(id).status).toBe("prechecking");
    pass();
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
    expect(test.control.row(id).status).toBe("connecting");
    const [a, b] = [...test.runner.specs.values()];
    test.runner.report(a!, "synchronizing");
    test.runner.report(b!, "initial-sync");
    expect(test.control.row(id)).toMatchObject({
      status: "initial-sync",
      shardsSynchronizing: 1,
      shardsTotal: 2,
    });
    test.runner.report(a!, "retrying");
    expect(test.control.row(id).status).toBe("retrying");
  });

  it("fails on a lasting error and can be started again", async () => {
    let report = checksOf({ level: "error", code: "AUTH_FAILED", message: "Refused.", remedy: "Check it." });
    const test = openTestControl({ runPrechecks: async () => report });
    const { id } = await test.control.create(twoShards, { start: true, skipChecks: true });
    await until(() => test.control.row(id).status === "failed", { what: "the task failed" });
    expect(test.control.row(id).reason).toMatchObject({ code: "AUTH_FAILED", message: "Refused." });
    expect(test.runner.log).toEqual([]);
    report = checksOf();
    test.control.start(id);
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
  });

  it("goes on to retry what passes by itself", async () => {
    const down = { level: "error", code: "CONNECT_REFUSED", message: "Refused.", remedy: "" } as const;
    const test = openTestControl({ runPrechecks: async () => checksOf(down) });
    await test.control.create(twoShards, { start: true, skipChecks: true });
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
  });

  it("drops the checks' effect when the task was paused meanwhile, and checks again at the resume", async () => {
    const passes: (() => void)[] = [];
    const test = openTestControl({
      runPrechecks: async () => {
        await new Promise<void>((resolve) => passes.push(resolve));
        return checksOf();
      },
    });
    const { id } = await test.control.create(twoShards, { start: true, skipChecks: true });
    await until(() => passes.length === 1, { what: "the checks run" });
    test.control.pause(id);
    passes[0]!();
    await until(() => test.control.row(id).status === "paused", { what: "it is paused" });
    expect(test.runner.log).toEqual([]);
    test.control.resume(id);
    await until(() => passes.length === 2, { what: "the checks run again" });
    expect(test.control.row(id).status).toBe("prechecking");
    passes[1]!();
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
  });

  it("starts a shard that failed again, and leaves the others alone", async () => {
    let report = checksOf();
    const test = openTestControl({ runPrechecks: async () => report });
    const id = await synchronizing(test);
    report = checksOf({ level: "error", code: "AUTH_FAILED", message: "Shard a refuses the password." });
    const spec = test.runner.specs.get("a")!;
    test.runner.report(spec, "failed");
    test.runner.end(spec);
    expect(test.control.row(id)).toMatchObject({ status: "failed", shardsSynchronizing: 1 });
    test.control.start(id);
    await until(() => test.runner.specs.has("a"), { what: "shard a runs again" });
    expect(test.runner.log).toEqual(["start a", "start b", "start a"]);
  });
});

describe("each action", () => {
  it("is idempotent", async () => {
    const test = openTestControl();
    const { control, runner } = test;
    const id = await synchronizing(test);
    control.start(id);
    control.resume(id);
    control.pause(id);
    control.pause(id);
    await until(() => runner.specs.size === 0, { what: "both stopped" });
    control.resume(id);
    control.resume(id);
    await until(() => runner.specs.size === 2, { what: "both run" });
    runner.reportAll("synchronizing");
    control.stop(id);
    control.stop(id);
    await until(() => control.row(id).status === "finished", { what: "it is finished" });
    control.stop(id);
    await control.delete(id);
    await control.delete(id);
    expect(runner.log).toEqual([
      "start a",
      "start b",
      "stop a",
      "stop b",
      "start a",
      "start b",
      "stop a and forget",
      "stop b and forget",
    ]);
    expect(control.list()).toEqual([]);
  });

  it("runs one after the other, however fast they come", async () => {
    const test = openTestControl();
    const id = await synchronizing(test);
    test.control.pause(id);
    test.control.resume(id);
    test.control.pause(id);
    test.control.resume(id);
    test.control.pause(id);
    await until(() => test.control.row(id).status === "paused", { what: "it is paused" });
    test.control.resume(id);
    await until(() => test.runner.specs.size === 2, { what: "both run" });
    expect(test.runner.log.slice(2)).toEqual(["stop a", "stop b", "start a", "start b"]);
  });

  it("says why when it refuses", async () => {
    const test = openTestControl();
    const { control } = test;
    const { id } = await control.create(twoShards, flags);
    expect(codeOf(() => control.pause(id))).toBe("TASK_NOT_READY");
    expect(codeOf(() => control.resume(id))).toBe("TASK_NOT_READY");
    expect(codeOf(() => control.stop(id))).toBe("TASK_NOT_READY");
    expect(codeOf(() => control.start("nothing"))).toBe("TASK_UNKNOWN");
    control.start(id);
    await until(() => test.runner.specs.size === 2, { what: "both run" });
    expect(codeOf(() => control.stop(id))).toBe("TASK_NOT_READY");
    await expect(control.delete(id)).rejects.toMatchObject({
      code: "TASK_NOT_READY",
      details: { remedy: "Pause or stop it first." },
    });
    expect(control.row(id).actions).toEqual(["pause", "resync"]);
  });

  it("refuses all but delete once the task is finished", async () => {
    const test = openTestControl();
    const { control } = test;
    const id = await synchronizing(test);
    control.stop(id);
    await until(() => control.row(id).status === "finished", { what: "it is finished" });
    for (const action of [control.start, control.pause, control.resume]) {
      expect(codeOf(() => action(id))).toBe("TASK_FINISHED");
    }
    expect(control.row(id).actions).toEqual(["delete"]);
  });

  it("raises an alert when a cutover was not confirmed", async () => {
    const test = openTestControl();
    const id = await synchronizing(test);
    test.runner.drained = false;
    test.control.stop(id);
    await until(() => test.control.row(id).status === "finished", { what: "it is finished" });
    const alerts = test.control.task(id).events.filter(({ level }) => level === "alert");
    expect(alerts.map(({ type, shardId }) => [type, shardId])).toEqual([
      ["cutover-unconfirmed", "b"],
      ["cutover-unconfirmed", "a"],
    ]);
  });
});

describe("a restart of the engine", () => {
  it("goes on with what was running, and with nothing else", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    const id = await synchronizing(before);
    const { id: waiting } = await before.control.create({ ...twoShards, name: "waiting" }, flags);
    const { id: paused } = await before.control.create(
      { ...twoShards, name: "paused" },
      { ...flags, start: true },
    );
    await until(() => before.runner.log.length === 4, { what: "the second runs" });
    before.control.pause(paused);
    await before.close();

    const after = openTestControl({
      directory,
      runPrechecks: () => Promise.reject(new Error("no checks again")),
    });
    await until(() => after.runner.specs.size === 2, { what: "both shard syncs run again" });
    expect(after.runner.log).toEqual(["start a", "start b"]);
    expect([...after.runner.specs.values()].map(({ taskId }) => taskId)).toEqual([id, id]);
    expect(after.control.row(waiting).status).toBe("pending");
    expect(after.control.row(paused).status).toBe("paused");
  });

  it("expects a checkpoint where one was seen, until the user starts a shard that has stopped without it", async () => {
    const directory = temporaryFolder();
    const first = openTestControl({ directory });
    const id = await running(first);
    const expected = ({ runner }: TestControl) =>
      [...runner.specs.values()].map(({ shardId, expectCheckpoint }) => `${shardId} ${expectCheckpoint}`);
    expect(expected(first)).toEqual(["a false", "b false"]);
    first.runner.report(first.runner.specs.get("a")!, "synchronizing");
    first.runner.report(first.runner.specs.get("b")!, "initial-sync", { checkpoint: null });
    await first.close();

    const second = openTestControl({ directory });
    await until(() => second.runner.specs.size === 2, { what: "both shard syncs run again" });
    expect(expected(second)).toEqual(["a true", "b false"]);
    const reason = reasonOf("DESTINATION_DATA_LOST", { address: "d", role: "shard a" });
    const spec = second.runner.specs.get("a")!;
    second.runner.report(spec, "failed", { checkpoint: null, reason: { ...reason, retried: false } });
    second.runner.end(spec);
    second.control.start(id);
    await until(() => second.runner.specs.size === 2, { what: "it runs again" });
    expect(second.runner.specs.get("a")?.expectCheckpoint).toBe(false);
    await second.close();
    const third = openTestControl({ directory });
    await until(() => third.runner.specs.size === 2, { what: "both shard syncs run again" });
    expect(expected(third)).toEqual(["a false", "b false"]);
  });

  it("gives the worker the passwords that were sealed", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    await running(before);
    const specs = new Map(before.runner.specs);
    await before.close();
    const after = openTestControl({ directory });
    await until(() => after.runner.specs.size === 2, { what: "both run" });
    expect(after.runner.specs).toEqual(specs);
    expect(specs.get("a")!.source.password).toBe("shard-password-1");
  });

  it("does not write again to the destination of a finished task", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    const id = await synchronizing(before);
    before.control.stop(id);
    await until(() => before.control.row(id).status === "finished", { what: "it is finished" });
    await before.close();
    const after = openTestControl({ directory });
    expect(after.control.row(id)).toMatchObject({ status: "finished", actions: ["delete"] });
    expect(after.runner.log).toEqual([]);
  });

  it("says that a cutover which a crash cut short cannot be trusted", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    const id = await synchronizing(before);
    before.runner.stop = () => new Promise(() => {});
    before.control.stop(id);
    expect(before.control.row(id)).toMatchObject({
      status: "synchronizing",
      wanted: "finished",
      actions: [],
    });
    await before.close();
    const after = openTestControl({ directory });
    expect(after.control.row(id)).toMatchObject({ status: "finished", actions: ["delete"] });
    expect(after.control.row(id).lastEvent).toMatchObject({ level: "alert", type: "cutover-unconfirmed" });
    expect(after.runner.log).toEqual([]);
  });

  it("fails a task whose passwords it cannot decrypt, and says so", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory, secret: "one" });
    const id = await running(before);
    await before.close();
    const after = openTestControl({ directory, secret: "two" });
    await until(() => after.control.row(id).status === "failed", { what: "it failed" });
    expect(after.control.row(id).reason?.code).toBe("SECRET_WRONG");
  });

  it("keeps events, refused commands and their sums", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    const id = await running(before);
    const refusal = {
      kind: "skipped",
      command: "FLUSHALL",
      db: 0,
      reasonCode: "FLUSHALL",
      reason: "One shard never flushes all.",
      count: 2,
      firstAt: 1,
      lastAt: 2,
      samples: ["FLUSHALL"],
    } as const;
    const event = { at: 5, level: "alert", type: "flush-skipped", message: "FLUSHALL was skipped." } as const;
    before.runner.reportAll("synchronizing", { refused: [refusal], events: [event] });
    before.runner.reportAll("synchronizing", { refused: [{ ...refusal, count: 3, lastAt: 9 }] });
    await before.close();
    const { control } = openTestControl({ directory });
    const view = control.shard(id, "a");
    expect(view.refused).toEqual([{ ...refusal, count: 5, lastAt: 9 }]);
    expect(view.shard).toMatchObject({ skippedTotal: 5, rejectedTotal: 0 });
    expect(view.events).toMatchObject([{ type: "flush-skipped", shardId: "a" }]);
    expect(control.task(id).events.map(({ type }) => type)).toContain("task-started");
  });
});

describe("the scripts of a shard", () => {
  it("keeps how they ran over a restart, those that failed first", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    const id = await running(before);
    const answered = (text: string, count: number, failed = false) => ({ text, count, failed });
    const runs = { sha: "a".repeat(40), name: "return 1", lastAnswer: "1", lastFailed: false, lastAt: 5 };
    const worse = {
      ...runs,
      sha: "b".repeat(40),
      ran: 0,
      failed: 1,
      answers: [answered("ERR no", 1, true)],
      lastAnswer: "ERR no",
      lastFailed: true,
    };
    const two = { ...runs, ran: 2, failed: 0, answers: [answered("1", 2)] };
    const three = { ...runs, ran: 3, failed: 0, answers: [answered("0", 1), answered("1", 2)], lastAt: 9 };
    before.runner.reportAll("synchronizing", { scripts: [two, worse] });
    before.runner.reportAll("synchronizing", { scripts: [three] });
    await before.close();
    const { control } = openTestControl({ directory });
    const answers = [answered("1", 4), answered("0", 1)];
    expect(control.shard(id, "a").scripts).toEqual([worse, { ...three, ran: 5, answers }]);
  });
});

describe("the sparkline", () => {
  it("goes on after a restart with what was recorded", async () => {
    const directory = temporaryFolder();
    const before = openTestControl({ directory });
    const id = await running(before);
    await before.close();
    const now = Date.now();
    const database = openDatabase(directory);
    const record = (shardId: string, secondsAgo: number, lagSeconds: number | null) =>
      recordSamples(database.db, [{ taskId: id, shardId, lagSeconds }], now - secondsAgo * 1000);
    for (const ago of [35, 30, 25, 20, 15]) {
      record("a", ago, 1);
      record("b", ago, ago > 22 ? ago : null);
    }
    database.close();
    const { control } = openTestControl({ directory, now: () => now });
    const { lagSparkline } = control.row(id);
    expect(lagSparkline.length).toBeLessThan(6);
    expect(lagSparkline).toContain(null);
    expect(lagSparkline.some((value) => value !== null && value >= 25)).toBe(true);
  });
});

describe("the lag", () => {
  it("is unknown while a shard's is, and while nothing runs", async () => {
    const test = openTestControl();
    const id = await synchronizing(test);
    expect(test.control.row(id).lag).toEqual({ bytes: 0, seconds: 0.5, secondsUnknownBecause: null });
    const lag = { bytes: 7, seconds: null, secondsUnknownBecause: "no permission" };
    test.runner.report(test.runner.specs.get("b")!, "synchronizing", { lag });
    expect(test.control.row(id).lag).toEqual({
      bytes: 7,
      seconds: null,
      secondsUnknownBecause: "shard b: no permission",
    });
    test.control.pause(id);
    await until(() => test.control.row(id).status === "paused", { what: "it is paused" });
    expect(test.control.row(id).lag).toMatchObject({ bytes: null, seconds: null });
  });

  it("is unknown when the reports stay out", async () => {
    let now = Date.now();
    const test = openTestControl({ now: () => now });
    const id = await synchronizing(test);
    now += 10_000;
    expect(test.control.row(id).lag.secondsUnknownBecause).toMatch(/has not reported for (9|10) s/);
  });
});
