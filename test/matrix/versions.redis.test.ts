import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { isTried } from "../../scripts/server-versions.mjs";
import type { RefusedCommand } from "../../server/sync/report/shard-report.ts";
import { isDifference } from "../../server/verify/difference.ts";
import { canonicalValue } from "../digest/canonical-value.ts";
import { compareUnion, describeDifferences, printable } from "../digest/compare-union.ts";
import { type RedisServer, startRedis } from "../servers/index.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { verificationOf } from "../verify/verify-for-test.ts";
import { changeEverything } from "./change-matrix.ts";
import { type ExpectedLosses, type ExpectedRefusal, expectedLosses } from "./expected-losses.ts";
import { fillMatrix, keysInPieces, rdbTypesOnServer } from "./fill-matrix.ts";
import { matrixServers } from "./matrix-servers.ts";
import { rdbTypesOf } from "./server-traits.ts";

const servers = matrixServers();
const pairs = servers
  .flatMap((source) => servers.map((destination) => ({ source, destination })))
  .filter(({ source, destination }) => isTried(source.title, destination.title));

test.each(pairs)(
  "$source.title to $destination.title: every encoding and every command of the stream",
  async (pair) => {
    const shard = await startRedis({ binary: pair.source.binary });
    const destination = await startRedis({ binary: pair.destination.binary });
    const other = await startRedis({ binary: pair.source.binary });
    await fillMatrix(shard.client, pair.source.traits);
    expect(await rdbTypesOnServer(shard.client)).toEqual(rdbTypesOf(pair.source.traits));
    const types = [
      "hash",
      "list",
      "set",
      ...(pair.source.traits.since50 ? ["stream"] : []),
      "string",
      "zset",
    ];
    const large = types.map((type) => `large:${type}`);
    expect(await keysInPieces(shard.client)).toEqual(expect.arrayContaining(large));
    const expected = expectedLosses(pair.source.traits, pair.destination.traits);

    const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
    await sync.reaches("synchronizing");
    await sync.caughtUp(shard.client, destination.client);
    await expectEqual(shard.client, destination.client, expected);
    await expectSameStreams(shard.client, destination.client, expected);
    await changeEverything(shard.client, other, pair.source.traits);
    await sync.caughtUp(shard.client, destination.client);
    await expectEqual(shard.client, destination.client, expected);
    await expectNoFalseDifference(shard, destination, expected);
    await sync.stop();
    expectRefused(sync.refused(), expected.refused);
    tell(pair.source.title, pair.destination.title, expected.notes);
  },
);

async function expectEqual(shard: Redis, destination: Redis, expected: ExpectedLosses): Promise<void> {
  const { without: meaning, expiryToleranceMs } = expected;
  const comparison = await compareUnion({ shards: [shard], destination, meaning, expiryToleranceMs });
  const differences = comparison.differences.filter(
    ({ key }) => !expected.keys.some((begin) => key.startsWith(begin)),
  );
  expect.soft(differences, describeDifferences({ ...comparison, differences })).toEqual([]);
}

/** What server/verify calls a difference is one: a comparison that leaves nothing out finds it too. */
async function expectNoFalseDifference(
  shard: RedisServer,
  destination: RedisServer,
  expected: ExpectedLosses,
): Promise<void> {
  const verdict = await verificationOf([shard], destination).run();
  const strict = await compareUnion({
    shards: [shard.client],
    destination: destination.client,
    meaning: { streamsInParts: expected.without.streamsInParts ?? false },
  });
  const known = new Set(strict.differences.map(({ db, key }) => `${db} ${key}`));
  const falseOnes = verdict.listed.filter(
    ({ kind, sourceDb, key }) =>
      isDifference(kind) && !known.has(`${sourceDb} ${printable(key.toString("latin1"))}`),
  );
  const told = falseOnes.map(({ kind, key, elements }) => ({
    kind,
    key: printable(key.toString("latin1")),
    elements,
  }));
  expect.soft(told, verdict.sentence).toEqual([]);
  expect.soft(verdict.compared).toBeGreaterThan(100);
}

/** Before any command touches them: see canonical-value.ts. One that goes in pieces is in the log. */
async function expectSameStreams(shard: Redis, destination: Redis, expected: ExpectedLosses): Promise<void> {
  if (expected.streamDetails.length === 0) return;
  const streams = (await shard.keys("stream:*")).sort();
  expect(streams).toContain("stream:full");
  const options = { ...expected.without, also: expected.streamDetails };
  for (const key of streams) {
    const [here, there] = await Promise.all([
      canonicalValue(shard, key, options),
      canonicalValue(destination, key, options),
    ]);
    expect.soft(there, key).toBe(here);
  }
}

function expectRefused(refused: readonly RefusedCommand[], expected: readonly ExpectedRefusal[]): void {
  // How many keys are copied again depends on how far behind the stream was.
  const logged = refused
    .filter(({ command }) => command !== "doubtful key")
    .map(({ kind, command, reasonCode, ...rest }) => ({ what: `${kind} ${command} ${reasonCode}`, ...rest }));
  const counts = (lines: readonly { what: string; count: number }[]) =>
    lines.map(({ what, count }) => `${what}: ${count}`).sort();
  expect.soft(counts(logged), JSON.stringify(logged, null, 1)).toEqual(counts(expected));
  for (const { what, count, samples } of logged) {
    const known = expected.find((one) => one.what === what)?.samples ?? [];
    // The log keeps three.
    expect.soft(samples, what).toHaveLength(Math.min(3, count));
    const others = samples.filter((sample) => !known.some((begin) => sample.startsWith(begin)));
    expect.soft(others, what).toEqual([]);
  }
}

/** For the table of docs/compatibility.md. */
function tell(source: string, destination: string, notes: readonly string[]): void {
  const folder = process.env.TEST_MATRIX;
  if (folder === undefined) return;
  writeFileSync(
    join(folder, `${source} to ${destination}.json`),
    JSON.stringify({ source, destination, notes }),
  );
}
