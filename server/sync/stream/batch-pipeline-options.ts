import type { AnswerWatch } from "../commands/answer-watch.ts";
import type { CommandName } from "../commands/command-names.ts";
import type { StreamBatch } from "./stream-batch.ts";

/** What the stream says about a command that is forwarded. */
export type Forwarded = {
  /** null for a command of ours. */
  readonly name: CommandName | null;
  /** Bytes of the stream before it, and its database on the source. */
  readonly position: number;
  readonly db: number;
  /** Its database on the destination; null leaves the selected one. */
  readonly target: number | null;
  /** Who waits for its answer. */
  readonly watch: AnswerWatch | null;
};

export type BatchPipelineOptions = {
  readonly address: string;
  /** What the destination takes in one transaction, bytes; without a bound unless given. */
  readonly maxQueuedBytes?: number;
  /** The database that is selected when the link is opened, and holds the checkpoint. */
  readonly checkpointDb: number;
  /** EXEC has been answered with its array: the batch is applied. */
  readonly onApplied: (batch: StreamBatch) => void;
  /** The transaction was discarded as a whole; `batch.refusals` says because of which commands. */
  readonly onAborted: (batch: StreamBatch, answer: string) => void;
};
