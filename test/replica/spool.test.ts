import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { type SegmentFiles, segmentFiles } from "../../server/replica/segment-file.ts";
import { Spool, type SpoolOptions, type SpoolReader } from "../../server/replica/spool.ts";
import { SpoolQuota } from "../../server/replica/spool-quota.ts";
import { temporaryFolder, until } from "../servers/index.ts";
import { seed } from "../sync/harness/check-property.ts";
import { seededRandom } from "../traffic/seeded-random.ts";

const KiB = 1024;

type Opened = { spool: Spool; directory: string; problems: TributaryError[]; recovered: () => number };

type OpenOptions = Partial<SpoolOptions> & { readonly quotaBytes?: number };

function openSpool(options: OpenOptions = {}): Opened {
  const directory = join(temporaryFolder(), "spool");
  const problems: TributaryError[] = [];
  let recovered = 0;
  const spool = new Spool({
    directory,
    name: "stream",
    segmentBytes: 4 * KiB,
    memoryBytes: 32 * KiB,
    quota: new SpoolQuota(options.quotaBytes ?? 1024 * KiB),
    retain: "applied",
    onProblem: (problem) => problems.push(problem),
    onRecovered: () => recovered++,
    retryMs: 20,
    ...options,
  });
  onTestFinished(() => spool.close());
  return { spool, directory, problems, recovered: () => recovered };
}

/** Bytes whose values tell their position: a mix-up of segments cannot go unseen. */
function patternAt(position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = ((position + at) * 2654435761) >>> 24;
  return bytes;
}

/** Appends `length` bytes of the pattern in chunks, as fast as the spool has room. */
async function fill(spool: Spool, length: number, chunk = 1000): Promise<void> {
  for (let left = length; left > 0; left -= chunk) {
    spool.append(patternAt(spool.end, Math.min(chunk, left)));
    if (spool.full) await spool.whenRoom();
  }
}

/** Reads up to `end` and compares with the pattern. */
async function expectPattern(reader: SpoolReader, end: number): Promise<void> {
  while (reader.position < end) {
    const from = reader.position;
    const view = await reader.read();
    expect(view).not.toBeNull();
    expect(Buffer.from(view!).equals(patternAt(from, view!.length))).toBe(true);
  }
  expect(reader.position).toBe(end);
}

const filesIn = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);

test("a waiting read gets the bytes as soon as they are appended", async () => {
  const { spool, directory } = openSpool();
  const reader = spool.reader(0);
  expect(reader.tryRead()).toBeNull();
  const waiting = reader.read();
  spool.append(Buffer.from("one"));
  expect(Buffer.from((await waiting)!).toString()).toBe("one");
  spool.append(Buffer.from("two"));
  spool.append(Buffer.from("three"));
  expect(Buffer.from(reader.tryRead()!).toString()).toBe("twothree");
  expect(reader.position).toBe(11);
  const last = reader.read();
  spool.finish();
  expect(await last).toBeNull();
  expect(await reader.read()).toBeNull();
  expect(filesIn(directory)).toEqual([]);
});

test("copies what is appended: the chunk may be overwritten at once", async () => {
  const { spool } = openSpool();
  const chunk = Buffer.from("kept");
  spool.append(chunk);
  chunk.fill(0);
  expect(Buffer.from((await spool.reader(0).read())!).toString()).toBe("kept");
});

test("a reader that keeps up never touches the disk", async () => {
  const { spool, directory } = openSpool();
  const reader = spool.reader(0);
  for (let round = 0; round < 500; round++) {
    spool.append(patternAt(spool.end, 1500));
    await expectPattern(reader, spool.end);
    spool.release(reader.position);
    expect(spool.memoryBytes).toBeLessThanOrEqual(3 * spool.segmentBytes);
  }
  expect(filesIn(directory)).toEqual([]);
});

test("what is unread past the memory goes to disk and comes back, within the bound", async () => {
  const { spool, directory } = openSpool();
  await fill(spool, 400 * KiB);
  await until(async () => spool.memoryBytes <= 32 * KiB, { what: "the disk has taken the rest" });
  expect(spool.diskBytes).toBeGreaterThan(350 * KiB);
  expect(filesIn(directory).length).toBeGreaterThan(80);
  const reader = spool.reader(0);
  let most = 0;
  while (reader.position < 390 * KiB) {
    await expectPattern(reader, reader.position + 4 * KiB);
    most = Math.max(most, spool.memoryBytes);
  }
  await expectPattern(reader, spool.end);
  expect(most).toBeLessThanOrEqual(32 * KiB + 4 * spool.segmentBytes);
});

