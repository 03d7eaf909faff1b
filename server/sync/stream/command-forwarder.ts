import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { leftOutKeysKey, unheldKeysKey } from "../checkpoint/own-keys.ts";
import type { AnswerWatch, AnswerWatchers } from "../commands/answer-watch.ts";
import type { Verdict } from "../commands/command-verdict.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { HeldBackExpiries } from "../expiry/held-back-expiries.ts";
import { LargeExpiry } from "../expiry/large-expiry.ts";
import type { StreamClock } from "../expiry/stream-clock.ts";
import type { CommandFilter } from "../filter/command-filter.ts";
import { keysOfLarge } from "../filter/large-command.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { TaskMerge } from "../strays/task-merge.ts";
import { ANY_UNHELD } from "../strays/unheld-keys.ts";
import type { BatchPipeline, Forwarded } from "./batch-pipeline.ts";
import { carryTrueExpiry } from "./carry-true-expiry.ts";
import type { CommandHandler } from "./command-cutter.ts";
import { largeMayFail, largeWatch } from "./large-watch.ts";
import { LeftOutCommands } from "./left-out-commands.ts";
import type { StreamInjection } from "./stream-injection.ts";
import type { StreamProgress } from "./stream-progress.ts";
import type { StreamRefusals } from "./stream-refusals.ts";

/** Of commands that build one key from another, the kinds of their watches. */
const BUILDING = new Set(["moved", "sources", "script"]);

type Writable<T> = { -readonly [key in keyof T]: T[key] };

export type CommandForwarderOptions = {
  readonly spec: Pick<ShardSyncSpec, "taskId" | "shardId" | "checkpointDb" | "databases">;
  readonly link: DestinationLink;
  readonly pipeline: BatchPipeline;
  readonly filter: CommandFilter;
  readonly scanner: CommandScanner;
  readonly refusals: StreamRefusals;
  readonly clock: StreamClock;
  readonly heldBack: HeldBackExpiries;
  readonly ledger: StreamLedger;
  readonly merge: Pick<TaskMerge, "unheld">;
  readonly watchers: AnswerWatchers;
  /** Where the stream begins. */
  readonly from: Pick<Checkpoint, "offset">;
  /** Of what has been received last. */
  readonly replid: () => string;
  readonly progress: Pick<StreamProgress, "acknowledgeNow">;
  /** Whether a command's neighbours lie in the same bytes. */
  readonly joined: (bytes: Uint8Array) => boolean;
  /** The batch at hand may be large enough. */
  readonly settle: () => void;
};

/**
 * In: the commands of a shard's stream, one by one. Out: what of them goes into the transaction at hand, with
 * commands of ours beside it: injections at their offset, questions in front of a command.
 */
export class CommandForwarder implements CommandHandler {
  /** Bytes of the stream that have been taken. */
  position = 0;
  /** The newest heartbeat since it was taken from here; -1 when there is none. */
  heartbeatAt = -1;
  /** Takes no more while true: the offset stays where it is. */
  paused = false;
  readonly #options: CommandForwarderOptions;
  readonly #filter: CommandFilter;
  readonly #pipeline: BatchPipeline;
  readonly #leftOut: LeftOutCommands;
  readonly #ledger: StreamLedger;
  readonly #largeExpiry: LargeExpiry;
  readonly #checkpointDb: number;
  /** The source's offset before the stream. */
  readonly #from: bigint;
  /** As a number: see StreamWrites. */
  readonly #fromNumber: number;
  /** In the order of their offsets. */
  readonly #injections: StreamInjection[] = [];
  /** While there are some: the last place outside of a transaction before the command at hand. */
  #lastPlace = 0;
  /** One for all commands: the pipeline keeps none. */
  readonly #what: Writable<Forwarded> = { name: null, db: 0, target: null, position: 0, watch: null };
  /** The stream is behind, as far as the last look at the clock said. */
  #behind = true;
  #withinLarge = false;
  #forwardsLarge = false;

  constructor(options: CommandForwarderOptions) {
    this.#options = options;
    this.#filter = options.filter;
    this.#pipeline = options.pipeline;
    this.#from = options.from.offset;
    this.#fromNumber = Number(this.#from);
    const { taskId, shardId, checkpointDb } = options.spec;
    const { filter, scanner, ledger } = options;
    const { leftOut, doubtful } = ledger;
    this.#checkpointDb = checkpointDb;
    this.#ledger = ledger;
    this.#largeExpiry = new LargeExpiry(options.heldBack, options.clock);
    const note = (command: Buffer) => this.own(command, checkpointDb);
    const leftOutKey = leftOutKeysKey(taskId, shardId);
    this.#leftOut = new LeftOutCommands({ filter, scanner, leftOut, leftOutKey, doubtful, note });
  }

  /** Within a source's transaction or a large command: no checkpoint may be written here. */
  get indivisible(): boolean {
    return this.#filter.inTransaction || this.#withinLarge;
  }

