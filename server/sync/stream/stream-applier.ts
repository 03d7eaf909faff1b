import { TributaryError } from "../../errors/tributary-error.ts";
import { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { checkpointCommand } from "../checkpoint/checkpoint-command.ts";
import { doubtfulKeysKey, leftOutKeysKey } from "../checkpoint/own-keys.ts";
import type { AnswerWatchers } from "../commands/answer-watch.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { DoubtfulKeys } from "../doubtful/doubtful-keys.ts";
import { leftOutMember } from "../doubtful/left-out-keys.ts";
import type { HeldBackExpiries } from "../expiry/held-back-expiries.ts";
import type { StreamClock } from "../expiry/stream-clock.ts";
import type { CommandFilter } from "../filter/command-filter.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import { destinationDb } from "../spec/database-map.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { TaskMerge } from "../strays/task-merge.ts";
import { BatchPipeline } from "./batch-pipeline.ts";
import { CommandCutter } from "./command-cutter.ts";
import { CommandForwarder } from "./command-forwarder.ts";
import { InputPump, type StreamInput } from "./input-pump.ts";
import type { StreamBatch } from "./stream-batch.ts";
import type { StreamInjection } from "./stream-injection.ts";
import type { StreamProgress } from "./stream-progress.ts";
import { StreamRefusals } from "./stream-refusals.ts";

/** With nothing to apply the checkpoint follows the stream's PINGs this often (ms). */
const IDLE_CHECKPOINT_MS = 1000;

/** Thrown to read again from the checkpoint, at once: the ledger has learned what must be left out. */
export class Rewind extends Error {}

export type StreamApplierOptions = {
  readonly spec: ShardSyncSpec;
  readonly input: StreamInput;
  /** Where the input begins. */
  readonly from: Checkpoint;
  readonly filter: CommandFilter;
  readonly clock: StreamClock;
  readonly heldBack: HeldBackExpiries;
  readonly ledger: StreamLedger;
  readonly merge: TaskMerge;
  /** Who may want to hear the answer to a command, by the kind of its name. */
  readonly watchers: AnswerWatchers;
  /** In one transaction; the destination closes the connection past it. */
  readonly maxQueuedBytes: number;
  /** The replid to write: it may change with a failover of the source. */
  readonly replid: () => string;
  readonly now: () => number;
  readonly progress: StreamProgress;
};

/**
 * In: the bytes of a shard's command stream from its checkpoint on. Out: transactions on the destination, each
 * of them the commands of a stretch of the stream and the checkpoint after it. Order: a transaction's EXEC is
 * sent only when the one before has been answered; only then is its stretch released.
 */
export class StreamApplier {
  readonly pipeline: BatchPipeline;
  /** Batches that have noted doubtful keys on the destination. */
  doubtfulBatches = 0;
  readonly #options: StreamApplierOptions;
  readonly #role: string;
  readonly #address: string;
  readonly #link: DestinationLink;
  readonly #ledger: StreamLedger;
  readonly #refusals: StreamRefusals;
  readonly #forwarder: CommandForwarder;
  readonly #cutter: CommandCutter;
  readonly #pump: InputPump;
  /** Positions up to which the destination's checkpoint and the last report of ours go. */
  #checkpointed = 0;
  #reported = 0;
  #checkpointedAt: number;
  #chunk: Uint8Array | null = null;
  #stopping = false;
  readonly #doubtful: DoubtfulKeys;

  constructor(link: DestinationLink, options: StreamApplierOptions) {
    this.#link = link;
    this.#options = options;
    this.#ledger = options.ledger;
    this.#doubtful = options.ledger.doubtful;
    this.#doubtful.begin();
    options.merge.notices.clear();
    const { spec } = options;
    this.#role = `shard ${spec.shardName}`;
    this.#address = formatAddress(spec.destination);
    const scanner = new CommandScanner(this.#role);
    this.#refusals = new StreamRefusals(options.ledger, options.filter, scanner);
    this.#pump = new InputPump(options.input);
    this.#checkpointedAt = options.now();
    this.pipeline = new BatchPipeline(link, {
      address: this.#address,
      maxQueuedBytes: options.maxQueuedBytes,
      checkpointDb: spec.checkpointDb,
      onApplied: (batch) => this.#applied(batch),
      onAborted: (batch, answer) => this.#aborted(batch, answer),
    });
    this.#forwarder = new CommandForwarder({
      ...options,
      link,
      pipeline: this.pipeline,
      scanner,
      refusals: this.#refusals,
      joined: (bytes) => bytes === this.#chunk,
      settle: () => this.#settle(),
    });
    this.#cutter = new CommandCutter(scanner, this.#forwarder, this.#role, options.from.offset);
  }

  /**
   * Applies until `stop` is called and all that had come by then is applied, or until something fails.
   * @throws Rewind, or a TributaryError of the source's stream or the destination.
   */
  async run(): Promise<void> {
    const timer = setInterval(this.wake, IDLE_CHECKPOINT_MS);
    try {
      while (!this.#finished()) {
        this.#link.check();
        if (this.pipeline.failure !== null) throw this.pipeline.failure;
        await this.#step();
      }
    } finally {
      clearInterval(timer);
      this.pipeline.abandon();
      this.#pump.close();
    }
  }

  /** Ends `run` when all that has been received by now is applied; a transaction that is not whole stays out. */
  stop(): void {
    this.#stopping = true;
    this.#pump.limit();
    this.resume();
  }

  /** Whether the destination has answered for all up to this offset of the source, or for all of it that can be applied. */
  hasApplied(offset: bigint): boolean {
    if (this.#forwarder.offsetAt(this.#checkpointed) >= offset) return true;
    const { idle, executing } = this.pipeline;
    return this.#pump.drained && !executing && (idle || this.#forwarder.indivisible);
  }

  /** Takes no more of the stream until `resume`: the offset stays where it is. */
  pause(): void {
    this.#forwarder.paused = !this.#stopping;
  }

  resume(): void {
    this.#forwarder.paused = false;
    this.wake();
  }

  /** Applies commands when the stream has come to their offset. To be called while paused. */
  inject(injection: StreamInjection): void {
    this.#forwarder.inject(injection);
    this.wake();
  }

  /** To be called when replies have come or the link has failed. */
  readonly wake = (): void => this.#pump.wake();

  async #step(): Promise<void> {
    const chunk = this.#pump.take();
    if (chunk !== null) {
      this.#chunk = chunk;
      this.#forwarder.lookAtClock();
      this.#pump.consumedTo(this.#cutter.cut(chunk, this.#pump.at));
      this.pipeline.endRun();
      this.#chunk = null;
    }
    this.#forwarder.injectDue();
    this.#settle();
    this.#link.flush();
    if (this.#cutter.withinLarge) await this.#link.whenWritten();
    if (this.#pump.drained) {
      this.#options.clock.inputDrained();
      this.#followIdle();
    }
    if (!this.#finished() && (this.#pump.empty || this.#forwarder.blocked)) await this.#pump.wait();
  }

  #finished(): boolean {
    if (!this.#pump.drained || !(this.#stopping || this.#pump.ended) || this.pipeline.executing) return false;
    if (this.#forwarder.indivisible) return true;
    return this.pipeline.idle && this.#forwarder.position === this.#checkpointed && !this.#noting;
  }

  /** Something about keys is to be written with the next checkpoint. */
  get #noting(): boolean {
    return this.#doubtful.waiting || this.#ledger.leftOut.waiting || this.#options.merge.notices.waiting > 0;
  }

  /** Closes the open batch when it is time: when it is large, or nothing else waits. */
  #settle(): void {
    // After a transaction that was discarded, or that is not what the source did, none may follow.
    if (this.pipeline.failure !== null) return;
    // What an answer has made doubtful is noted at once.
    if (this.#noting && this.pipeline.idle && !this.#forwarder.indivisible) this.pipeline.begin();
    const batch = this.pipeline.closable;
    if (batch === null || this.#forwarder.indivisible) return;
    if (this.#pump.empty || this.pipeline.overLimit) this.#close(batch);
  }

  #close(batch: StreamBatch): void {
    const { spec, replid, now } = this.#options;
    const { taskId, shardId, checkpointDb } = spec;
    const doubtful = this.#doubtful.take();
    if (doubtful.length > 0) {
      this.#forwarder.own(
        encodeCommand(["SADD", doubtfulKeysKey(taskId, shardId), ...doubtful]),
        checkpointDb,
      );
      batch.onApplied.push(() => {
        this.doubtfulBatches++;
        this.#doubtful.noted();
      });
    }
    this.#removeLeftOut(batch);
    for (const command of this.#options.merge.notices.take()) this.#forwarder.own(command, checkpointDb);
    batch.endPosition = this.#forwarder.position;
    batch.endDb = this.#options.filter.db;
    batch.endReplid = replid();
    batch.heartbeatAt = this.#forwarder.heartbeatAt;
    this.#forwarder.heartbeatAt = -1;
    const offset = this.#forwarder.offsetAt(this.#forwarder.position);
    batch.endAt = now();
    const checkpoint = { replid: batch.endReplid, offset, db: batch.endDb, at: batch.endAt };
    this.pipeline.close(batch, checkpointCommand(taskId, shardId, checkpoint));
  }

  #removeLeftOut(batch: StreamBatch): void {
    const { taskId, shardId, checkpointDb, databases } = this.#options.spec;
    const leftOutKey = leftOutKeysKey(taskId, shardId);
    const { leftOut } = this.#ledger;
    if (!leftOut.waiting) return;
    for (const { db, key } of leftOut.take()) {
      const target = destinationDb(databases, db);
      if (target === null) continue;
      this.#forwarder.own(encodeCommand(["DEL", key]), target);
      this.#forwarder.own(encodeCommand(["SADD", leftOutKey, leftOutMember(db, key)]), checkpointDb);
    }
    batch.onApplied.push(() => leftOut.removed());
  }

  /** Nothing waits for the destination: what has been read counts as applied, and the checkpoint follows now and then. */
  #followIdle(): void {
    if (!this.pipeline.idle || this.#forwarder.indivisible || this.#forwarder.position === this.#checkpointed)
      return;
    if (this.#stopping || this.#options.now() - this.#checkpointedAt >= IDLE_CHECKPOINT_MS) {
      this.pipeline.begin();
      this.#settle();
      return;
    }
    if (this.#forwarder.position === this.#reported) return;
    this.#reported = this.#forwarder.position;
    const heartbeat = this.#forwarder.heartbeatAt;
    this.#forwarder.heartbeatAt = -1;
    this.#options.progress.applied(this.#forwarder.offsetAt(this.#forwarder.position), heartbeat);
  }

  #applied(batch: StreamBatch): void {
    if (batch.checkpointAdded) {
      // It has been flushed under the open connection: what was written before is gone.
      const details = { address: this.#address, role: this.#role };
      this.pipeline.fail(new TributaryError("DESTINATION_DATA_LOST", details));
      return;
    }
    for (const [item, answer] of batch.answers) {
      if (answer.watch.answered(answer)) batch.rejections.delete(item);
    }
    this.pipeline.fail(this.#refusals.missedWithin(batch, this.#link, this.#address));
    this.#refusals.rejectedWithin(batch, this.#link);
    this.#link.release(batch.firstCommand + batch.names.length + 2);
    this.#ledger.commandsApplied += batch.commands - batch.rejections.size;
    this.#ledger.bytesApplied += batch.endPosition - this.#checkpointed;
    this.#ledger.batches++;
    this.#checkpointed = batch.endPosition;
    this.#checkpointedAt = this.#options.now();
    this.#ledger.appliedTo(this.#forwarder.offsetAt(batch.endPosition));
    for (const tell of batch.onApplied) tell();
    const offset = this.#forwarder.offsetAt(batch.endPosition);
    this.#options.progress.checkpointed({
      replid: batch.endReplid,
      offset,
      db: batch.endDb,
      at: batch.endAt,
    });
    this.#options.progress.applied(offset, batch.heartbeatAt);
    this.#settle();
  }

  /** The transaction was discarded as a whole: learn which of its commands are at fault, and begin again. */
  #aborted(batch: StreamBatch, answer: string): void {
    const learned = this.#refusals.learn(batch, this.#link, (position) => this.#forwarder.offsetAt(position));
    const address = this.#address;
    // A command of ours that was refused is named by the answer to it, not by EXEC's.
    const [detail = answer] = batch.refusals.values();
    this.pipeline.fail(
      learned ? new Rewind() : new TributaryError("DESTINATION_LINK_LOST", { address, detail }),
    );
  }
}