test("an owner that appends at once when there is room never waits for ever", async () => {
  const { spool } = openSpool({ quotaBytes: 64 * 1024 * KiB });
  // In the owner's own turn after whenRoom the spool may fill up again, before anything else has run.
  for (let times = 0; times < 200; times++) {
    while (!spool.full) spool.append(patternAt(spool.end, 1000));
    await spool.whenRoom();
  }
  expect(spool.end).toBeGreaterThan(200 * spool.segmentBytes);
});

test("release deletes the files of what has been applied and no others", async () => {
  const { spool, directory } = openSpool();
  await fill(spool, 200 * KiB);
  const reader = spool.reader(0);
  await expectPattern(reader, spool.end);
  spool.release(100 * KiB);
  expect(spool.start).toBe(100 * KiB);
  await until(async () => filesIn(directory).every((name) => Number(/-(\d+)\./.exec(name)?.[1]) >= 25), {
    what: "the files of the first 100 KiB are gone",
  });
  await expectPattern(spool.reader(100 * KiB), 200 * KiB);
  expect(() => spool.reader(99 * KiB)).toThrow(RangeError);
  expect(() => spool.reader(spool.end + 1)).toThrow(RangeError);
  reader.close();
  spool.release(spool.end);
  await until(async () => filesIn(directory).length === 0, { what: "no file is left" });
  expect(spool.diskBytes).toBe(0);
});

test("a reader that was left over holds nothing back, and its last view stays as it was", async () => {
  const { spool, directory } = openSpool();
  spool.append(patternAt(0, 3 * KiB));
  const views: Uint8Array[] = [];
  const left: SpoolReader[] = [];
  for (let round = 0; round < 20; round++) {
    const stale = spool.reader(spool.end - 100);
    views.push((await stale.read())!);
    left.push(stale);
    await fill(spool, 50 * KiB);
    const reader = spool.reader(spool.end - 40 * KiB);
    await expectPattern(reader, spool.end);
    reader.close();
    spool.release(spool.end - 100);
    expect(spool.memoryBytes).toBeLessThanOrEqual(3 * spool.segmentBytes);
  }
  for (const [round, view] of views.entries()) {
    const at = 3 * KiB + round * 50 * KiB - 100;
    expect(Buffer.from(view).equals(patternAt(at, 100))).toBe(true);
  }
  await expect(left[0]!.read()).rejects.toThrow(RangeError);
  await until(async () => filesIn(directory).length <= 1, { what: "the files are gone" });
});

test("keeps the last retainBytes for a rewind, without the disk", async () => {
  const { spool, directory } = openSpool({ retainBytes: 64 * KiB, memoryBytes: 96 * KiB });
  const reader = spool.reader(0);
  while (spool.end < 300 * KiB) {
    await fill(spool, 1000);
    await expectPattern(reader, spool.end);
    spool.release(reader.position);
  }
  expect(spool.end - spool.start).toBeGreaterThanOrEqual(64 * KiB);
  expect(spool.end - spool.start).toBeLessThan(64 * KiB + 2 * spool.segmentBytes);
  await expectPattern(spool.reader(spool.end - 64 * KiB), spool.end);
  expect(filesIn(directory)).toEqual([]);
});

test("what may have to be read again is kept on disk, within its bound", async () => {
  const { spool } = openSpool({ keepBytes: 200 * KiB });
  const reader = spool.reader(0);
  const apply = async (bytes: number, keepFrom: number) => {
    for (const end = spool.end + bytes; spool.end < end; ) {
      await fill(spool, 1000);
      await expectPattern(reader, spool.end);
      spool.release(reader.position, keepFrom);
    }
  };
  await apply(150 * KiB, 0);
  expect(spool.start).toBe(0);
  expect(spool.diskBytes).toBeGreaterThan(100 * KiB);
  await expectPattern(spool.reader(0), spool.end);
  await apply(150 * KiB, 0);
  expect(spool.end - spool.start).toBeLessThanOrEqual(200 * KiB + spool.segmentBytes);
  expect(spool.end - spool.start).toBeGreaterThan(190 * KiB);
  spool.release(reader.position);
  expect(spool.end - spool.start).toBeLessThanOrEqual(spool.segmentBytes);
});

