import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareUnion, describeDifferences } from "../digest/compare-union.ts";
import { startRedis } from "../servers/index.ts";
import { endpointAt, SyncForTest } from "../sync/sync-for-test.ts";
import { changeEverything } from "./change-matrix.ts";
import { expectedLosses } from "./expected-losses.ts";
import { fillMatrix, rdbTypesOnServer } from "./fill-matrix.ts";
import { matrixServers } from "./matrix-servers.ts";
import { rdbTypesOf } from "./server-traits.ts";

const servers = matrixServers();
const pairs = servers.flatMap((source) => servers.map((destination) => ({ source, destination })));

test.each(pairs)(
  "$source.title to $destination.title: every encoding and every write command",
  async (pair) => {
    const shard = await startRedis({ binary: pair.source.binary });
    const destination = await startRedis({ binary: pair.destination.binary });
    await fillMatrix(shard.client, pair.source.traits);
    expect(await rdbTypesOnServer(shard.client)).toEqual(rdbTypesOf(pair.source.traits));
    const expected = expectedLosses(pair.source.traits, pair.destination.traits);
    const isEqual = async () => {
      const comparison = await compareUnion({
        shards: [shard.client],
        destination: destination.client,
        meaning: expected.without,
        expiryToleranceMs: expected.expiryToleranceMs,
      });
      const unexpected = comparison.differences.filter(
        ({ key }) => !expected.keys.some((begin) => key.startsWith(begin)),
      );
      expect.soft(unexpected, describeDifferences({ ...comparison, differences: unexpected })).toEqual([]);
    };

    const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
    await sync.reaches("synchronizing");
    await sync.caughtUp(shard.client, destination.client);
    await isEqual();
    await changeEverything(shard.client, pair.source.traits.fieldExpiry);
    await sync.caughtUp(shard.client, destination.client);
    await isEqual();
    await sync.stop();

    // How many keys are copied again depends on how far behind the stream was.
    const refused = sync.refused().filter(({ command }) => command !== "doubtful key");
    const kinds = new Set(refused.map(({ kind, command, reasonCode }) => `${kind} ${command} ${reasonCode}`));
    expect.soft([...kinds].sort(), JSON.stringify(refused, null, 1)).toEqual(expected.refused);
    for (const [code, count] of Object.entries(expected.keysRefused)) {
      const logged = refused.filter(
        ({ command, reasonCode }) => command === "RDB key" && reasonCode === code,
      );
      expect.soft(logged.map((one) => one.count)).toEqual([count]);
    }
    tell(pair.source.title, pair.destination.title, expected.notes);
  },
);

/** For the table of docs/compatibility.md. */
function tell(source: string, destination: string, notes: readonly string[]): void {
  const folder = process.env.TEST_MATRIX;
  if (folder === undefined) return;
  writeFileSync(
    join(folder, `${source} to ${destination}.json`),
    JSON.stringify({ source, destination, notes }),
  );
}
