import type { CommandName } from "./command-names.ts";

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
  /** Answers to queued commands that were errors, by index in `names`. */
  readonly refusals = new Map<number, string>();
  /** Errors within EXEC's array, by index in `names`. */
  readonly rejections = new Map<number, string>();

  constructor(firstCommand: number) {
    this.firstCommand = firstCommand;
  }

  queue(name: CommandName | null, position: number, db: number): void {
    this.names.push(name);
    this.positions.push(position);
    this.dbs.push(db);
  }
}
