import { describe, expect, it, onTestFinished } from "vitest";
import { type Database, openDatabase } from "../../../db/open-database.ts";
import { metricSamples, tasks } from "../../../db/schema.ts";
import {
  readSeries,
  recordSamples,
  rollUp,
  type Sample,
} from "../../../server/control/history/metrics-recorder.ts";
import { temporaryFolder } from "../../servers/index.ts";

/** A full hour, so that buckets of every length begin with it. */
const start = 1_800_000_000_000;
const second = 1000;
const shard = { taskId: "t", shardId: "a" };

function openDb(): Database {
  const { db, close } = openDatabase(temporaryFolder());
  onTestFinished(close);
  db.insert(tasks)
    .values({
      id: "t",
      name: "t",
      wanted: "running",
      prechecked: true,
      since: 0,
      createdAt: 0,
      source: {},
      destination: {},
      databases: {},
      checkpointDb: 0,
    })
    .run();
  return db;
}

function sample(more: Partial<Sample> = {}): Sample {
  return {
    ...shard,
    lagSeconds: 1,
    lagBytes: 10,
    commandsPerSecond: 100,
    bytesPerSecond: 1000,
    sourceKeys: 5,
    destinationKeys: 5,
    ...more,
  };
}

function count(db: Database, resolution: number): number {
  return db
    .select()
    .from(metricSamples)
    .all()
    .filter((row) => row.resolution === resolution).length;
}

describe("the roll-up", () => {
  it("keeps the worst lag and the mean of the rest, of finished minutes only", () => {
    const db = openDb();
    recordSamples(db, [sample({ lagSeconds: 1, commandsPerSecond: 100, sourceKeys: 4 })], start);
    recordSamples(db, [sample({ lagSeconds: 7, commandsPerSecond: 200, sourceKeys: 6 })], start + 5 * second);
    recordSamples(db, [sample({ lagSeconds: null, commandsPerSecond: null })], start + 10 * second);
    rollUp(db, start + 59 * second);
    expect(count(db, 60)).toBe(0);
    rollUp(db, start + 61 * second);
    rollUp(db, start + 62 * second);
    const rows = db
      .select()
      .from(metricSamples)
      .all()
      .filter((row) => row.resolution === 60);
    expect(rows).toMatchObject([
      { at: start / 1000, lagSeconds: 7, lagBytes: 10, commandsPerSecond: 150, sourceKeys: 5 },
    ]);
  });

  it("keeps 5 s for 2 h, 1 min for 48 h and 15 min for 90 d, however seldom it runs", () => {
    const db = openDb();
    const hours = 3;
    for (let at = 0; at < hours * 3600; at += 5) recordSamples(db, [sample()], start + at * second);
    rollUp(db, start + hours * 3600 * second);
    expect([count(db, 5), count(db, 60), count(db, 900)]).toEqual([1440, 180, 12]);
    rollUp(db, start + 60 * 3600 * second);
    expect([count(db, 5), count(db, 60), count(db, 900)]).toEqual([0, 0, 12]);
    rollUp(db, start + 100 * 24 * 3600 * second);
    expect(count(db, 900)).toBe(0);
  });

  it("tells unknown from 0", () => {
    const db = openDb();
    recordSamples(db, [sample({ lagSeconds: null, lagBytes: 0 })], start);
    rollUp(db, start + 60 * second);
    expect(readSeries(db, shard, "6h", start + 60 * second)).toMatchObject({
      lagSeconds: [null],
      lagBytes: [0],
    });
  });
});

describe("a series", () => {
  it("takes the resolution that fits its range", () => {
    const db = openDb();
    for (let at = 0; at < 3600; at += 5) recordSamples(db, [sample()], start + at * second);
    const now = start + 3600 * second;
    rollUp(db, now);
    const lengths = (["15m", "1h", "6h", "24h", "7d"] as const).map(
      (range) => readSeries(db, shard, range, now).at.length,
    );
    expect(lengths).toEqual([180, 720, 60, 60, 4]);
  });

  it("breaks the line where nothing was recorded", () => {
    const db = openDb();
    for (const at of [0, 5, 60, 65]) recordSamples(db, [sample()], start + at * second);
    const series = readSeries(db, shard, "15m", start + 70 * second);
    expect(series.at.map((at) => at - start / 1000)).toEqual([0, 5, 10, 60, 65]);
    expect(series.commandsPerSecond).toEqual([100, 100, null, 100, 100]);
  });
});
