import { describe, expect, it } from "vitest";
import type { TributaryError } from "../../../server/errors/tributary-error.ts";
import type { Differs, HeldShard } from "../../../server/sync/report/shard-report.ts";
import { temporaryFolder, until } from "../../servers/index.ts";
import { openTestControl, type TestControl, twoShards } from "../harness/open-test-control.ts";

const ann = { by: "Ann", from: null };
const held: HeldShard = {
  code: "SHARD_SHRANK",
  since: 1,
  wouldRemove: 5000,
  of: 6000,
  sample: ["k1"],
  waitsFor: "a decision",
};
const differs: Differs = {
  since: 1,
  causes: [{ code: "FLUSHALL", message: "FLUSHALL was not applied.", count: 1, firstAt: 1, lastAt: 1 }],
};

async function running(test: TestControl): Promise<string> {
  const { id } = await test.control.create(twoShards, { start: true, skipChecks: false });
  await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
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

const pool = `p:\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n  - 127.0.0.1:1:1 a\n  - 127.0.0.1:2:1 b\n`;
const ofPool = { ...twoShards, source: { kind: "nutcracker", text: pool, pool: "p" } } as const;

const newest = ({ control }: TestControl, id: string) => control.events(id, null, 1)[0]!;

describe("a shard that is held", () => {
  it("stands for its task, and passes on what is decided, with the name of who did", async () => {
    const test = openTestControl();
    const id = await running(test);
    test.runner.report(test.runner.specs.get("b")!, "retrying");
    test.runner.report(test.runner.specs.get("a")!, "held", { held });
    expect(test.control.row(id).status).toBe("held");
    test.control.decide(id, "a", "keep", ann);
    expect(test.runner.log).toContain("decide a");
    expect(newest(test, id)).toMatchObject({
      shardId: "a",
      type: "held-kept",
      message: "Keep the copy: 5000 of 6000 keys stay. Decided by Ann.",
    });
  });

  it("refuses a decision when it waits for none", async () => {
    const test = openTestControl();
    const id = await running(test);
    expect(codeOf(() => test.control.decide(id, "a", "follow", ann))).toBe("SHARD_NOT_READY");
    expect(codeOf(() => test.control.decide(id, "z", "follow", ann))).toBe("SHARD_UNKNOWN");
    expect(test.runner.log).not.toContain("decide a");
  });
});

describe("a shard from which the destination differs", () => {
  it("is named on its task, until it is acknowledged; that is kept over a restart", async () => {
    const directory = temporaryFolder();
    const test = openTestControl({ directory });
    const id = await running(test);
    test.runner.report(test.runner.specs.get("a")!, "synchronizing", { differs });
    expect(test.control.row(id)).toMatchObject({ status: "synchronizing", differing: ["a"] });
    test.control.acknowledge(id, "a", " planned flush ", ann);
    expect(test.runner.log).toContain("acknowledge a");
    expect(newest(test, id).message).toBe(
      "The difference by FLUSHALL (1) was acknowledged by Ann. Reason: planned flush",
    );
    test.runner.report(test.runner.specs.get("a")!, "synchronizing", { differs: null });
    expect(test.control.row(id).differing).toEqual([]);
    await test.close();
    const again = openTestControl({ directory });
    const { acknowledged } = again.control.shard(id, "a").shard;
    expect(acknowledged).toMatchObject({ by: "Ann", reason: "planned flush", differs });
  });

  it("cannot be acknowledged when nothing differs, or while it does not run", async () => {
    const test = openTestControl();
    const id = await running(test);
    expect(codeOf(() => test.control.acknowledge(id, "a", "", ann))).toBe("SHARD_NOT_READY");
    test.runner.report(test.runner.specs.get("a")!, "synchronizing", { differs });
    test.control.pause(id);
    await until(() => test.control.row(id).status === "paused", { what: "it is paused" });
    expect(codeOf(() => test.control.acknowledge(id, "a", "", ann))).toBe("SHARD_NOT_READY");
  });
});

describe("synchronizing again", () => {
  it("is asked of one shard, or of all", async () => {
    const test = openTestControl();
    const id = await running(test);
    test.control.resync(id, "b", ann);
    test.control.resync(id, null, ann);
    expect(test.runner.log.filter((entry) => entry.startsWith("resync"))).toEqual([
      "resync b",
      "resync a",
      "resync b",
    ]);
    expect(newest(test, id).message).toBe("The shard is synchronized again, asked by Ann.");
  });

  it("starts a shard that has ended by itself, and leaves its siblings running", async () => {
    const test = openTestControl();
    const id = await running(test);
    const spec = test.runner.specs.get("a")!;
    test.runner.report(spec, "failed");
    test.runner.end(spec);
    test.control.resync(id, "a", ann);
    expect(test.runner.log.at(-1)).toBe("start a");
    // What is told to one that does not read its source yet would not be heard.
    test.runner.report(test.runner.specs.get("a")!, "connecting");
    expect(test.runner.log.at(-1)).toBe("start a");
    test.runner.report(test.runner.specs.get("a")!, "synchronizing");
    test.runner.report(test.runner.specs.get("a")!, "synchronizing");
    expect(test.runner.log.slice(-2)).toEqual(["start a", "resync a"]);
    expect(test.runner.log.filter((entry) => entry === "start b")).toHaveLength(1);
  });

  it("is refused while the task is paused", async () => {
    const test = openTestControl();
    const id = await running(test);
    test.control.pause(id);
    expect(codeOf(() => test.control.resync(id, null, ann))).toBe("TASK_NOT_READY");
  });
});

describe("further shards for a task", () => {
  const shard = { name: "a", address: "redis://:shard-password-3@127.0.0.1:7009" };

  it("come behind those that it has, are checked and run at the resume, and are kept", async () => {
    const directory = temporaryFolder();
    const test = openTestControl({ directory });
    const id = await running(test);
    expect(codeOf(() => test.control.addShards(id, [shard], ann))).toBe("TASK_NOT_READY");
    test.control.pause(id);
    await until(() => test.control.task(id).merging.changeable, { what: "it is idle" });
    test.control.addShards(id, [shard], ann);
    expect(newest(test, id).message).toBe("Added a, by Ann.");
    test.control.resume(id);
    expect(test.control.row(id).status).toBe("prechecking");
    await until(() => test.runner.specs.size === 3, { what: "all three run" });
    const spec = test.runner.specs.get("a-2");
    expect(spec).toMatchObject({ shardIndex: 2, source: { port: 7009, password: "shard-password-3" } });
    expect(spec?.siblings.map(({ shardId }) => shardId)).toEqual(["a", "b"]);
    expect(test.runner.specs.get("a")?.siblings.map(({ shardId }) => shardId)).toEqual(["b", "a-2"]);
    await test.close();
    const again = openTestControl({ directory });
    expect(again.control.task(id).shards.map((one) => one.id)).toEqual(["a", "b", "a-2"]);
  });

  it("are refused for a pool, whose ring has no room for them", async () => {
    const test = openTestControl();
    const { id } = await test.control.create(ofPool, { start: false, skipChecks: false });
    expect(codeOf(() => test.control.addShards(id, [shard], ann))).toBe("INPUT_INVALID");
  });
});

describe("the settings of merging", () => {
  it("change while it is paused, count from the resume on, and say who changed what", async () => {
    const test = openTestControl();
    const { id } = await test.control.create(ofPool, { start: true, skipChecks: false });
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
    test.runner.reportAll("synchronizing");
    expect(codeOf(() => test.control.change(id, { mergePolicy: "last-write" }, ann))).toBe("TASK_NOT_READY");
    test.control.pause(id);
    await until(() => test.control.task(id).merging.changeable, { what: "it can be changed" });
    const shrink = { onShrink: "follow", maxKeys: 10, maxShare: 0.5 } as const;
    test.control.change(id, { mergePolicy: "owner-only", shrink, onFlush: "own-keys" }, ann);
    expect(newest(test, id).message).toBe(
      "Changed the merge policy from owner-wins to owner-only, and what FLUSHALL does from skip to own-keys, and what a shard that shrinks does from hold (past 1000 keys and 10 %) to follow (past 10 keys and 50 %), by Ann. Every shard is copied again when the task is resumed.",
    );
    test.control.resume(id);
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run again" });
    expect(test.runner.specs.get("a")).toMatchObject({
      merge: { policy: "owner-only" },
      shrink,
      onFlush: "own-keys",
    });
  });

  it("are refused where they need a ring and there is none", async () => {
    const test = openTestControl();
    const { id } = await test.control.create(twoShards, { start: false, skipChecks: false });
    expect(codeOf(() => test.control.change(id, { mergePolicy: "owner-wins" }, ann))).toBe("INPUT_INVALID");
    expect(codeOf(() => test.control.change(id, { onFlush: "own-keys" }, ann))).toBe("INPUT_INVALID");
    expect(test.control.task(id).merging.policies).toEqual(["last-write"]);
  });
});
