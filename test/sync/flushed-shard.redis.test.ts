import { expect, test } from "vitest";
import { startRedis } from "../servers/index.ts";
import { expectUnion } from "./expect-union.ts";
import { ReconcileTask, startShard } from "./reconcile-task.ts";

/** Writes more than a shard's backlog holds. */
async function outrunBacklog(client: Awaited<ReturnType<typeof startShard>>["client"]): Promise<void> {
  for (let n = 0; n < 8; n++) await client.set("outrun", "x".repeat(8 * 1024));
}

test.each(["flushed", "other"])(
  "what a flushed shard held stays on the destination until the %s shard is synced again",
  async (which) => {
    const shards = [await startShard(), await startShard()];
    const [flushed, other] = [shards[0]!.client, shards[1]!.client];
    const destination = await startRedis();
    for (let n = 0; n < 200; n++) {
      await flushed.rpush(`flushed:${n}`, "a", "b");
      await other.set(`other:${n}`, n);
    }
    const task = new ReconcileTask(shards, destination);
    task.start(0, 1);
    await task.caughtUp(0, 1);
    await flushed.flushall();
    await flushed.rpush("flushed:0", "since");
    await task.caughtUp(0, 1);
    // The key that was written again builds on what was there: the flush was not applied.
    expect(await destination.client.lrange("flushed:0", 0, -1)).toEqual(["a", "b", "since"]);
    expect(await destination.client.exists("flushed:1", "other:1")).toBe(2);
    await task.stop();
    expect(task.events.filter(({ type }) => type === "flushall-skipped")).toMatchObject([{ level: "alert" }]);

    const again = which === "flushed" ? 0 : 1;
    await outrunBacklog(shards[again]!.client);
    task.start(0, 1);
    await task.caughtUp(0, 1);
    expect(task.report(again)?.initialSync).not.toBeNull();
    expect(await destination.client.exists("flushed:1")).toBe(0);
    expect(await destination.client.exists("other:1")).toBe(1);
    expect(task.eventsOf("stale-keys-removed")).toEqual([
      `s${again}: Removed 199 keys that the source no longer has.`,
    ]);
    // Only the shard's own RDB says what its keys are now.
    if (which === "flushed") await expectUnion(shards, destination);
  },
);
