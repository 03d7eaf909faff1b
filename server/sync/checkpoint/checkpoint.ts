/**
 * Where in the source's stream the destination is. It lies on the destination itself, in the field of the
 * shard in the task's checkpoint hash, and is written in the transaction that applies the commands up to it.
 */
export type Checkpoint = {
  readonly replid: string;
  /** Redis's own replication offset of the last byte applied. */
  readonly offset: bigint;
  /** The source database that was selected after that byte: a resumed stream does not say it again. */
  readonly db: number;
  /** When it was written, ms since the epoch, by the engine's clock. */
  readonly at: number;
};

/** `1 <replid> <offset> <db> <ms>`; the leading number is the version of this form. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  return `1 ${checkpoint.replid} ${checkpoint.offset} ${checkpoint.db} ${checkpoint.at}`;
}

/** Redis counts in 63 bits. */
const greatestOffset = 2n ** 63n - 1n;

/** @returns null for a text that is not a checkpoint (of this version): the shard is then copied anew. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const match = /^1 ([0-9a-f]{40}) (\d{1,20}) (\d{1,9}) (\d{1,15})$/.exec(text);
  if (match === null) return null;
  const offset = BigInt(match[2]!);
  if (offset > greatestOffset) return null;
  return { replid: match[1]!, offset, db: Number(match[3]), at: Number(match[4]) };
}
