import { TributaryError } from "../errors/tributary-error.ts";
import { CommandScanner } from "../redis/command-scanner.ts";
import { encodeRequest } from "../redis/request-line.ts";
import { BatchPipeline, type Forwarded } from "./batch-pipeline.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import { CommandCutter, type CommandTaker } from "./command-cutter.ts";
import type { CommandFilter } from "./command-filter.ts";
import { commandSample } from "./command-sample.ts";
import { rejectionCode } from "./destination-answer.ts";
import type { DestinationLink } from "./destination-link.ts";
import { DoubtfulKeys } from "./doubtful-keys.ts";
import { encodeArguments } from "./encode-arguments.ts";
import type { ExpiryShade } from "./expiry-shade.ts";
import { InputPump, type StreamInput } from "./input-pump.ts";
import type { StreamBatch } from "./stream-batch.ts";
import type { StreamClock } from "./stream-clock.ts";
import type { StreamInjection } from "./stream-injection.ts";
import type { StreamLedger } from "./stream-ledger.ts";

/** With nothing to apply the checkpoint follows the stream's PINGs this often (ms). */
const IDLE_CHECKPOINT_MS = 1000;

/** Commands that give a key's expiry to another key. */
const RENAMING = new Set(["RENAME", "RENAMENX", "COPY", "MOVE"]);

/** Thrown to read again from the checkpoint, at once: the ledger has learned what must be left out. */
export class Rewind extends Error {}

