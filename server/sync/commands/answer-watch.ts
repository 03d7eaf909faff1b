import type { WatchKind } from "../../redis/command-facts-row.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import type { CommandName } from "./command-names.ts";

/** What the destination answered to one command, told once its transaction has been applied. */
export type Answer = {
  /** `:0`, a nil, an empty array or a nil array: what a command says that found nothing to do. */
  readonly empty: boolean;
  /** The error, its first word included; null for any other answer. */
  readonly error: string | null;
  /**
   * Where the watch wants it: at most 128 bytes of a simple string, an integer or a bulk string, `(nil)`, or
   * `(array of 3)`; otherwise "".
   */
  readonly text: string;
  /** Where the watch wants text: how many items of an array answer are the integer -2, "there is no such thing". */
  readonly missing: number;
};

/** Waits for the answer to one forwarded command. Exactly one of its two methods is called, if any. */
export interface AnswerWatch {
  readonly wantsText: boolean;
  /**
   * The command's transaction has been applied. A transaction that is read again since it was not applied is
   * told by the watch made then, so nothing is told twice.
   * @returns true when an error has been dealt with and is not to be logged as rejected.
   */
  answered(answer: Answer): boolean;
  /** The link went while EXEC was not answered: whether the command was applied is not known here. */
  unanswered(): void;
}

/** A watch out of its parts; what is left out is not wanted. */
export function answerWatch(
  parts: Pick<AnswerWatch, "answered"> & Partial<Pick<AnswerWatch, "wantsText" | "unanswered">>,
): AnswerWatch {
  return { wantsText: false, unanswered: () => {}, ...parts };
}

/** A command of the stream that may be watched; the bytes are valid during the call only. */
export type WatchedCommand = {
  readonly name: CommandName;
  /** Of the source. */
  readonly db: number;
  /** The source's offset before it. */
  readonly offset: bigint;
  readonly bytes: Uint8Array;
  readonly scanner: CommandScanner;
  /** The stream is behind: what the command may build on is noted in any case. */
  readonly behind: boolean;
  /** Puts a command of ours in front of it, in its transaction and its database, and has its answer watched. */
  readonly askFirst: (command: Buffer, watch: AnswerWatch) => void;
};

/** Makes the watch for a command whose name says that it may want one; null where it does not. */
export type AnswerWatcher = (command: WatchedCommand) => AnswerWatch | null;

/** By the kind that the table of facts states. */
export type AnswerWatchers = Readonly<Partial<Record<WatchKind, AnswerWatcher>>>;

/** Gathers the answer to a watched command from what the reply scanner tells. */
export class WatchedAnswer implements Answer {
  readonly watch: AnswerWatch;
  empty: boolean;
  error: string | null = null;
  text = "";
  missing = 0;

  constructor(watch: AnswerWatch, empty: boolean) {
    this.watch = watch;
    this.empty = empty;
  }

  /** An item of its array, or a part of one. */
  item(text: string): void {
    if (text === "-2") this.missing++;
  }
}
