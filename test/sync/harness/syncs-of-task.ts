import { join } from "node:path";
import type { RedisEndpoint } from "../../../server/redis/endpoint.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import type { SyncLimits } from "../../../server/sync/spec/sync-limits.ts";
import { temporaryFolder } from "../../servers/index.ts";
import { SyncForTest } from "./sync-for-test.ts";

type MakeSync = (spec: ConstructorParameters<typeof SyncForTest>[0]) => SyncForTest;

/** The shard syncs s0, s1 … of one task, which know of each other; none of them is started. */
export function syncsOfTask(
  sources: readonly RedisEndpoint[],
  destination: RedisEndpoint,
  spec: Partial<ShardSyncSpec> = {},
  limits: Partial<SyncLimits> = {},
  make: MakeSync = (own) => new SyncForTest(own, limits),
): SyncForTest[] {
  const folder = temporaryFolder();
  const shards = sources.map((source, index) => ({
    shardId: `s${index}`,
    shardName: `s${index}`,
    source,
    alternatives: [],
    sentinel: null,
    spoolDirectory: join(folder, `s${index}`),
  }));
  return shards.map((own, shardIndex) => {
    const siblings = shards.filter((other) => other !== own);
    return make({ ...own, shardIndex, siblings, destination, ...spec });
  });
}
