import { expect, test } from "vitest";
import { until } from "../servers/index.ts";
import { seed } from "../sync/harness/check-property.ts";
import { rounds } from "../sync/harness/fault-rounds.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { apart, movingTask, PATIENCE_MS } from "./moving-task.ts";
import { plantDifferences } from "./planted-differences.ts";
import { foundIn, verificationOf } from "./verify-for-test.ts";

/** Of each of the two shards: where rounds are asked for, there is a machine for it. */
const WRITES_PER_SECOND = rounds(1) > 1 ? 2500 : 300;

test.each(Array.from({ length: rounds(1) }, (_, round) => seed + 10 * round))(
  "finds nothing under writes with short expiries where nothing was planted (seed %i)",
  async (roundSeed) => {
    const task = await movingTask(WRITES_PER_SECOND, roundSeed);
    await until(() => task.traffic.every(({ commands }) => commands > 300), { what: "there is traffic" });
    for (const pieceBytes of [1024 * 1024, 1000]) {
      const verdict = await verificationOf(task.shards, task.destination, {}, { pieceBytes }).run();
      expect(foundIn(verdict).filter((text) => !apart.test(text))).toEqual([]);
      expect(verdict.outcome).not.toBe("different");
      expect(verdict.compared).toBeGreaterThan(800);
    }
    await task.stop();
    await task.caughtUp();
    const still = await verificationOf(
      task.shards,
      task.destination,
      {},
      { patienceMs: PATIENCE_MS / 2 },
    ).run();
    expect(foundIn(still)).toEqual([]);
  },
  PATIENCE_MS,
);

test.each(Array.from({ length: rounds(1) }, (_, round) => seed + 10 * round))(
  "finds exactly what was planted under constant writes, and which parts of it (seed %i)",
  async (roundSeed) => {
    const random = seededRandom(roundSeed);
    const task = await movingTask(200, roundSeed);
    const planted = await plantDifferences(task, random);
    const pieceBytes = random.oneIn(2) ? 1024 * 1024 : 1000;
    const verdict = await verificationOf(task.shards, task.destination, {}, { pieceBytes }).run();
    expect(foundIn(verdict).filter((text) => !apart.test(text))).toEqual(
      planted
        .map(({ kind, db, key, parts }) => {
          const told = parts.length === 0 ? "" : ` [${[...parts].sort().join(", ")}]`;
          return `${kind} ${db}:${key.toString("latin1")}${told}`;
        })
        .sort(),
    );
    await task.stop();
  },
  PATIENCE_MS,
);
