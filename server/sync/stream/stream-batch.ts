import type { AnswerWatch, WatchedAnswer } from "../commands/answer-watch.ts";
import type { CommandName } from "../commands/command-names.ts";

/** One MULTI … EXEC on its way to the destination. */
export class StreamBatch {
  /** The link's index of its MULTI. */
  readonly firstCommand: number;
  /** What was queued, in order: the source's command, or null for one of ours (SELECT, the checkpoint). */
  readonly names: (CommandName | null)[] = [];
  /** The stream position at which each queued command began, and its source database. */
  readonly positions: number[] = [];
  readonly dbs: number[] = [];
  bytes = 0;
  /** Commands of the source in it. */
  commands = 0;
  /** Told once it is applied. */
  readonly onApplied: (() => void)[] = [];
  /** Set when it is sealed: the stream position and the source database after its last command. */
  endPosition = -1;
  endDb = 0;
  endReplid = "";
  endAt = 0;
  /** True once EXEC has been written. */
  executed = false;
  /** The newest heartbeat that lies before its end; -1 when there is none. */
  heartbeatAt = -1;
  /** Replies seen so far: 0 is MULTI's. */
  replies = 0;
  /** Why MULTI was refused: what came behind it was not queued but run, if it was permitted. */
  multiRefused: string | null = null;
  /** Answers to queued commands that were errors, by index in `names`. */
  readonly refusals = new Map<number, string>();
  /** Answers that are still to come before MULTI's: those of WATCH and GET where a guard is kept. */
  guardReplies = 0;
  /** The checkpoint, its last command, found none to put itself in the place of. */
  checkpointAdded = false;
  /** Errors within EXEC's array, by index in `names`. */
  readonly rejections = new Map<number, string>();

  /** Who waits for answers, by index in `names`; null while nobody does. */
  watches: Map<number, AnswerWatch> | null = null;
  /** Answers within EXEC's array to those who wait for one. */
  readonly answers = new Map<number, WatchedAnswer>();

  constructor(firstCommand: number) {
    this.firstCommand = firstCommand;
  }

  /** The command queued last is watched. */
  watchLast(watch: AnswerWatch): void {
    this.watches ??= new Map();
    this.watches.set(this.names.length - 1, watch);
  }

  queue(name: CommandName | null, position: number, db: number): void {
    this.names.push(name);
    this.positions.push(position);
    this.dbs.push(db);
  }
}
