import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { plainClient } from "../../servers/plain-client.ts";
import { TwoShards } from "../harness/two-shards.ts";

const because = (task: TwoShards, code: string, text: string) =>
  task.every(
    `it waits, since ${text}`,
    ({ latest }) =>
      latest?.status === "retrying" && latest.reason?.code === code && latest.reason.message.includes(text),
  );

const lagGrows = (task: TwoShards) =>
  task.every("the lag grows", (sync) => (sync.latest?.lag.bytes ?? 0) > 10_000);

test("a destination that is busy with a script is waited for, with the reason, and nothing is lost", async () => {
  const destination = await startRedis({ conf: { "lua-time-limit": "50" } });
  const task = await TwoShards.running(destination);
  const other = plainClient({ port: destination.port });
  const script = other.eval("while true do end", 0).catch((error: Error) => error.message);
  await because(task, "DESTINATION_BUSY", "BUSY");
  await lagGrows(task);
  await destination.client.script("KILL");
  expect(await script).toContain("killed");
  other.disconnect();
  await task.reach("synchronizing");
  await task.expectEqual(destination);
  expect(task.refused()).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
});

test("a destination whose RDB cannot be saved is waited for, with the reason, and nothing is lost", async () => {
  const destination = await startRedis({ conf: { save: "3600 1000000000" } });
  const task = await TwoShards.running(destination);
  // A name that no file can be moved to.
  const file = join(destination.directory, "dump.rdb");
  await rm(file, { force: true });
  await mkdir(file);
  await writeFile(join(file, "in the way"), "");
  await destination.client.bgsave();
  await because(task, "DESTINATION_BUSY", "MISCONF");
  await lagGrows(task);
  await rm(file, { recursive: true });
  await destination.client.bgsave();
  await task.reach("synchronizing");
  await task.expectEqual(destination);
  expect(task.refused()).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
});

test("a destination that loads its data for long is waited for, with the reason, and nothing is lost", async () => {
  // Microseconds for each key; it answers after each 1024 bytes.
  const conf = { "key-load-delay": "20000", "loading-process-events-interval-bytes": "1024" };
  const destination = await startRedis({ conf });
  const task = await TwoShards.running(destination);
  await destination.client.save();
  const restarted = destination.restart();
  await because(task, "SERVER_LOADING", "loading");
  await lagGrows(task);
  await until(() => destination.client.config("SET", "key-load-delay", "0"), {
    what: "it loads at full speed",
  });
  await restarted;
  await task.reach("synchronizing");
  await task.expectEqual(destination);
  expect(task.refused()).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
});
