import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ShardRunnerListener } from "../../../server/control/engine/shard-runner.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../../server/control/engine/worker-pool.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import { temporaryFolder, until } from "../../servers/index.ts";

/**
 * A worker that speaks the protocol and does nothing: a shard named crash ends the thread, one named deaf never
 * answers a stop, one named brief ends by itself. Each start is reported with the
 * thread's id, and whether a checkpoint is expected.
 */
const worker = `
import { parentPort, threadId } from "node:worker_threads";
const running = new Set();
const stopped = (shardId) => { running.delete(shardId); parentPort.postMessage({ type: "stopped", taskId: "t", shardId }); };
parentPort.on("message", (command) => {
  if (command.type === "start") {
    const { shardId } = command.spec;
    const checkpoint = shardId === "noted" ? { replid: "r", offset: "1", db: 0 } : null;
    const expected = command.spec.expectCheckpoint === true;
    const report = { taskId: "t", shardId, at: threadId, checkpoint, expected };
    parentPort.postMessage({ type: "report", report });
    if (running.has(shardId)) return;
    running.add(shardId);
    if (shardId === "crash" || shardId === "noted") setTimeout(() => { throw new Error("a bug"); }, 20);
    if (shardId === "brief") stopped(shardId);
  }
  if (command.type === "stop" && command.shardId !== "deaf") stopped(command.shardId);
  if (command.type === "shutdown") { for (const shardId of running) if (shardId !== "deaf") stopped(shardId); if (!running.has("deaf")) parentPort.close(); }
});
`;

function open(options: Partial<WorkerPoolOptions> = {}) {
  const file = join(temporaryFolder(), "worker.mjs");
  writeFileSync(file, worker);
  const heard = {
    starts: [] as string[],
    threads: new Map<string, number>(),
    ended: [] as string[],
    died: [] as string[],
    givenUp: [] as string[],
    expected: [] as boolean[],
  };
  const listener: ShardRunnerListener = {
    onReport: ({ shardId, at, ...more }) => {
      heard.expected.push((more as unknown as { expected: boolean }).expected);
      heard.starts.push(shardId);
      heard.threads.set(shardId, at);
    },
    onEnded: (_, shardId) => heard.ended.push(shardId),
    onWorkerDied: (_, shardId, reason, givenUp) =>
      (givenUp ? heard.givenUp : heard.died).push(`${shardId}: ${reason.message}`),
  };
  const pool = new WorkerPool({ size: 2, entry: pathToFileURL(file), ...listener, ...options });
  onTestFinished(() => pool.close());
  return { pool, heard };
}

function spec(shardId: string): ShardSyncSpec {
  return { taskId: "t", shardId, shardName: shardId } as ShardSyncSpec;
}

const forget = { forgetCheckpoint: false };

