import { type Dirent, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { type SegmentFiles, segmentFiles } from "../../../server/replica/segment-file.ts";
import { startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { smallDisk } from "../harness/small-disk.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

const MiB = 1024 * 1024;

/** A sync of a shard that has finished its initial sync, and a destination that can be made to stand still. */
async function running(
  options: {
    spoolQuotaBytes?: number;
    backlog?: string;
    files?: SegmentFiles;
    conf?: Record<string, string>;
    folder?: string;
  } = {},
) {
  const shard = await startRedis({
    conf: {
      "repl-backlog-size": options.backlog ?? "256mb",
      "client-output-buffer-limit": "replica 0 0 0",
    },
  });
  const destination = await startRedis(options.conf === undefined ? {} : { conf: options.conf });
  await fillMixed(shard.client, { keys: 500, seed });
  const spoolDirectory = join(options.folder ?? temporaryFolder(), "shard");
  const spoolQuotaBytes = options.spoolQuotaBytes ?? 1024 * MiB;
  const sync = new SyncForTest(
    { source: endpointAt(shard), destination: endpointAt(destination), spoolDirectory, spoolQuotaBytes },
    {},
    options.files,
  ).start();
  await sync.reaches("synchronizing");
  const value = "v".repeat(100_000);
  /** Writes some `bytes` that must not be doubled or lost. */
  const write = async (bytes: number) => {
    for (let left = bytes; left > 0; left -= 20 * value.length) {
      const pipeline = shard.client.pipeline();
      for (let n = 0; n < 20; n++) {
        pipeline.incr("counter").append("text", "ab").rpush("list", "item").set(`large:${n}`, value);
      }
      await pipeline.exec();
    }
  };
  const equal = async () => {
    await sync.caughtUp(shard.client, destination.client, 60_000);
    await sync.stop();
    return await expectUnion([shard], destination);
  };
  return { shard, destination, sync, write, equal, spoolDirectory };
}

const statOf = async (server: Awaited<ReturnType<typeof startRedis>>, name: string) =>
  Number(new RegExp(`${name}:(\\d+)`).exec(await server.client.info("stats"))![1]);

/** Every segment's file, the stream's by its number. */
function segmentsIn(directory: string): string[] {
  const number = (path: string) => Number(/-(\d+)\.segment$/.exec(path)?.[1]);
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry: Dirent) => entry.name.startsWith("stream-"))
    .map((entry: Dirent) => join(entry.parentPath, entry.name))
    .sort((a, b) => number(a) - number(b));
}

/** Lets no writing client of the destination have its turn until `go`: what comes waits in the spool. */
async function standStill(destination: Awaited<ReturnType<typeof startRedis>>) {
  await destination.client.call("CLIENT", "PAUSE", "600000", "WRITE");
  return async () => {
    await destination.client.call("CLIENT", "UNPAUSE");
  };
}

