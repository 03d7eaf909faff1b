import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";

/**
 * What the destination says of this shard: never begun, begun but never finished, flushed after it was begun, or
 * applied up to a checkpoint.
 */
export type CheckpointState =
  | { readonly kind: "new" }
  | { readonly kind: "begun" }
  | { readonly kind: "lost" }
  | ({ readonly kind: "at" } & Checkpoint);

/** The field's value while an initial sync is under way: what lies there is neither the old state nor a new one. */
export const BEGUN = "0 initial-sync";
/** The field's value once a checkpoint was found that a FLUSHALL had left no data for. */
export const LOST = "0 data-lost";

/** @param text the shard's field of the checkpoint hash; null where it has none. */
export function readCheckpointState(text: string | null): CheckpointState {
  if (text === null) return { kind: "new" };
  if (text === LOST) return { kind: "lost" };
  const checkpoint = parseCheckpoint(text);
  return checkpoint === null ? { kind: "begun" } : { kind: "at", ...checkpoint };
}
