import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { checkInThread } from "../../../server/control/checks/check-thread.ts";
import type { PrecheckInput } from "../../../server/precheck/precheck-input.ts";
import { parseEndpoint } from "../../../server/redis/endpoint.ts";
import { plainQuestion } from "../../precheck/merge-question.ts";
import { startRedis, temporaryFolder } from "../../servers/index.ts";

async function input(): Promise<PrecheckInput> {
  const [shard, destination] = await Promise.all([startRedis(), startRedis()]);
  const shards = [{ id: "a", name: "a", endpoint: parseEndpoint(shard.url) }];
  return {
    shards,
    destination: parseEndpoint(destination.url),
    databases: null,
    heartbeatDb: 0,
    merge: plainQuestion,
  };
}

/** A thread that does this in the checks' place. */
function thread(does: string): URL {
  const file = join(temporaryFolder(), "worker.mjs");
  writeFileSync(file, does);
  return pathToFileURL(file);
}

const nothing: PrecheckInput = {
  shards: [],
  destination: parseEndpoint("127.0.0.1:1"),
  databases: null,
  heartbeatDb: null,
  merge: plainQuestion,
};

test("reports what the checks in this thread would", async () => {
  const report = await checkInThread(await input());
  expect(report.ok).toBe(true);
  expect(report.shards[0]).toMatchObject({ reachable: true, flavor: "redis" });
});

test.each([
  [
    "throws",
    `setTimeout(() => { throw new Error("a null where none can be"); }, 10);`,
    /a null where none can be/,
  ],
  ["takes memory without end", "const all = []; for (;;) all.push(new Array(1000).fill({}));", /memory/],
  ["ends", "process.exit(1);", /did not come to an end/],
])("says so when the thread %s, and lives on", async (_, does, why) => {
  const checking = checkInThread(nothing, { entry: thread(does) });
  await expect(checking).rejects.toMatchObject({ code: "CHECK_DIED", message: why });
});

test("ends a thread that does not end, and lets others have their turn meanwhile and after it", async () => {
  const hang = thread("for (;;);");
  const hanging = Array.from({ length: 4 }, () => checkInThread(nothing, { entry: hang, longestMs: 300 }));
  const waiting = checkInThread(nothing, { entry: thread("process.exit(0)") });
  const ends = await Promise.allSettled([...hanging, waiting]);
  const died = { status: "rejected", reason: expect.objectContaining({ code: "CHECK_DIED" }) };
  expect(ends).toEqual(Array(5).fill(died));
});

test("ends with the signal's reason", async () => {
  const controller = new AbortController();
  const checking = checkInThread({ ...nothing, signal: controller.signal }, { entry: thread("for (;;);") });
  controller.abort(new Error("enough"));
  await expect(checking).rejects.toThrow("enough");
});