describe("the worker pool", () => {
  it("places each shard sync on the thread that has the fewest", async () => {
    const { pool, heard } = open();
    for (const shardId of ["a", "b", "c", "d"]) pool.start(spec(shardId));
    await until(() => heard.threads.size === 4, { what: "all four run" });
    const { threads } = heard;
    expect(threads.get("a")).toBe(threads.get("c"));
    expect(threads.get("b")).toBe(threads.get("d"));
    expect(threads.get("a")).not.toBe(threads.get("b"));
    await pool.stop("t", "a", forget);
    await pool.stop("t", "c", forget);
    pool.start(spec("e"));
    await until(() => threads.has("e"), { what: "e runs" });
    expect(threads.get("e")).toBe(threads.get("a"));
  });

  it("starts what runs already no second time, and stops what does not run", async () => {
    const { pool, heard } = open();
    pool.start(spec("a"));
    pool.start(spec("a"));
    await until(() => heard.starts.length > 0, { what: "a runs" });
    expect(await pool.stop("t", "a", forget)).toEqual({ drained: true });
    expect(await pool.stop("t", "a", forget)).toEqual({ drained: true });
    expect(heard).toMatchObject({ starts: ["a"], ended: [] });
  });

  it("starts anew what is asked for while it stops", async () => {
    const { pool, heard } = open();
    pool.start(spec("a"));
    const stopping = pool.stop("t", "a", forget);
    pool.start(spec("a"));
    await stopping;
    await until(() => heard.starts.length === 2, { what: "a runs again" });
  });

  it("says when a shard sync ended by itself, and may start it again", async () => {
    const { pool, heard } = open();
    pool.start(spec("brief"));
    await until(() => heard.ended.length === 1, { what: "it ended" });
    pool.start(spec("brief"));
    await until(() => heard.ended.length === 2, { what: "it ended again" });
  });

  it("finds the one among many by which a thread dies, and says nothing of the others", async () => {
    const { pool, heard } = open({ size: 1 });
    const others = Array.from({ length: 15 }, (_, index) => `s${index}`);
    for (const shardId of others) pool.start(spec(shardId));
    pool.start(spec("crash"));
    await until(() => heard.died.length >= 2, { what: "it dies alone, for the second time" });
    expect(new Set(heard.died)).toEqual(new Set(["crash: The worker thread of shard crash stopped: a bug."]));
    // Those that stood beside it are started again as often as halving takes, at most.
    const starts = (shardId: string) => heard.starts.filter((one) => one === shardId).length;
    await until(() => others.every((shardId) => starts(shardId) >= 2), { what: "all others run again" });
    expect(Math.max(...others.map(starts))).toBeLessThanOrEqual(5);
    const thread = heard.threads.get("crash");
    expect(others.filter((shardId) => heard.threads.get(shardId) === thread)).toEqual([]);
    pool.start(spec("late"));
    await until(() => heard.threads.has("late"), { what: "a new one runs" });
  });

  it("has those that stood beside one that died back within a second", async () => {
    const { pool, heard } = open({ size: 1 });
    const at = new Map<string, number>();
    pool.start(spec("a"));
    pool.start(spec("b"));
    await until(() => heard.starts.length === 2, { what: "both run" });
    at.set("died", Date.now());
    pool.start(spec("crash"));
    await until(() => heard.starts.filter((shardId) => shardId === "a").length >= 2, {
      what: "a runs again",
    });
    expect(Date.now() - at.get("died")!).toBeLessThan(3000);
  });

  it("gives up the one that dies alone again and again, and starts it when it is asked to", async () => {
    const { pool, heard } = open({ size: 1, pauseMs: 1 });
    pool.start(spec("crash"));
    await until(() => heard.givenUp.length === 1, { what: "it is given up" });
    expect(heard.starts).toHaveLength(5);
    expect(heard.givenUp[0]).toMatch(/^crash: The worker thread of shard crash stopped 5 times/);
    pool.start(spec("crash"));
    await until(() => heard.starts.length >= 6, { what: "it runs again" });
  });

  it("expects a checkpoint of what has had one, when its thread has died", async () => {
    const { pool, heard } = open({ size: 1, pauseMs: 1 });
    pool.start(spec("noted"));
    await until(() => heard.expected.length >= 2, { what: "it runs again" });
    expect(heard.expected.slice(0, 2)).toEqual([false, true]);
  });

  it("ends the thread of a shard sync that does not stop, and goes on with the others", async () => {
    const { pool, heard } = open({ size: 1, stopTimeoutMs: 100 });
    pool.start(spec("a"));
    pool.start(spec("deaf"));
    await until(() => heard.threads.size === 2, { what: "both run" });
    expect(await pool.stop("t", "deaf", forget)).toEqual({ drained: false });
    await until(() => heard.starts.length === 3, { what: "a runs again" });
    expect(heard.starts).toEqual(["a", "deaf", "a"]);
  });

  it("closes in time, even with a thread that does not answer", async () => {
    const { pool, heard } = open({ stopTimeoutMs: 100 });
    pool.start(spec("deaf"));
    await until(() => heard.threads.size === 1, { what: "it runs" });
    await pool.close();
    expect(heard.died).toEqual([]);
  });
});
