/**
 * What a replica link hands on, in the order in which the master sends it: nothing (partial) or an RDB, then
 * the stream. Chunks are views of a buffer that is used again: copy before returning. No method may throw.
 */
export interface ReplicaSink {
  /** The RDB begins; `total` in bytes, null with the $EOF: framing. */
  rdbBegin(total: number | null): void;
  rdbBytes(chunk: Uint8Array): void;
  /** The RDB is whole. */
  rdbEnd(): void;
  /** Bytes of the command stream; every one of them counts in the offset. */
  streamBytes(chunk: Uint8Array): void;
}
