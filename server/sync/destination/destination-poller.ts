import { TASKS_KEY, taskKeys } from "../checkpoint/own-keys.ts";
import { FactsPoller } from "../report/facts-poller.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { DestinationDurability } from "./destination-durability.ts";
import { destinationPersistence } from "./destination-persistence.ts";

/** Asks the destination for its facts, and how far it could come back behind what it has answered. */
export function destinationPoller(
  spec: ShardSyncSpec,
  intervalMs: number,
  durability: DestinationDurability,
  signal: AbortSignal,
): FactsPoller {
  const shardIds = [spec, ...spec.siblings].map(({ shardId }) => shardId);
  return new FactsPoller({
    endpoint: () => spec.destination,
    role: "the destination",
    intervalMs,
    ownKeys: [...taskKeys(spec.taskId, shardIds), TASKS_KEY].map((key) => ({
      ...{ key, db: spec.checkpointDb },
      expires: false,
    })),
    onFacts: () => {},
    onInfo: async (info, client, askedAt) => {
      const save = await client.config("GET", "save").catch(() => null);
      const text = Array.isArray(save) ? String(save[1] ?? "") : null;
      durability.observed(destinationPersistence(info, text), askedAt);
    },
    signal,
  });
}
