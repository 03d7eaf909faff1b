import { describe, expect, it } from "vitest";
import { backlogRoom, waitingBytes } from "../../components/shard/backlog-room.ts";
import { appendPoint, type SeriesPoint } from "../../components/shard/series-window.ts";
import { groupEvents } from "../../components/status/group-events.ts";
import { sparklinePath } from "../../components/status/sparkline-path.ts";
import { copiedKeys, totalKeys } from "../../components/task/key-totals.ts";
import { layRiver } from "../../components/task/river-course.ts";
import type { EventView } from "../../server/control/views/task-view.ts";

const noRates = {
  commandsPerSecond: null,
  bytesPerSecond: null,
  rdbBytesPerSecond: null,
  keysPerSecond: null,
  initialSyncSecondsLeft: null,
};

describe("sparklinePath", () => {
  it("breaks the line where the lag was unknown", () =>
    expect(sparklinePath([1, 1, null, 1, 1], 40, 20).match(/M/g)).toHaveLength(2));
  it("draws a lag of milliseconds near the bottom", () => {
    const y = Number(/M0\.0 ([\d.]+)/.exec(sparklinePath([0.005, 0.005], 10, 20))?.[1]);
    expect(y).toBeGreaterThan(17);
  });
  it("draws a lone value as a dot", () => expect(sparklinePath([null, 2, null], 10, 20)).toContain("h0.1"));
});

describe("layRiver", () => {
  it("lays the streams side by side in the trunk, without overlap", () => {
    const fast = { status: "synchronizing" as const, rates: { ...noRates, bytesPerSecond: 5_000_000 } };
    const idle = { status: "paused" as const, rates: noRates };
    const streams = layRiver([fast, idle, fast], 50);
    const ends = streams.map(({ path }) => Number(/72 ([\d.]+)H/.exec(path)?.[1]));
    for (let index = 1; index < streams.length; index++) {
      const gap = ends[index]! - ends[index - 1]!;
      expect(gap).toBeCloseTo((streams[index]!.width + streams[index - 1]!.width) / 2, 0);
    }
    expect(streams[0]!.width).toBeGreaterThan(streams[1]!.width);
  });
});

describe("backlogRoom", () => {
  const source = { masterReplOffset: "9007199254740995000", backlogSize: 1000 };
  it("counts the bytes left before a resume fails, past 2^53", () =>
    expect(backlogRoom(source, "9007199254740994600")).toEqual({ bytes: 600, fraction: 0.6 }));
  it("is negative once the backlog is outrun", () =>
    expect(backlogRoom(source, "9007199254740993000")).toEqual({ bytes: -1000, fraction: 0 }));
  it("is whole when the stream is ahead of the facts", () =>
    expect(backlogRoom(source, "9007199254740996000")?.fraction).toBe(1));
  it("is unknown without facts or an applied offset", () => {
    expect(backlogRoom(null, "1")).toBeNull();
    expect(backlogRoom(source, null)).toBeNull();
  });
});

describe("appendPoint", () => {
  const point = (at: number): SeriesPoint => ({
    at,
    lagSeconds: at,
    lagBytes: null,
    commandsPerSecond: 1,
    bytesPerSecond: 1,
    sourceKeys: 1,
    destinationKeys: 1,
  });
  const empty = {
    at: [],
    lagSeconds: [],
    lagBytes: [],
    commandsPerSecond: [],
    bytesPerSecond: [],
    sourceKeys: [],
    destinationKeys: [],
  };
  it("appends to every column and drops what left the range", () => {
    const first = appendPoint(empty, point(1000), "15m");
    const later = appendPoint(first, point(1901), "15m");
    expect(first.at).toEqual([1000]);
    expect(later.at).toEqual([1901]);
    expect(Object.values(later).every((column) => column.length === 1)).toBe(true);
  });
  it("changes nothing for a point that is not later by the range's step", () => {
    const first = appendPoint(empty, point(1000), "7d");
    expect(appendPoint(first, point(1500), "7d")).toBe(first);
    expect(appendPoint(first, point(900), "15m")).toBe(first);
  });
});

describe("groupEvents", () => {
  const event = (id: number, message: string, shardId: string | null): EventView => ({
    id,
    at: id,
    level: "info",
    type: "t",
    message,
    shardId,
    count: 2,
    firstAt: id - 1,
    seen: true,
  });
  it("makes one of neighbors that say the same of the same shard", () => {
    const groups = groupEvents([
      event(4, "a", "x"),
      event(3, "a", "x"),
      event(2, "a", "y"),
      event(1, "a", "x"),
    ]);
    expect(groups.map(({ event: { id }, count, firstAt }) => [id, count, firstAt])).toEqual([
      [4, 4, 2],
      [2, 2, 1],
      [1, 2, 0],
    ]);
  });
});

describe("the destination's keys", () => {
  const destinationKeys = [
    { db: 0, keys: 10, expires: 1 },
    { db: 3, keys: 5, expires: 2 },
  ];
  it("are those of the databases that the task writes", () => {
    const pairs = [{ source: 0, destination: 3 }];
    expect(totalKeys(copiedKeys(destinationKeys, { kind: "pairs", pairs }, "destination"))).toEqual({
      keys: 5,
      expires: 2,
    });
    expect(totalKeys(copiedKeys(destinationKeys, { kind: "all" }, "destination"))?.keys).toBe(15);
  });
  it("are on the shard those that are copied", () => {
    const counts = [0, 1, 7].map((db) => ({ db, keys: 10 + db, expires: db }));
    const databases = { kind: "pairs", pairs: [{ source: 7, destination: 0 }] } as const;
    expect(totalKeys(copiedKeys(counts, databases, "source"))).toEqual({ keys: 17, expires: 7 });
  });
  it("stay unknown until they were counted", () =>
    expect(totalKeys(copiedKeys(null, { kind: "all" }, "destination"))).toBeNull());
});

describe("waitingBytes", () => {
  it("is what was received and not applied, past 2^53, too", () => {
    const stream = { receivedOffset: "9007199254740999", appliedOffset: "9007199254740993" };
    expect(waitingBytes(stream)).toBe(6);
    expect(waitingBytes({ ...stream, appliedOffset: stream.receivedOffset })).toBe(0);
    expect(waitingBytes(null)).toBeNull();
  });
});
