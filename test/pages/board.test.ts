import { describe, expect, it } from "vitest";
import { boardFit, CELL_GAP, rowsOf } from "../../components/board/board-fit.ts";
import {
  cellsOf,
  commonBeginning,
  figureOf,
  headlineOf,
  problemsOf,
} from "../../components/board/board-words.ts";
import type { StatusShard, StatusTask } from "../../server/control/views/status-board.ts";

const lag = { bytes: 0, seconds: 0.012, secondsUnknownBecause: null };

function shard(name: string, more: Partial<StatusShard> = {}): StatusShard {
  const rest = {
    status: "synchronizing",
    health: "good",
    since: 0,
    lag,
    copied: null,
    differs: false,
  } as const;
  return { id: name, name, ...rest, ...more };
}

function task(name: string, shards: StatusShard[], more: Partial<StatusTask> = {}): StatusTask {
  return {
    ...{ id: name, name, status: "synchronizing", health: "good", since: 0, reason: null, lag },
    ...{ commandsPerSecond: 1, shardsSynchronizing: shards.length, verdict: null, shards },
    ...more,
  };
}

/** A head of two columns and as many cells as there are shards, for each task. */
const spans = (...shards: number[]) => shards.flatMap((count) => [2, ...Array<number>(count).fill(1)]);

describe("the status page's cells", () => {
  // What the head of the page leaves of a phone, of a laptop and of a screen on a wall.
  const rooms = [
    { width: 366, height: 600 },
    { width: 1408, height: 760 },
    { width: 2528, height: 1250 },
  ];

  it.each(rooms)("hold 64 shards on $width px without scrolling, in one task or in many", (room) => {
    for (const groups of [
      [spans(64)],
      [spans(32, 16, 12, 4)],
      [spans(32, 4), spans(16), spans(12)],
      [spans(...Array<number>(8).fill(8))],
      // Tasks of one shard each.
      [Array<number>(64).fill(1)],
    ]) {
      const headings = groups.length > 1 ? groups.length : 0;
      const fit = boardFit(room, groups, headings);
      const rows = groups.reduce((sum, one) => sum + rowsOf(one, fit.columns), 0);
      const used =
        rows * (fit.rowHeight + CELL_GAP) -
        CELL_GAP +
        headings * fit.heading +
        (groups.length - 1) * CELL_GAP;
      expect(used).toBeLessThanOrEqual(room.height);
      expect(fit.rowHeight).toBeGreaterThanOrEqual(30);
      expect((room.width + CELL_GAP) / fit.columns - CELL_GAP).toBeGreaterThanOrEqual(52);
    }
  });

  it("have larger figures where there is more room, and where there are fewer", () => {
    const [phone, laptop, wall] = rooms.map((room) => boardFit(room, [spans(64)], 0).figure) as [
      number,
      number,
      number,
    ];
    expect(phone).toBeLessThan(laptop);
    expect(laptop).toBeLessThan(wall);
    expect(boardFit(rooms[1]!, [spans(8)], 0).figure).toBeGreaterThan(laptop);
  });

  it("do not break: one that has no room left begins the next row", () => {
    expect(rowsOf([2, 1, 2], 4)).toBe(2);
    expect(rowsOf([2, 1, 1, 2], 4)).toBe(2);
    expect(rowsOf([2], 1)).toBe(1);
    expect(rowsOf([], 4)).toBe(0);
  });

  it("are one for a task of one shard, and for a task that is over", () => {
    expect(cellsOf(task("a", [shard("a-1")]))).toEqual([]);
    expect(cellsOf(task("a", [shard("a-1"), shard("a-2")], { status: "finished" }))).toEqual([]);
    expect(cellsOf(task("a", [shard("a-1"), shard("a-2")]))).toHaveLength(2);
  });

  it("leave out what the names of all begin with, up to a sign that parts words", () => {
    expect(commonBeginning(["orders-01", "orders-02"])).toBe("orders-");
    expect(commonBeginning(["10.0.0.1:6379", "10.0.0.2:6379"])).toBe("10.0.0.");
    expect(commonBeginning(["alpha", "alpine"])).toBe("");
    expect(commonBeginning(["alone-1"])).toBe("");
    expect(commonBeginning([])).toBe("");
  });

  it("say how far a copy is, the lag, or the status", () => {
    expect(figureOf(shard("a"))).toBe("12 ms");
    expect(figureOf(shard("a", { status: "initial-sync", copied: 0.999 }))).toBe("99%");
    expect(figureOf(shard("a", { status: "failed" }))).toBe("Failed");
    expect(figureOf(shard("a", { lag: { ...lag, seconds: null } }))).toBe("Live");
  });
});

describe("the status page's headline", () => {
  const board = (tasks: StatusTask[], health: StatusTask["health"], shards = 2) =>
    headlineOf({ groups: [{ name: null, tasks }], health, shards, synchronizing: shards });

  it("counts what is worst", () => {
    const failed = shard("b", { status: "failed", health: "failed" });
    expect(board([task("a", [shard("a"), failed])], "failed")).toBe("1 shard has failed");
    const held = shard("b", { status: "held", health: "attention" });
    expect(board([task("a", [held, { ...held, id: "c" }])], "attention")).toBe("2 shards need attention");
    expect(board([task("a", [shard("a"), shard("b")])], "good")).toBe("All 2 shards are synchronizing");
    expect(board([task("a", [shard("a")])], "good", 1)).toBe("The shard is synchronizing");
  });

  it("says so where nothing is shown", () =>
    expect(headlineOf({ groups: [], health: "idle", shards: 0, synchronizing: 0 })).toBe(
      "No task is shown here",
    ));

  it("goes with what is wrong, the failed first", () => {
    const behind = shard("a", { health: "attention", lag: { ...lag, seconds: 90 } });
    const problems = problemsOf({
      groups: [
        { name: null, tasks: [task("late", [behind], { health: "attention" }), task("fine", [shard("a")])] },
        { name: "x", tasks: [task("broken", [shard("b")], { health: "failed", status: "failed" })] },
      ],
    });
    expect(problems.map(({ where }) => where)).toEqual(["broken", "late"]);
    expect(problems[1]?.what).toBe("It is 1 min 30 s behind.");
  });
});
