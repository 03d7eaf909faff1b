import type { SourceFacts, StreamProgress } from "@/server/sync/report/shard-report";

export type BacklogRoom = {
  /** Bytes that the source can still write before a resume at the applied offset fails; negative when it already does. */
  readonly bytes: number;
  /** `bytes` as a part of the backlog, 0 to 1. */
  readonly fraction: number;
};

/**
 * How far the checkpoint is from falling out of the source's repl-backlog. null while the backlog is not
 * active or nothing has been applied. Offsets are decimal strings past 2^53; their differences are not.
 */
export function backlogRoom(
  source: Pick<SourceFacts, "masterReplOffset" | "backlogSize"> | null,
  appliedOffset: string | null,
): BacklogRoom | null {
  if (source === null || appliedOffset === null || source.backlogSize <= 0) return null;
  const behind = Number(BigInt(source.masterReplOffset) - BigInt(appliedOffset));
  // Facts of the source are older than the stream: an offset ahead of them is no room beyond the backlog's size.
  const bytes = source.backlogSize - Math.max(0, behind);
  return { bytes, fraction: Math.max(0, bytes / source.backlogSize) };
}

/** Bytes of the stream that were received and are not applied yet; null before there is a stream. */
export function waitingBytes(
  stream: Pick<StreamProgress, "receivedOffset" | "appliedOffset"> | null,
): number | null {
  if (stream === null) return null;
  return Math.max(0, Number(BigInt(stream.receivedOffset) - BigInt(stream.appliedOffset)));
}
