/** Times that a shard sync goes by, in ms: mostly how long it waits for a peer that says nothing. */
export type SyncLimits = {
  /** For connecting, and for each answer while a connection is being opened. */
  readonly openMs: number;
  /** For the answer to what is said now and then on connections of their own (checkpoint, scans, INFO). */
  readonly commandMs: number;
  /** What was sent to the destination may stay unanswered this long while the network takes nothing either. */
  readonly destinationSilenceMs: number;
  /** Silence of a source that sends its RDB or its stream; it pings each 10 s unless it is told otherwise. */
  readonly sourceSilenceMs: number;
  /** Between two looks at the destination's INFO. */
  readonly destinationPollMs: number;
  /**
   * A destination that keeps its data anywhere may come back this much behind: appendfsync everysec loses up to
   * two seconds, a replica that takes over some more, and a save may begin and end between two looks at INFO.
   */
  readonly destinationLossMs: number;
  /** What was received is applied within this at a stop, or left to the next start. */
  readonly drainMs: number;
  /** What a reconcile waits for may stay as it is this long before that is said. */
  readonly patienceMs: number;
};

export const SYNC_LIMITS: SyncLimits = {
  openMs: 10_000,
  commandMs: 30_000,
  destinationSilenceMs: 30_000,
  sourceSilenceMs: 60_000,
  destinationPollMs: 5000,
  destinationLossMs: 15_000,
  drainMs: 4500,
  patienceMs: 20_000,
};

/** What one answer of a shard that is asked for values may have, bytes: values up to 32 MiB are copied again. */
export const DUMP_ANSWER_BYTES = 64 * 1024 * 1024;