test("what is only kept makes room for what is not applied, and never holds the source", async () => {
  const { spool } = openSpool({ quotaBytes: 100 * KiB, keepBytes: 100 * KiB });
  const reader = spool.reader(0);
  while (spool.end < 90 * KiB) {
    await fill(spool, 1000);
    await expectPattern(reader, spool.end);
    spool.release(reader.position, 0);
  }
  expect(spool.start).toBe(0);
  const applied = reader.position;
  // Nobody reads: without what is kept there is room for all of this.
  await fill(spool, 90 * KiB);
  expect(spool.start).toBeGreaterThan(0);
  expect(spool.start).toBeLessThanOrEqual(applied);
  await expectPattern(reader, spool.end);
});

test("a disk that refuses writes does not hold the source for what is only kept", async () => {
  const files: SegmentFiles = { ...segmentFiles, write: () => Promise.reject(new Error("ENOSPC")) };
  const { spool } = openSpool({ files, keepBytes: 500 * KiB });
  const reader = spool.reader(0);
  while (spool.end < 300 * KiB) {
    await fill(spool, 1000);
    await expectPattern(reader, spool.end);
    spool.release(reader.position, 0);
  }
  expect(spool.memoryBytes).toBeLessThanOrEqual(32 * KiB + 3 * spool.segmentBytes);
});

test("a spool lets go of what another has no other room for", async () => {
  const quota = new SpoolQuota(100 * KiB);
  const { spool: rdb } = openSpool({ quota, retain: "all" });
  const { spool: stream } = openSpool({ quota });
  await fill(rdb, 110 * KiB);
  rdb.finish();
  const loading = rdb.reader(0);
  await expectPattern(loading, 80 * KiB);
  await fill(stream, 90 * KiB);
  expect(rdb.start).toBeGreaterThan(0);
  expect(quota.used).toBeLessThanOrEqual(100 * KiB);
  await expectPattern(loading, rdb.end);
  await expectPattern(stream.reader(0), stream.end);
});

test("retain all: a second reader reads everything again", async () => {
  const { spool } = openSpool({ retain: "all" });
  const reader = spool.reader(0);
  while (spool.end < 200 * KiB) {
    await fill(spool, 3000);
    await expectPattern(reader, spool.end);
    spool.release(reader.position);
  }
  spool.finish();
  expect(await reader.read()).toBeNull();
  expect(spool.start).toBe(0);
  await until(async () => spool.memoryBytes <= 32 * KiB, { what: "the disk has taken the rest" });
  for (let again = 0; again < 2; again++) {
    const second = spool.reader(0);
    await expectPattern(second, spool.end);
    expect(await second.read()).toBeNull();
    second.close();
  }
});

test("at the quota it is full, and has room again when something is released", async () => {
  const { spool } = openSpool({ quotaBytes: 60 * KiB });
  await until(
    async () => {
      while (!spool.full) spool.append(patternAt(spool.end, 1000));
      return spool.quotaReached;
    },
    { what: "the quota is used up", everyMs: 1 },
  );
  // No write may be under way any more for the spool to be full for good.
  while (!spool.full) spool.append(patternAt(spool.end, 1000));
  expect(spool.quotaReached).toBe(true);
  expect(spool.diskBytes).toBeLessThanOrEqual(60 * KiB);
  expect(spool.memoryBytes).toBeLessThanOrEqual(32 * KiB + 3 * spool.segmentBytes);
  const room = spool.whenRoom();
  const reader = spool.reader(0);
  await expectPattern(reader, 40 * KiB);
  spool.release(40 * KiB);
  await room;
  expect(spool.full).toBe(false);
  await expectPattern(reader, spool.end);
});

test("retain all at the quota goes on, and says that the start is gone", async () => {
  const { spool } = openSpool({ retain: "all", quotaBytes: 60 * KiB });
  const reader = spool.reader(0);
  const writing = fill(spool, 400 * KiB).then(() => spool.finish());
  await expectPattern(reader, 400 * KiB);
  await writing;
  expect(await reader.read()).toBeNull();
  expect(spool.start).toBeGreaterThan(0);
  expect(spool.diskBytes).toBeLessThanOrEqual(60 * KiB);
  await expectPattern(spool.reader(spool.start), spool.end);
});

test("a damaged file is named and never read as data", async () => {
  const { spool, directory } = openSpool();
  await fill(spool, 200 * KiB);
  await until(async () => spool.memoryBytes <= 32 * KiB, { what: "the disk has taken the rest" });
  const damaged = join(directory, "stream-20.segment");
  const bytes = readFileSync(damaged);
  bytes[1000]! ^= 1;
  writeFileSync(damaged, bytes);
  const reader = spool.reader(0);
  await expectPattern(reader, 80 * KiB);
  await expect(reader.read()).rejects.toMatchObject({ code: "SPOOL_FAILED" });
  await expect(reader.read()).rejects.toThrow(/stream-20\.segment is damaged: its checksum/);
  writeFileSync(damaged, bytes.subarray(0, 100));
  await expect(reader.read()).rejects.toThrow(/it has 100 bytes instead of 4120/);
  rmSync(damaged);
  await expect(reader.read()).rejects.toMatchObject({ code: "SPOOL_FAILED" });
  bytes[1000]! ^= 1;
  writeFileSync(damaged, bytes);
  await expectPattern(reader, spool.end);
});