test("at the quota the source is held, with the reason, and goes on when there is room", async () => {
  const { shard, destination, sync, write, equal } = await running({ spoolQuotaBytes: 8 * MiB });
  const go = await standStill(destination);
  await write(60 * MiB);
  await sync.reaches("retrying", 30_000);
  expect(sync.latest?.reason?.code).toBe("SPOOL_FULL");
  expect(sync.latest?.spool.diskBytes).toBeLessThanOrEqual(8 * MiB);
  await go();
  await sync.reaches("synchronizing", 30_000);
  await equal();
  expect(sync.eventsOf("spool-full").length).toBe(1);
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("a disk that is full holds the source, with the reason, and costs nothing once there is room", async () => {
  let free = 6 * MiB;
  const files: SegmentFiles = {
    ...segmentFiles,
    write: async (path, bytes) => {
      if (free < bytes.length) throw new Error("ENOSPC: no space left on device, write");
      free -= bytes.length;
      await segmentFiles.write(path, bytes);
    },
  };
  const { shard, destination, sync, write, equal } = await running({ files });
  const go = await standStill(destination);
  await write(60 * MiB);
  await sync.reaches("retrying", 30_000);
  expect(sync.latest?.reason?.code).toBe("SPOOL_FAILED");
  expect(sync.latest?.reason?.message).toContain("no space left");
  free = 1024 * MiB;
  await until(() => sync.eventsOf("spool-recovered").length > 0, { what: "the disk is used again" });
  await go();
  await sync.reaches("synchronizing", 30_000);
  await equal();
  expect(sync.eventsOf("spool-problem").length).toBe(1);
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("a file system without room holds the source, with the reason, and costs nothing once there is room", async (context) => {
  const folder = smallDisk(20);
  if (folder === null) return context.skip("this user may not mount a file system");
  const others = join(folder, "others");
  writeFileSync(others, Buffer.alloc(14 * MiB));
  const { shard, destination, sync, write, equal } = await running({ folder });
  const go = await standStill(destination);
  await write(60 * MiB);
  await sync.reaches("retrying", 30_000);
  expect(sync.latest?.reason?.code).toBe("SPOOL_FAILED");
  expect(sync.latest?.reason?.message).toContain("ENOSPC");
  rmSync(others);
  await until(() => sync.eventsOf("spool-recovered").length > 0, { what: "the disk is used again" });
  await go();
  await sync.reaches("synchronizing", 30_000);
  await equal();
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("a disk that was full is no reason to be retrying once it takes writes again, though none is needed", async () => {
  let free = 0;
  const files: SegmentFiles = {
    ...segmentFiles,
    write: async (path, bytes) => {
      if (free < bytes.length) throw new Error("ENOSPC: no space left on device, write");
      await segmentFiles.write(path, bytes);
    },
  };
  const { shard, destination, sync, write, equal } = await running({ files });
  const go = await standStill(destination);
  await write(60 * MiB);
  await until(() => sync.latest?.reason?.code === "SPOOL_FAILED", { what: "the reason is said" });
  await go();
  await sync.caughtUp(shard.client, destination.client, 60_000);
  expect(sync.latest?.status).toBe("retrying");
  free = 1024 * MiB;
  await sync.reaches("synchronizing");
  expect(sync.eventsOf("spool-recovered").length).toBe(1);
  await equal();
});

test("an RDB comes through although the disk takes nothing of it", async (context) => {
  const folder = smallDisk(1);
  if (folder === null) return context.skip("this user may not mount a file system");
  const shard = await startRedis({ conf: { rdbcompression: "no" } });
  const destination = await startRedis();
  const value = Buffer.alloc(100_000);
  for (let n = 0; n < 600; n++) await shard.client.set(`key:${n}`, value.fill(`${n * 7919}:`));
  // Slower than the RDB comes: it has to wait somewhere.
  const proxy = await TcpProxy.start(destination.port);
  proxy.shape.up = { bytesPerSecond: 20_000_000 };
  const sync = new SyncForTest({
    source: endpointAt(shard),
    destination: endpointAt(proxy),
    spoolDirectory: join(folder, "shard"),
  }).start();
  await until(() => sync.eventsOf("initial-sync-finished").length > 0, {
    what: "the initial sync is done",
    timeoutMs: 60_000,
  });
  expect(sync.reasons).toContain("SPOOL_FAILED");
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination);
});

test("an RDB larger than the quota comes through, and again when the destination breaks off in the middle of it", async () => {
  const shard = await startRedis({ conf: { rdbcompression: "no" } });
  const { client } = shard;
  const value = Buffer.alloc(100_000);
  for (let n = 0; n < 500; n++) await client.set(`key:${n}`, value.fill(`${n * 7919}:`));
  const destination = await startRedis();
  const sink = await TcpProxy.start(destination.port);
  sink.shape.up = { bytesPerSecond: 20_000_000 };
  const source = endpointAt(shard);
  const spec = { source, destination: endpointAt(sink), spoolQuotaBytes: 8 * MiB };
  const sync = new SyncForTest(spec).start();
  await until(() => sink.passed.up > 25 * MiB, { what: "half of the RDB is applied", timeoutMs: 60_000 });
  await client.multi().incr("counter").rpush("list", "item").exec();
  sink.cut();
  sink.shape.up = {};
  await until(() => sync.latest?.initialSync?.attempt === 2, {
    what: "another initial sync",
    timeoutMs: 60_000,
  });
  const why = "the spool's quota did not allow the RDB to be kept, and it has to be applied again";
  expect(sync.latest?.initialSync?.why).toBe(why);
  await client.multi().incr("counter").rpush("list", "item").exec();
  await sync.reaches("synchronizing", 60_000);
  await sync.caughtUp(client, destination.client);
  await sync.stop();
  expect(await statOf(shard, "sync_full")).toBe(2);
  expect(await destination.client.get("counter")).toBe("2");
  expect(await expectUnion([shard], destination)).toBe(502);
}, 120_000);

test("a damaged segment is never applied: the stream is read again from the checkpoint", async () => {
  const { shard, destination, sync, write, equal, spoolDirectory } = await running();
  const go = await standStill(destination);
  await write(60 * MiB);
  await until(() => segmentsIn(spoolDirectory).length > 8, { what: "segments are on disk" });
  const damaged = segmentsIn(spoolDirectory)[4]!;
  const bytes = readFileSync(damaged);
  bytes[1_000_000]! ^= 1;
  writeFileSync(damaged, bytes);
  await go();
  await until(() => sync.reasons.has("SPOOL_FAILED"), { what: "the damage is said", timeoutMs: 30_000 });
  await sync.reaches("synchronizing", 30_000);
  await equal();
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("a damaged segment that the backlog does not hold any more costs an initial sync, and nothing else", async () => {
  const { shard, destination, sync, write, equal, spoolDirectory } = await running({ backlog: "16kb" });
  const go = await standStill(destination);
  await write(60 * MiB);
  await until(() => segmentsIn(spoolDirectory).length > 8, { what: "segments are on disk" });
  writeFileSync(segmentsIn(spoolDirectory)[4]!, "");
  await go();
  await until(() => sync.latest?.initialSync?.attempt === 2, {
    what: "a new initial sync",
    timeoutMs: 30_000,
  });
  await sync.reaches("synchronizing", 30_000);
  await equal();
  expect(await statOf(shard, "sync_full")).toBe(2);
});

/** New segments may come while the folder is emptied: it is then not empty, and the next attempt takes them too. */
function removed(directory: string): boolean {
  try {
    rmSync(directory, { recursive: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTEMPTY") return false;
    throw error;
  }
}

test("a spool folder that somebody removes costs nothing that the source still has", async () => {
  const { shard, destination, sync, write, equal, spoolDirectory } = await running();
  const go = await standStill(destination);
  await write(60 * MiB);
  await until(() => segmentsIn(spoolDirectory).length > 8, { what: "segments are on disk" });
  await until(() => removed(spoolDirectory), { what: "the folder is removed" });
  await write(20 * MiB);
  await go();
  await write(20 * MiB);
  await equal();
  expect(sync.reasons).toContain("SPOOL_FAILED");
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("what lies in the spool is for nobody else to read", async () => {
  const { destination, write, spoolDirectory } = await running();
  const go = await standStill(destination);
  await write(40 * MiB);
  await until(() => segmentsIn(spoolDirectory).length > 0, { what: "segments are on disk" });
  const [segment] = segmentsIn(spoolDirectory);
  for (const directory of [spoolDirectory, dirname(segment!)])
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(segment!).mode & 0o777).toBe(0o600);
  await go();
});
