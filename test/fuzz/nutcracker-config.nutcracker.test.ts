import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { parseNutcrackerConfig, selectPool } from "../../server/twemproxy/nutcracker-config.ts";
import {
  type NutcrackerPool,
  type NutcrackerServer,
  nutcrackerDistributions,
  nutcrackerHashes,
} from "../../server/twemproxy/nutcracker-pool.ts";
import type { Problem } from "../../server/twemproxy/nutcracker-problem.ts";
import { startNutcracker, temporaryFolder } from "../servers/index.ts";
import { requiredBinary } from "../servers/required-binary.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";
import { accepted, refused } from "./nutcracker-samples.ts";

const known = {
  hash: nutcrackerHashes as readonly string[],
  ring: nutcrackerDistributions as readonly string[],
};

/** Files with which a nutcracker runs, as the other tests have it written. */
async function filesInUse(): Promise<string[]> {
  const servers = Array.from({ length: 12 }, (_, n) => ({
    port: 7_000 + n,
    name: `alpha-${n}`,
    weight: 1 + (n % 3),
  }));
  const options = [
    { servers },
    { servers: servers.map(({ port }) => ({ port })), hash: "murmur", hashTag: "{}", redisDb: 3 },
    {
      servers: servers.slice(0, 3),
      pool: "cache",
      distribution: "modula",
      redisAuth: "s3cret",
      autoEject: true,
    },
  ];
  const files: string[] = [];
  for (const one of options) files.push((await startNutcracker(one)).configText);
  return files;
}

test("nutcracker takes the files that are fuzzed as real ones, and refuses the others", async () => {
  const file = join(temporaryFolder(), "nutcracker.yml");
  const nutcracker = requiredBinary("nutcracker", "nutcracker");
  const takes = (text: string) => {
    writeFileSync(file, text);
    return spawnSync(nutcracker, ["-t", "-c", file]).status === 0;
  };
  expect(accepted.filter((text) => !takes(text))).toEqual([]);
  expect(refused.filter(takes)).toEqual([]);
  const errors = accepted.flatMap((text) => parseNutcrackerConfig(text).problems);
  expect(new Set(errors.map(({ message }) => message))).toEqual(
    new Set(["A unix socket cannot be reached over the network"]),
  );
});

/** Problems of a file that has no line they could be in. */
const withoutLine = /^The file is (empty|larger than 64 KiB)$/;

/** Whether a problem names a place within the file, and the right one where its message tells what stands there. */
function isPlaced({ line, column, message }: Problem, lines: readonly string[]): boolean {
  if (withoutLine.test(message)) return line === null && column === null;
  const text = lines[(line ?? 0) - 1];
  if (text === undefined || column === null || column < 1 || column > text.length + 1) return false;
  const unknown = /^The directive ([a-z_]+) is unknown$/.exec(message)?.[1];
  const there = text.slice(column - 1);
  // In quotes or by an escape it may be written otherwise.
  return unknown === undefined || !/^[a-z_]/.test(there) || there.startsWith(unknown);
}

/** Whether it says what to do, and has a code where it is an error. */
function isSaid({ message, remedy, severity, code }: Problem): boolean {
  return message.length > 0 && remedy.length > 0 && (severity === "error") === (code !== undefined);
}

function isWhole({ hash, distribution, servers }: NutcrackerPool): boolean {
  const good = ({ weight, socket, port }: NutcrackerServer) =>
    weight >= 1 && (socket !== null || (port >= 1 && port <= 65_535));
  return known.hash.includes(hash) && known.ring.includes(distribution) && servers.every(good);
}

test(`a broken nutcracker.yml gives pools, and problems that name their line and column, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const corpus = [...(await filesInUse()), ...accepted, ...refused];
  await fuzz({
    name: "nutcracker.yml",
    corpus: corpus.map((text) => Buffer.from(text)),
    fields: "decimal",
    refuses: true,
    mayAllocate: (bytes) => 64 * 1024 + 16 * bytes,
    read: (input) => {
      const text = input.toString();
      const config = parseNutcrackerConfig(text);
      const lines = text.split("\n");
      // To expect something of each would take longer than to parse the file: there may be thousands.
      expect(config.problems.filter((problem) => !isPlaced(problem, lines) || !isSaid(problem))).toEqual([]);
      expect(config.pools.filter((pool) => !isWhole(pool))).toEqual([]);
      try {
        selectPool(config, null);
        return false;
      } catch (error) {
        if (!(error instanceof TributaryError)) throw error;
        return true;
      }
    },
  });
});