test("makes its folder again when somebody removed it", async () => {
  const { spool, directory, problems } = openSpool();
  await fill(spool, 100 * KiB);
  const reader = spool.reader(0);
  await expectPattern(reader, spool.end);
  spool.release(spool.end);
  rmSync(directory, { recursive: true });
  await fill(spool, 100 * KiB);
  await expectPattern(reader, spool.end);
  expect(problems.length).toBeLessThanOrEqual(1);
});

test("a disk that refuses writes costs nothing but the source's wait", async () => {
  let broken = true;
  const files: SegmentFiles = {
    ...segmentFiles,
    write: (path, bytes) =>
      broken ? Promise.reject(new Error("ENOSPC: no space left on device")) : segmentFiles.write(path, bytes),
  };
  const { spool, problems, recovered } = openSpool({ files });
  while (!spool.full) spool.append(patternAt(spool.end, 1000));
  await until(async () => problems.length > 0, { what: "the problem is told" });
  expect(problems[0]).toBeInstanceOf(TributaryError);
  expect(problems[0]).toMatchObject({ code: "SPOOL_FAILED" });
  expect(problems[0]!.message).toContain("no space left");
  expect(spool.diskBytes).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(problems.length).toBe(1);
  expect(spool.full).toBe(true);
  broken = false;
  await spool.whenRoom();
  expect(recovered()).toBe(1);
  await fill(spool, 100 * KiB);
  await expectPattern(spool.reader(0), spool.end);
});

test("a disk slower than the source bounds the memory by holding the source", async () => {
  const files: SegmentFiles = {
    ...segmentFiles,
    write: async (path, bytes) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await segmentFiles.write(path, bytes);
    },
  };
  const { spool } = openSpool({ files });
  let most = 0;
  while (spool.end < 300 * KiB) {
    spool.append(patternAt(spool.end, 1000));
    most = Math.max(most, spool.memoryBytes);
    if (spool.full) await spool.whenRoom();
  }
  expect(most).toBeLessThanOrEqual(32 * KiB + 3 * spool.segmentBytes);
  await expectPattern(spool.reader(0), spool.end);
});

test("close deletes its files, and reads that wait end with an AbortError", async () => {
  const { spool, directory } = openSpool();
  await fill(spool, 200 * KiB);
  writeFileSync(join(directory, "other.txt"), "not ours");
  const reader = spool.reader(spool.end);
  const waiting = expect(reader.read()).rejects.toMatchObject({ name: "AbortError" });
  await spool.close();
  await waiting;
  await expect(reader.read()).rejects.toMatchObject({ name: "AbortError" });
  expect(filesIn(directory)).toEqual(["other.txt"]);
  await spool.close();
  spool.append(Buffer.from("late"));
  expect(spool.memoryBytes).toBe(0);
});

test("gives the same bytes for any chunks, pauses, rewinds and releases", async () => {
  const random = seededRandom(seed);
  for (let run = 0; run < 12; run++) {
    const retain = run % 3 === 0 ? "all" : "applied";
    const { spool } = openSpool({ retain, segmentBytes: 512, memoryBytes: 6 * 512 + random.int(8000) });
    const input = random.bytes(60_000 + random.int(60_000));
    const output = Buffer.alloc(input.length);
    let reader = spool.reader(0);
    let released = 0;
    while (reader.position < input.length) {
      if (spool.end < input.length && random.int(3) > 0) {
        const to = Math.min(input.length, spool.end + 1 + random.int(random.int(10) === 0 ? 6000 : 300));
        spool.append(input.subarray(spool.end, to));
        if (spool.end === input.length) spool.finish();
      } else if (spool.end > reader.position) {
        const view = random.int(2) === 0 ? reader.tryRead() : await reader.read();
        if (view !== null) output.set(view, reader.position - view.length);
        if (random.int(8) === 0) {
          released = Math.max(released, reader.position - random.int(2000));
          spool.release(released);
        }
        if (random.int(30) === 0) {
          reader.close();
          reader = spool.reader(Math.max(spool.start, released, 0));
        }
      }
    }
    expect(output.equals(input)).toBe(true);
    await spool.close();
  }
});
