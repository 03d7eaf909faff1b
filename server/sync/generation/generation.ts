import type { Spool } from "../../replica/spool.ts";

/**
 * One unbroken stretch of a source's history as this process has received it: from an RDB, or from the place
 * at which a stream was resumed. Reconnects that the source answers with +CONTINUE lengthen it; a full
 * resynchronization ends it and begins the next.
 */
export type Generation = {
  /** Counts up from 1. */
  readonly number: number;
  readonly kind: "full" | "partial";
  /** Why a full one was needed, for the user. */
  readonly why: string;
  /** The source's replids that this stretch goes by, the current one last: a failover adds one. */
  readonly replids: string[];
  /** The stream's first byte is at this offset + 1. */
  readonly offset: bigint;
  /** The RDB; null for a partial one. */
  readonly rdb: Spool | null;
  readonly stream: Spool;
  /** Bytes of the RDB as the master announced; null while unknown or with the $EOF: framing. */
  rdbTotal: number | null;
  readonly startedAt: number;
  rdbStartedAt: number | null;
  rdbFinishedAt: number | null;
  rdbReceived: number;
  /** Aborted when it is of no more use: a new one has begun, or the shard sync ends. */
  readonly over: AbortController;
};

/** The replid of what has been received last. */
export function currentReplid({ replids }: Generation): string {
  return replids[replids.length - 1]!;
}
