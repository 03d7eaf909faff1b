import { printable } from "../../verify/printable.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { LastVerdict } from "../views/task-view.ts";
import type { NewestVerification, VerificationRow, VerifyBasis } from "./verification-store.ts";

/** A verdict of the last day says something of now, unless something else speaks against it, ms. */
const STALE_MS = 25 * 60 * 60 * 1000;

/** What a verification that begins now rests on. */
export function basisOf({ record, shards }: TaskRun): VerifyBasis {
  return {
    mergePolicy: record.mergePolicy,
    initialSyncs: Object.fromEntries(shards.map((shard) => [shard.record.id, shard.initialSyncs])),
  };
}

/** @param repairedAt when keys were repaired last. All times in ms since the epoch. */
export function lastVerdict(
  run: TaskRun,
  newest: NewestVerification,
  repairedAt: number | null,
  now: number,
): LastVerdict {
  const { id, sentence, finishedAt, differences, compared } = newest;
  // `failed` and `canceled` are no verdicts.
  const outcome = newest.outcome as LastVerdict["outcome"];
  return {
    ...{ id, outcome, sentence, finishedAt, differences, compared },
    part: partOf(newest, (shardId) => nameIn(run, shardId)),
    stale:
      repairedAt !== null && repairedAt > newest.startedAt
        ? "keys were repaired after it"
        : staleBecause(run, newest, now),
  };
}

/** What a verification looked at, where that was not all; null where it was. */
export function partOf(
  { depth, scope }: Pick<VerificationRow, "depth" | "scope">,
  nameOf: (shardId: string) => string,
): string | null {
  const parts = [
    depth === "counts" ? "numbers of keys only" : depth === "keys" ? "keys without their values" : null,
    scope.shardId === null ? null : `shard ${nameOf(scope.shardId)}`,
    scope.prefix === null ? null : `keys that begin with ${printable(Buffer.from(scope.prefix, "base64"))}`,
    scope.sample < 100 ? `a sample of ${scope.sample} %` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

function staleBecause(
  { record, shards }: TaskRun,
  { finishedAt, basis }: NewestVerification,
  now: number,
): string | null {
  if (basis !== null) {
    const { initialSyncs, mergePolicy } = basis;
    const added = shards.filter(({ record: { id } }) => initialSyncs[id] === undefined);
    if (added.length > 0) return `${namesOf(added)} came after it`;
    const again = shards.filter((shard) => shard.initialSyncs !== initialSyncs[shard.record.id]);
    if (again.length > 0)
      return `${namesOf(again)} ${again.length === 1 ? "was" : "were"} copied again after it`;
    if (mergePolicy !== record.mergePolicy) return "the merge policy was changed after it";
  }
  return now - finishedAt > STALE_MS ? "it is older than a day" : null;
}

function namesOf(shards: readonly ShardRun[]): string {
  return shards.map(({ record }) => record.name).join(", ");
}

function nameIn({ shards }: TaskRun, shardId: string): string {
  return shards.find(({ record }) => record.id === shardId)?.record.name ?? shardId;
}