  get blocked(): boolean {
    const { link } = this.#options;
    const pipeline = this.#pipeline;
    if (!this.indivisible) return this.paused || link.full || (pipeline.executing && pipeline.overLimit);
    if (link.full) pipeline.releaseQueued();
    return link.full;
  }

  /** The source's offset before the command at hand. */
  get offset(): bigint {
    return this.offsetAt(this.position);
  }

  offsetAt(position: number): bigint {
    return this.#from + BigInt(position);
  }

  /** To be called before a stretch of commands that are at hand: what the clock says holds for all of them. */
  lookAtClock(): void {
    this.#behind = !this.#options.clock.live;
  }

  command(bytes: Uint8Array, start: number, stop: number, size = stop - start): void {
    if (this.#injections.length > 0) this.injectDue();
    const filter = this.#filter;
    let verdict = filter.decide(bytes, this.#options.scanner);
    this.#noteWrite(verdict);
    if (filter.beside !== null) this.#putBeside();
    if (filter.pastLimit.length > 0) this.#leftOut.pastLimit();
    if (
      this.#ledger.leftOut.any &&
      (verdict === "forward" || verdict === "replace") &&
      !this.#leftOut.isTaken(bytes)
    )
      verdict = "skip";
    if (verdict === "forward") {
      if (!this.#refused(bytes)) {
        const what = this.#forwarded(bytes);
        this.#pipeline.forward(bytes, start, stop, this.#options.joined(bytes), what);
        this.#noteDoubtful(bytes);
      }
    } else if (verdict === "replace") {
      const { replacement, after } = filter;
      if (!this.#refused(bytes, replacement)) {
        this.#pipeline.forward(replacement, 0, replacement.length, false, this.#forwarded(bytes));
        if (after !== null && filter.target !== null) this.own(after, filter.target);
        if (filter.partly) this.#options.refusals.skipped(bytes, this.offset);
        this.#noteDoubtful(bytes);
      }
    } else if (verdict === "heartbeat") {
      this.#noteHeartbeat(filter.heartbeatAt);
    } else if (verdict === "getack") {
      this.#options.progress.acknowledgeNow();
    } else if (verdict === "skip") {
      this.#options.refusals.skipped(bytes, this.offset);
      if (filter.name.rule === "flush") this.#holdsNothing();
    }
    this.#noteTrueExpiries();
    this.position += size;
    if (this.#pipeline.overLimit) this.#options.settle();
  }

  /** @param heartbeatAt ms since the epoch; -1 where it says no time. */
  #noteHeartbeat(heartbeatAt: number): void {
    if (heartbeatAt <= 0) return;
    this.heartbeatAt = heartbeatAt;
    this.#options.clock.heartbeatSeen(heartbeatAt);
    this.lookAtClock();
  }

  largeBegin(bytes: Uint8Array): void {
    const { scanner, refusals } = this.#options;
    let verdict = this.#filter.decide(bytes, scanner);
    this.#noteWrite(verdict);
    if (this.#filter.beside !== null) this.#putBeside();
    if (this.#filter.pastLimit.length > 0) this.#leftOut.pastLimit();
    if (this.#ledger.leftOut.any && verdict === "forward" && !this.#leftOut.isTaken(bytes)) verdict = "skip";
    this.#withinLarge = true;
    this.#forwardsLarge = verdict === "forward" && !this.#refused(bytes);
    if (this.#forwardsLarge) {
      this.#pipeline.beginLarge(this.#forwardedLarge(bytes));
      this.#noteDoubtful(bytes);
      this.#largeExpiry.begin(this.#filter.name.name, bytes, scanner);
    } else if (verdict === "skip") refusals.skipped(bytes, this.offset);
  }

  largePiece(bytes: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void {
    if (this.#forwardsLarge) this.#pipeline.piece(bytes, start, end, part);
    if (this.#forwardsLarge) this.#largeExpiry.piece(bytes, start, end);
    if (part.end && this.#forwardsLarge) this.#expireLarge();
    this.position += end - start;
    if (part.end) this.#withinLarge = false;
  }

  /** Adds a command of ours to the batch. */
  own(command: Buffer, target: number, watch: AnswerWatch | null = null): void {
    const { db } = this.#filter;
    const what = { name: null, db, target, position: this.position, watch };
    this.#pipeline.forward(command, 0, command.length, false, what);
  }

  inject(injection: StreamInjection): void {
    if (this.#injections.length === 0) this.#lastPlace = this.position;
    this.#injections.push(injection);
  }

  /**
   * Adds what is to be applied at this offset. After a failover the new master says other things under the same
   * offset: what the former one has said, and was perhaps lost with it, is dropped (redis: replication.c
   * masterTryPartialResynchronization, second_replid_offset). An offset within a transaction stands for its end:
   * it is the transaction in which the source was asked, which masters before 6.2 send as one (redis: multi.c
   * execCommandPropagateMulti), and there is nothing else in it.
   */
  injectDue(): void {
    if (this.indivisible) return;
    const lastPlace = this.#lastPlace;
    this.#lastPlace = this.position;
    while (this.#injections.length > 0) {
      const { offset, replid, commands, onPlaced, onApplied, onDropped } = this.#injections[0]!;
      const due = Number(offset - this.#from);
      const ofThisHistory = replid === undefined || replid === this.#options.replid();
      if (ofThisHistory && due > this.position) return;
      this.#injections.shift();
      if (!ofThisHistory || (due < this.position && due <= lastPlace)) {
        onDropped();
        continue;
      }
      for (const { bytes, target, watch } of commands) this.own(bytes, target, watch);
      onPlaced();
      this.#pipeline.begin().onApplied.push(onApplied);
    }
  }

  /** A command is skipped that takes all keys of a database of the shard, or gives it others. */
  #holdsNothing(): void {
    const { spec, merge } = this.#options;
    this.own(
      encodeCommand(["SADD", unheldKeysKey(spec.taskId, spec.shardId), ANY_UNHELD]),
      this.#checkpointDb,
    );
    merge.unheld.all();
  }

  /** What the filter wants beside the command at hand. */
  #putBeside(): void {
    const { own, fetch, script } = this.#filter.beside!;
    const { doubtful } = this.#ledger;
    this.#filter.beside = null;
    if (script !== undefined) doubtful.doubt("script", this.#filter.db, Buffer.from(script));
    for (const { bytes, watch } of own) this.own(bytes, this.#checkpointDb, watch);
    for (const { db, key } of fetch) doubtful.doubt("copy", db, key);
  }

  #noteWrite(verdict: Verdict): void {
    const { scanner } = this.#options;
    const { name, target } = this.#filter;
    // An empty line is no command; what Sentinels tell each other is passed on to nobody.
    const ours = verdict === "heartbeat" || scanner.argc === 0;
    if (ours || (name.rule === "publish" && verdict === "control")) return;
    this.#ledger.writes.note(
      name,
      scanner.argc,
      this.#fromNumber + this.position,
      target !== null || name.rule === "publish",
    );
  }

  /** True for a command that the destination is known to refuse; it is logged. */
  #refused(bytes: Uint8Array, replacement: Buffer | null = null): boolean {
    const { refusals } = this.#options;
    // An offset is a bigint, which is too much for each command of a stream in which none is refused.
    return refusals.any && refusals.refused(bytes, this.offset, replacement);
  }

  #forwarded(bytes: Uint8Array): Forwarded {
    const { name, db, target } = this.#filter;
    const watch = name.watch === "none" ? null : this.#watchFor(bytes);
    const what = this.#what;
    what.name = name;
    what.db = db;
    what.target = target;
    what.position = this.position;
    what.watch = watch;
    return what;
  }

  /** It goes as the source said it: where the destination wants another form of it, its keys are copied instead. */
  #forwardedLarge(bytes: Uint8Array): Forwarded {
    const { refusals, scanner } = this.#options;
    const { doubtful } = this.#ledger;
    const what = this.#forwarded(bytes);
    const { name, db } = this.#filter;
    if (!largeMayFail(name, scanner.argc)) return what;
    const { keys, all } = keysOfLarge(name, bytes, scanner);
    const failed = () => {
      for (const key of keys) doubtful.doubt("copy", db, key);
      if (!all) refusals.keysUnknown(name.name, db);
      return all;
    };
    return { ...what, watch: largeWatch(name, what.watch, failed) };
  }

  #watchFor(bytes: Uint8Array): AnswerWatch | null {
    const { watchers, scanner } = this.#options;
    const { name, db, target } = this.#filter;
    const watcher = name.watch === "none" ? undefined : watchers[name.watch];
    if (watcher === undefined) return null;
    const askFirst = (command: Buffer, watch: AnswerWatch) => {
      if (target !== null) this.own(command, target, watch);
    };
    return watcher({ name, db, offset: this.offset, bytes, scanner, behind: this.#behind, askFirst });
  }

  /** What may build on a key that has expired early is noted: while the stream is behind, and until that is put right. */
  #noteDoubtful(bytes: Uint8Array): void {
    const { heldBack, scanner, spec } = this.#options;
    const { doubtful } = this.#ledger;
    const { name, watch, facts } = this.#filter.name;
    const { db } = this.#filter;
    if (facts.carriesExpiry) {
      heldBack.keyRenamed();
      if (heldBack.trueOnes.any) carryTrueExpiry(bytes, this.#filter, heldBack, scanner, spec.databases);
    }
    if (this.#behind) doubtful.note(name, db, bytes, scanner);
    else if (watch !== "none" && BUILDING.has(watch)) doubtful.noteWherePending(name, db, bytes, scanner);
  }

  /** The command was passed on with the expiry that it states; the right one follows in its transaction. */
  #expireLarge(): void {
    const { db, target } = this.#filter;
    if (target === null) return;
    const command = this.#largeExpiry.end(db, target);
    if (command !== null) this.own(command, target);
    this.#noteTrueExpiries();
  }

  #noteTrueExpiries(): void {
    const { heldBack } = this.#options;
    if (!heldBack.trueOnes.waiting) return;
    for (const note of heldBack.trueOnes.take()) this.own(note, this.#checkpointDb);
  }
}
