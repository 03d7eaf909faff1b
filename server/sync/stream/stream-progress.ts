import type { Checkpoint } from "../checkpoint/checkpoint.ts";

/** What a stream says of itself while it is applied. */
export type StreamProgress = {
  /** The master asks for an acknowledgement. */
  readonly acknowledgeNow: () => void;
  /** The destination has everything up to this offset; `heartbeatAt` is the newest heartbeat before it, or -1. */
  readonly applied: (offset: bigint, heartbeatAt: number) => void;
  /** The destination has this checkpoint, and with it everything before it. */
  readonly checkpointed: (checkpoint: Checkpoint) => void;
};