export type StreamApplierOptions = {
  readonly input: StreamInput;
  /** Where the input begins. */
  readonly from: Checkpoint;
  readonly filter: CommandFilter;
  readonly clock: StreamClock;
  readonly shade: ExpiryShade;
  /** The set of doubtful keys, in checkpointDb. */
  readonly doubtfulKey: string;
  readonly ledger: StreamLedger;
  readonly role: string;
  readonly address: string;
  readonly checkpointKey: string;
  readonly checkpointField: string;
  readonly checkpointDb: number;
  /** The replid to write: it may change with a failover of the source. */
  readonly replid: () => string;
  readonly now: () => number;
  /** The master asks for an acknowledgement. */
  readonly onGetAck: () => void;
  /** The destination has everything up to this offset; `heartbeatAt` is the newest heartbeat before it, or -1. */
  readonly onApplied: (offset: bigint, heartbeatAt: number) => void;
  /** The destination has this checkpoint, and with it everything before it. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
};

/**
 * In: the bytes of a shard's command stream from its checkpoint on. Out: transactions on the destination, each
 * of them the commands of a stretch of the stream and the checkpoint after it. Order: a transaction's EXEC is
 * sent only when the one before has been answered; only then is its stretch released.
 */
export class StreamApplier implements CommandTaker {
  readonly pipeline: BatchPipeline;
  /** Batches that have noted doubtful keys on the destination. */
  doubtfulBatches = 0;
  readonly #options: StreamApplierOptions;
  readonly #link: DestinationLink;
  readonly #filter: CommandFilter;
  readonly #ledger: StreamLedger;
  readonly #scanner: CommandScanner;
  readonly #cutter: CommandCutter;
  readonly #pump: InputPump;
  /** Bytes consumed since `from`: the offset is from.offset + #position. */
  #position = 0;
  /** Positions up to which the destination's checkpoint and the last report of ours go. */
  #checkpointed = 0;
  #reported = 0;
  #checkpointedAt: number;
  #heartbeatAt = -1;
  #forwardsLarge = false;
  #chunk: Uint8Array | null = null;
  #stopping = false;
  #held = false;
  readonly #doubtful = new DoubtfulKeys();
  /** In the order of their offsets. */
  readonly #injections: StreamInjection[] = [];

  constructor(link: DestinationLink, options: StreamApplierOptions) {
    this.#link = link;
    this.#options = options;
    this.#filter = options.filter;
    this.#ledger = options.ledger;
    this.#scanner = new CommandScanner(options.role);
    this.#cutter = new CommandCutter(this.#scanner, this, options.role);
    this.#pump = new InputPump(options.input);
    this.#checkpointedAt = options.now();
    this.pipeline = new BatchPipeline(link, {
      role: options.role,
      address: options.address,
      checkpointDb: options.checkpointDb,
      onApplied: (batch) => this.#applied(batch),
      onAborted: (batch, answer) => this.#aborted(batch, answer),
    });
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
      this.#pump.close();
    }
  }

  /** Ends `run` when all that has been received is applied; a transaction that is not whole stays out. */
  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  /** Takes no more of the stream until `letGo`: the offset stays where it is. */
  hold(): void {
    this.#held = true;
  }

  letGo(): void {
    this.#held = false;
    this.wake();
  }

  /** Applies commands when the stream has come to their offset. To be called while held. */
  inject(injection: StreamInjection): void {
    this.#injections.push(injection);
    this.wake();
  }

  /** To be called when replies have come or the link has failed. */
  readonly wake = (): void => this.#pump.wake();

  async #step(): Promise<void> {
    const chunk = this.#pump.take();
    if (chunk !== null) {
      this.#chunk = chunk;
      this.#pump.consumedTo(this.#cutter.cut(chunk, this.#pump.at));
      this.pipeline.endRun();
      this.#chunk = null;
    }
    this.#injectDue();
    this.#settle();
    this.#link.flush();
    if (this.#cutter.withinLarge) await this.#link.whenWritten();
    if (this.#pump.drained) {
      this.#options.clock.inputDrained();
      this.#followIdle();
    }
    if (!this.#finished() && (this.#pump.drained || this.blocked)) await this.#pump.wait();
  }

  #finished(): boolean {
    if (!this.#pump.drained || !(this.#stopping || this.#pump.ended) || this.pipeline.executing) return false;
    return this.#indivisible || (this.pipeline.idle && this.#position === this.#checkpointed);
  }

  /** Within a source's transaction or a large command: no checkpoint may be written here. */
  get #indivisible(): boolean {
    return this.#filter.inTransaction || this.#cutter.withinLarge;
  }

  // ── what the cutter finds ──

  get blocked(): boolean {
    if (this.#held && !this.#indivisible) return true;
    if (!this.#indivisible) return this.#link.full || (this.pipeline.executing && this.pipeline.overLimit);
    if (this.#link.full) this.pipeline.releaseQueued();
    return this.#link.full;
  }

  command(bytes: Uint8Array, start: number, stop: number): void {
    if (this.#injections.length > 0) this.#injectDue();
    const filter = this.#filter;
    const verdict = filter.decide(bytes, this.#scanner);
    if (verdict === "forward") {
      if (!this.#refused(bytes)) {
        this.pipeline.forward(bytes, start, stop, bytes === this.#chunk, this.#forwarded());
        this.#noteDoubtful(bytes);
      }
    } else if (verdict === "replace") {
      const { replacement } = filter;
      if (!this.#refused(bytes)) {
        this.pipeline.forward(replacement, 0, replacement.length, false, this.#forwarded());
        this.#noteDoubtful(bytes);
      }
    } else if (verdict === "heartbeat") {
      if (filter.heartbeatAt > 0) {
        this.#heartbeatAt = filter.heartbeatAt;
        this.#options.clock.heartbeatSeen(filter.heartbeatAt);
      }
    } else if (verdict === "getack") {
      this.#options.onGetAck();
    } else if (verdict === "skip") {
      this.#skipped(bytes);
    }
    this.#position += stop - start;
    if (this.pipeline.overLimit) this.#settle();
  }

  largeBegin(bytes: Uint8Array): void {
    const verdict = this.#filter.decide(bytes, this.#scanner);
    this.#forwardsLarge = verdict === "forward" && !this.#refused(bytes);
    if (this.#forwardsLarge) this.pipeline.beginLarge(this.#forwarded());
    else if (verdict === "skip") this.#skipped(bytes);
  }

  largePiece(bytes: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void {
    if (this.#forwardsLarge) this.pipeline.piece(bytes, start, end, part);
    this.#position += end - start;
  }

  #forwarded(): Forwarded {
    const { name, db, target } = this.#filter;
    return { name, db, target, position: this.#position };
  }

  /** While the stream is behind, what may build on a key that has expired early is noted. */
  #noteDoubtful(bytes: Uint8Array): void {
    if (RENAMING.has(this.#filter.name.name)) this.#options.shade.keyRenamed();
    if (this.#options.clock.live) return;
    this.#doubtful.note(this.#filter.name.name, this.#filter.db, bytes, this.#scanner);
  }

  /** Adds a command of ours to the batch. */
  #own(command: Buffer, target: number): void {
    const { db } = this.#filter;
    this.pipeline.forward(command, 0, command.length, false, {
      name: null,
      db,
      target,
      position: this.#position,
    });
  }

  #injectDue(): void {
    if (this.#indivisible) return;
    while (this.#injections.length > 0) {
      const due = Number(this.#injections[0]!.offset - this.#options.from.offset);
      if (due > this.#position) return;
      const { commands, onApplied } = this.#injections.shift()!;
      for (const { bytes, target } of commands) this.#own(bytes, target);
      this.pipeline.begin().onApplied.push(onApplied);
    }
  }

  // ── what is not applied ──

  /** True for a command that the destination is known to refuse: it is logged and left out. */
  #refused(bytes: Uint8Array): boolean {
    const { refusedAt, unknownCommands } = this.#ledger;
    if (refusedAt.size === 0 && unknownCommands.size === 0) return false;
    const answer =
      unknownCommands.get(this.#filter.name.name) ?? refusedAt.get(this.#offsetAt(this.#position));
    if (answer === undefined) return false;
    this.#log("rejected", rejectionCode(answer), answer, bytes);
    return true;
  }

  #skipped(bytes: Uint8Array): void {
    const { name, reasonCode, reason, alert } = this.#filter;
    const logged = this.#log("skipped", reasonCode, reason, bytes);
    if (logged && alert)
      this.#ledger.alert(`${name.name.toLowerCase()}-skipped`, `${name.name} was skipped: ${reason}.`);
  }

  /** False for a command that has been logged before: it is read again after a reconnect. */
  #log(kind: "skipped" | "rejected", code: string, reason: string, bytes: Uint8Array): boolean {
    const offset = this.#offsetAt(this.#position);
    const { loggedTo } = this.#ledger;
    if (offset < loggedTo[kind]) return false;
    loggedTo[kind] = offset + 1n;
    const { name, db } = this.#filter;
    this.#ledger.refusals.add(kind, name.name, db, code, reason, () => this.#sample(bytes));
    return true;
  }

  #sample(bytes: Uint8Array): string {
    const { seen, starts, ends, argc } = this.#scanner;
    const found: Uint8Array[] = [];
    for (let index = 0; index < Math.min(seen, starts.length); index++) {
      found.push(bytes.subarray(starts[index]!, ends[index]!));
    }
    return commandSample(found, argc);
  }

  #offsetAt(position: number): bigint {
    return this.#options.from.offset + BigInt(position);
  }

  // ── batches ──

  /** Closes the open batch when it is time: when it is large, or nothing else waits. */
  #settle(): void {
    const batch = this.pipeline.closable;
    if (batch === null || this.#indivisible) return;
    if (this.#pump.drained || this.pipeline.overLimit) this.#close(batch);
  }

  #close(batch: StreamBatch): void {
    const { checkpointKey, checkpointField, checkpointDb, doubtfulKey, replid, now } = this.#options;
    const doubtful = this.#doubtful.take();
    if (doubtful.length > 0) {
      this.doubtfulBatches++;
      this.#own(encodeArguments(["SADD", doubtfulKey, ...doubtful]), checkpointDb);
    }
    batch.endPosition = this.#position;
    batch.endDb = this.#filter.db;
    batch.endReplid = replid();
    batch.heartbeatAt = this.#heartbeatAt;
    this.#heartbeatAt = -1;
    const offset = this.#offsetAt(this.#position);
    batch.endAt = now();
    const text = formatCheckpoint({ replid: batch.endReplid, offset, db: batch.endDb, at: batch.endAt });
    this.pipeline.close(batch, encodeRequest(["HSET", checkpointKey, checkpointField, text]));
  }

  /** Nothing waits for the destination: what has been read counts as applied, and the checkpoint follows now and then. */
  #followIdle(): void {
    if (!this.pipeline.idle || this.#indivisible || this.#position === this.#checkpointed) return;
    if (this.#stopping || this.#options.now() - this.#checkpointedAt >= IDLE_CHECKPOINT_MS) {
      this.#close(this.pipeline.begin());
      return;
    }
    if (this.#position === this.#reported) return;
    this.#reported = this.#position;
    const heartbeat = this.#heartbeatAt;
    this.#heartbeatAt = -1;
    this.#options.onApplied(this.#offsetAt(this.#position), heartbeat);
  }

  #applied(batch: StreamBatch): void {
    for (const [item, answer] of batch.rejections) {
      const name = batch.names[item]?.name ?? "HSET";
      const sample = () => this.#link.sampleOf(batch.firstCommand + 1 + item);
      this.#ledger.refusals.add("rejected", name, batch.dbs[item]!, rejectionCode(answer), answer, sample);
    }
    this.#link.release(batch.firstCommand + batch.names.length + 2);
    this.#ledger.commandsApplied += batch.commands - batch.rejections.size;
    this.#ledger.bytesApplied += batch.endPosition - this.#checkpointed;
    this.#ledger.batches++;
    this.#checkpointed = batch.endPosition;
    this.#checkpointedAt = this.#options.now();
    for (const tell of batch.onApplied) tell();
    const offset = this.#offsetAt(batch.endPosition);
    this.#options.onCheckpoint({ replid: batch.endReplid, offset, db: batch.endDb, at: batch.endAt });
    this.#options.onApplied(offset, batch.heartbeatAt);
    this.#settle();
  }

  /** The transaction was discarded as a whole: learn which of its commands are at fault, and begin again. */
  #aborted(batch: StreamBatch, answer: string): void {
    let learned = false;
    for (const [item, refusal] of batch.refusals) {
      const name = batch.names[item]?.name;
      if (name === undefined) continue;
      learned = true;
      if (rejectionCode(refusal) === "UNKNOWN_COMMAND" && !/subcommand/i.test(refusal)) {
        this.#ledger.unknownCommands.set(name, refusal);
      } else {
        this.#ledger.refusedAt.set(this.#offsetAt(batch.positions[item]!), refusal);
      }
    }
    const { address } = this.#options;
    this.pipeline.failure ??= learned
      ? new Rewind()
      : new TributaryError("DESTINATION_LINK_LOST", { address, detail: answer });
  }
}
