import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { type CheckpointState, readCheckpointState } from "../checkpoint/checkpoint-state.ts";
import { checkpointKey, differsField, epochField, keysField } from "../checkpoint/own-keys.ts";
import { epochIsBehind, requireEpoch } from "../destination/fence.ts";
import { causesIn } from "../ledger/differences.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";

/** What the task's checkpoint hash says of every sibling at one moment. */
export type SiblingStates = {
  readonly texts: string;
  readonly of: ReadonlyMap<string, CheckpointState>;
  /** How many keys each had brought, where that has been counted. */
  readonly keys: ReadonlyMap<string, number>;
  /** Names of those for which keys are kept on the destination that they themselves do not have. */
  readonly keeping: readonly string[];
};

/** Causes of a difference that are keys which a shard no longer has. */
const KEEPING = ["SHARD_SHRANK", "KEYS_KEPT", "RECONCILE_SKIPPED", "FLUSHALL", "FLUSHDB", "SWAPDB"];

/**
 * Reads the siblings' states.
 * @param hash a client with the checkpoint's database selected
 * @throws TributaryError FENCED when another engine has taken this shard's epoch, DESTINATION_DATA_LOST when the
 * hash has gone, or is older than this session: then nothing is known of anybody.
 */
export async function readSiblingStates(
  hash: Redis,
  spec: ShardSyncSpec,
  epoch: number,
): Promise<SiblingStates> {
  const ids = spec.siblings.map((sibling) => sibling.shardId);
  const fields = [
    ...[epochField(spec.shardId), spec.shardId, ...ids],
    ...ids.map(keysField),
    ...ids.map(differsField),
  ];
  const [held, own, ...rest] = await hash.hmget(checkpointKey(spec.taskId), ...fields);
  const texts = rest.slice(0, ids.length);
  const counts = rest.slice(ids.length, 2 * ids.length);
  const differs = rest.slice(2 * ids.length);
  const role = `shard ${spec.shardName}`;
  requireEpoch(held, epoch, spec);
  // Of a destination that has gone back nothing is known any more than of one whose hash has gone.
  if (own == null || (held != null && epochIsBehind(held, epoch))) {
    throw new TributaryError("DESTINATION_DATA_LOST", { address: formatAddress(spec.destination), role });
  }
  const of = new Map(ids.map((id, index) => [id, readCheckpointState(texts[index] ?? null)] as const));
  const keys = new Map(
    ids.flatMap((id, index) => (counts[index] ? [[id, Number(counts[index])] as const] : [])),
  );
  const keeping = spec.siblings.filter((_, index) =>
    causesIn(differs[index] ?? "").some(({ code }) => KEEPING.includes(code)),
  );
  return { texts: texts.join(" "), of, keys, keeping: keeping.map(({ shardName }) => `shard ${shardName}`) };
}
