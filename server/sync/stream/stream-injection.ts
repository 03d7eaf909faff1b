import type { AnswerWatch } from "../commands/answer-watch.ts";

/** Commands that are applied between two of the stream, at an exact offset of the source. */
export type StreamInjection = {
  /** The source's offset at which what they say was true; the end of a command. */
  readonly offset: bigint;
  /** Of the history that the offset belongs to; undefined where the source does not say (before 4.0). */
  readonly replid: string | undefined;
  /** Each in RESP, with its database on the destination, and who waits for its answer. */
  readonly commands: readonly {
    readonly bytes: Buffer;
    readonly target: number;
    readonly watch?: AnswerWatch;
  }[];
  /** They have been put at their place of the stream. */
  readonly onPlaced: () => void;
  /** The transaction that holds them has been applied. */
  readonly onApplied: () => void;
  /** Their place is not in this stream any more: nothing of them is applied. */
  readonly onDropped: () => void;
};
