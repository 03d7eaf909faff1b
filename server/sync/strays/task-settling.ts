import type { Redis } from "ioredis";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { parseCheckpoint } from "../checkpoint/checkpoint.ts";
import { checkpointKey, doubtfulKeysKey } from "../checkpoint/own-keys.ts";
import { pause } from "../retry/pause.ts";
import type { ShardSyncSpec, SiblingShard } from "../spec/shard-sync-spec.ts";
import { siblingsByIndex } from "./shard-places.ts";
import { SiblingSources } from "./sibling-sources.ts";

const LOOK_MS = 50;
/** A sibling whose checkpoint is older than this, ms, is not running: what it has to say is said when it is started. */
const ALIVE_MS = 3000;

type Waited = { readonly index: number; readonly sibling: SiblingShard; readonly offset: bigint };

/**
 * Waits at the end of a task's shard syncs until none of them has anything left to tell another about a key: all that
 * the siblings' sources have written by now is applied, and no key is noted for any of them. What one of them decides
 * may be noted for another in the same transaction, so that a moment in which nothing is noted is the end.
 * @param destination in the checkpoint's database. @param until ms since the epoch.
 */
export async function siblingsSettled(
  spec: ShardSyncSpec,
  destination: Redis,
  options: { readonly until: number; readonly now: () => number; readonly signal: AbortSignal },
): Promise<void> {
  const { until, now, signal } = options;
  if (spec.siblings.length === 0) return;
  const sources = new SiblingSources(spec, now, signal);
  try {
    const waited = await positions(spec, sources);
    while (now() < until && !signal.aborted) {
      const looked = await look(spec, destination, waited);
      if (
        looked.every(
          ({ passed, noted, writtenAt }) => (passed && noted === 0) || now() - writtenAt > ALIVE_MS,
        )
      )
        return;
      await pause(LOOK_MS, signal);
    }
  } finally {
    sources.close();
  }
}

/** Where the siblings' sources are. One that does not answer is not waited for: its own shard sync says so. */
async function positions(spec: ShardSyncSpec, sources: SiblingSources): Promise<Waited[]> {
  const siblings = siblingsByIndex(spec);
  const found = await Promise.all(
    sources.indices.map(async (index): Promise<Waited | null> => {
      try {
        const { client } = await sources.at(index);
        const { masterReplOffset } = serverFacts(parseInfo(await client.info("replication")));
        return { index, sibling: siblings[index]!, offset: masterReplOffset };
      } catch {
        return null;
      }
    }),
  );
  return found.filter((one) => one !== null);
}

async function look(spec: ShardSyncSpec, destination: Redis, waited: readonly Waited[]) {
  const { taskId } = spec;
  const transaction = destination.multi();
  for (const { sibling } of waited) {
    transaction.hget(checkpointKey(taskId), sibling.shardId);
    transaction.scard(doubtfulKeysKey(taskId, sibling.shardId));
  }
  const answers = (await transaction.exec()) ?? [];
  return waited.map(({ offset }, at) => {
    const checkpoint = parseCheckpoint(String(answers[2 * at]?.[1] ?? ""));
    // One that has no checkpoint is finished, or begins an initial sync: there is nothing to wait for.
    if (checkpoint === null) return { passed: true, noted: 0, writtenAt: Number.NEGATIVE_INFINITY };
    const noted = Number(answers[2 * at + 1]?.[1] ?? 0);
    return { passed: checkpoint.offset >= offset, noted, writtenAt: checkpoint.at };
  });
}
