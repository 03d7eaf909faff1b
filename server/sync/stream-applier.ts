import { TributaryError } from "../errors/tributary-error.ts";
import { CommandScanner } from "../redis/command-scanner.ts";
import { CommandWalker } from "../redis/command-walker.ts";
import type { ReplyHandler } from "../redis/reply-scanner.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import type { CommandFilter, Verdict } from "./command-filter.ts";
import { commandSample } from "./command-sample.ts";
import { rejectionCode, stateErrorOf } from "./destination-answer.ts";
import type { DestinationLink } from "./destination-link.ts";
import { SLAB_BYTES } from "./slab.ts";
import { StreamBatch } from "./stream-batch.ts";
import type { StreamLedger } from "./stream-ledger.ts";

/** A batch is closed at the latest past this many bytes or commands, but never within a source's transaction. */
const BATCH_BYTES = 512 * 1024;
const BATCH_COMMANDS = 4096;
/** A command larger than this is passed on in pieces. */
const LARGE_COMMAND = 1024 * 1024;
/** With nothing to apply the checkpoint follows the stream's PINGs this often (ms). */
const IDLE_CHECKPOINT_MS = 1000;

export interface StreamInput {
  /** The next bytes, without waiting; null when there are none. The view is valid until the next read. */
  tryRead(): Uint8Array | null;
  /** The next bytes; null when the stream has ended for good. */
  read(): Promise<Uint8Array | null>;
}

/** Thrown to read again from the checkpoint, at once: the ledger has learned what must be left out. */
export class Rewind extends Error {}

export type StreamApplierOptions = {
  readonly input: StreamInput;
  /** Where the input begins. */
  readonly from: Checkpoint;
  readonly filter: CommandFilter;
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
export class StreamApplier implements ReplyHandler {
  readonly #options: StreamApplierOptions;
  readonly #filter: CommandFilter;
  readonly #ledger: StreamLedger;
  readonly #scanner: CommandScanner;
  #link!: DestinationLink;
  /** Bytes consumed since `from`; the offset is from.offset + #position. */
  #position = 0;
  #chunk: Uint8Array | null = null;
  #at = 0;
  #ended = false;
  #reading = false;
  #drained = false;
  #stopping = false;
  #carry = Buffer.allocUnsafe(64 * 1024);
  #carryLength = 0;
  #walker: CommandWalker | null = null;
  #walkerForwards = false;
  #runStart = 0;
  #runEnd = 0;
  #runCount = 0;
  #runRoom = 0;
  /** The database that the connection will have selected after all that has been appended. */
  #linkDb: number;
  #open: StreamBatch | null = null;
  #executing: StreamBatch | null = null;
  #item = 0;
  #failure: Error | null = null;
  #heartbeatAt = -1;
  /** Positions up to which the destination's checkpoint and the last report of ours go. */
  #checkpointed = 0;
  #reported = 0;
  #checkpointedAt: number;
  #wakeUp: (() => void) | null = null;
  #woken = false;

  constructor(options: StreamApplierOptions) {
    this.#options = options;
    this.#filter = options.filter;
    this.#ledger = options.ledger;
    this.#scanner = new CommandScanner(options.role);
    this.#linkDb = options.checkpointDb;
    this.#checkpointedAt = options.now();
  }

  /**
   * Applies until `stop` is called and all that had come by then is applied, or until something fails.
   * @throws Rewind, or a TributaryError of the source's stream or the destination.
   */
  async run(link: DestinationLink): Promise<void> {
    this.#link = link;
    const timer = setInterval(() => this.wake(), IDLE_CHECKPOINT_MS);
    try {
      while (!(await this.#step())) {
        // Each step consumes what there is or waits for more.
      }
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends `run` when all that has been received is applied; a transaction that is not whole stays out. */
  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  /** To be called when replies have come or the link has failed. */
  readonly wake = (): void => {
    this.#woken = true;
    const wakeUp = this.#wakeUp;
    this.#wakeUp = null;
    wakeUp?.();
  };

  async #step(): Promise<boolean> {
    this.#link.check();
    if (this.#failure !== null) throw this.#failure;
    if (this.#chunk === null && !this.#reading) {
      this.#chunk = this.#options.input.tryRead();
      this.#at = 0;
    }
    this.#woken = false;
    this.#drained = this.#chunk === null;
    if (this.#chunk !== null) this.#consume(this.#chunk);
    this.#settle();
    this.#link.flush();
    if (this.#walker !== null) await this.#link.whenWritten();
    if (this.#drained && this.#executing === null && this.#open === null) this.#advanceIdle();
    if (this.#chunk === null || this.#blocked()) {
      if (this.#drained && (this.#stopping || this.#ended) && this.#executing === null) {
        if (this.#open === null || this.#filter.inTransaction || this.#walker !== null) return true;
      }
      if (this.#drained || this.#blocked()) await this.#wait();
    }
    return false;
  }

  /** Waits for input, replies, a failure or the timer. */
  async #wait(): Promise<void> {
    if (this.#drained && !this.#reading && !this.#ended) {
      this.#reading = true;
      this.#options.input.read().then(
        (chunk) => {
          this.#reading = false;
          this.#chunk = chunk;
          this.#at = 0;
          if (chunk === null) this.#ended = true;
          this.wake();
        },
        (error: unknown) => {
          this.#reading = false;
          this.#failure = error instanceof Error ? error : new Error(String(error));
          this.wake();
        },
      );
    }
    if (this.#woken) return;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
  }

  /** True while no more of the stream may be appended. */
  #blocked(): boolean {
    if (this.#filter.inTransaction || this.#walker !== null) return this.#link.full && this.#releaseQueued();
    return this.#link.full || (this.#executing !== null && this.#overLimit());
  }

  #overLimit(): boolean {
    const batch = this.#open;
    return batch !== null && (batch.bytes >= BATCH_BYTES || batch.names.length >= BATCH_COMMANDS);
  }

  /** A transaction larger than what may be in flight: its queued commands are let go, at the price of their samples. */
  #releaseQueued(): boolean {
    const batch = this.#executing === null ? this.#open : null;
    if (batch !== null) this.#link.release(batch.firstCommand + batch.replies);
    return this.#link.full;
  }

  #consume(chunk: Uint8Array): void {
    const end = chunk.length;
    while (this.#at < end && !this.#blocked()) {
      if (this.#walker !== null) {
        this.#walk(chunk, end);
        continue;
      }
      if (this.#carryLength > 0) {
        this.#extendCarry(chunk, end);
        continue;
      }
      const stop = this.#scanner.scan(chunk, this.#at, end);
      if (stop < 0) {
        this.#appendRun(chunk);
        this.#startCarry(chunk, end);
        break;
      }
      this.#command(chunk, this.#at, stop, true);
      this.#at = stop;
      if (this.#overLimit() && this.#executing === null) {
        this.#appendRun(chunk);
        this.#settle();
      }
    }
    this.#appendRun(chunk);
    if (this.#at >= end) this.#chunk = null;
  }

  /** One whole command in `bytes[start, stop)`; `run` when bytes is the chunk, whose neighbours go together. */
  #command(bytes: Uint8Array, start: number, stop: number, run: boolean): void {
    const size = stop - start;
    let verdict = this.#filter.decide(bytes, this.#scanner);
    if (verdict === "forward" || verdict === "replace") verdict = this.#unlessRefused(verdict, bytes);
    if (verdict === "forward") {
      const batch = this.#batchFor(bytes);
      if (!run) {
        this.#link.append(bytes, start, stop, 1);
      } else {
        if (this.#runCount > 0 && this.#runEnd - this.#runStart + size > this.#runRoom)
          this.#appendRun(bytes);
        if (this.#runCount === 0) {
          this.#runStart = start;
          this.#runRoom = this.#link.room || SLAB_BYTES;
        }
        this.#runEnd = stop;
        this.#runCount++;
      }
      this.#queued(batch, size);
    } else {
      if (run) this.#appendRun(bytes);
      this.#apart(verdict, bytes);
    }
    this.#position += size;
  }

  #apart(verdict: Exclude<Verdict, "forward">, bytes: Uint8Array): void {
    switch (verdict) {
      case "replace": {
        const batch = this.#batchFor(bytes);
        const replacement = this.#filter.replacement;
        this.#link.append(replacement, 0, replacement.length, 1);
        return this.#queued(batch, replacement.length);
      }
      case "heartbeat":
        if (this.#filter.heartbeatAt > 0) this.#heartbeatAt = this.#filter.heartbeatAt;
        return;
      case "getack":
        return this.#options.onGetAck();
      case "skip":
        return this.#skipped(bytes);
      case "control":
        return;
    }
  }

  #queued(batch: StreamBatch, size: number): void {
    batch.queue(this.#filter.name, this.#position, this.#filter.db);
    batch.bytes += size;
    batch.commands++;
  }

  /** The open batch, begun if need be, with the right database selected. */
  #batchFor(bytes: Uint8Array): StreamBatch {
    const target = this.#filter.target ?? this.#linkDb;
    let batch = this.#open;
    if (batch === null) {
      batch = new StreamBatch(this.#link.commands);
      this.#open = batch;
      this.#write(MULTI);
    }
    if (target !== this.#linkDb) {
      this.#appendRun(bytes);
      this.#select(batch, target);
    }
    return batch;
  }

  #select(batch: StreamBatch, db: number): void {
    this.#write(Buffer.from(`*2\r\n$6\r\nSELECT\r\n$${String(db).length}\r\n${db}\r\n`));
    batch.queue(null, this.#position, this.#filter.db);
    this.#linkDb = db;
  }

  #appendRun(chunk: Uint8Array): void {
    if (this.#runCount === 0) return;
    this.#link.append(chunk, this.#runStart, this.#runEnd, this.#runCount);
    this.#runCount = 0;
  }

  #write(command: Buffer): void {
    this.#link.append(command, 0, command.length, 1);
  }

  // ── commands cut by the end of a chunk ──

  #startCarry(chunk: Uint8Array, end: number): void {
    this.#carryLength = 0;
    this.#addToCarry(chunk, this.#at, end);
    this.#at = end;
  }

  /** Adds what the scanner misses, at least as much as is there: that keeps the scanning of a long command linear. */
  #extendCarry(chunk: Uint8Array, end: number): void {
    const wanted = Math.max(this.#scanner.missing, this.#carryLength, 64);
    const added = Math.min(end - this.#at, wanted, Math.max(1, LARGE_COMMAND - this.#carryLength));
    this.#addToCarry(chunk, this.#at, this.#at + added);
    this.#at += added;
    const stop = this.#scanner.scan(this.#carry, 0, this.#carryLength);
    if (stop >= 0) {
      this.#at -= this.#carryLength - stop;
      this.#carryLength = 0;
      this.#command(this.#carry, 0, stop, false);
    } else if (this.#carryLength >= LARGE_COMMAND) {
      this.#beginLarge();
    }
  }

  #addToCarry(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#carryLength + end - start;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#carry.length));
      grown.set(this.#carry.subarray(0, this.#carryLength));
      this.#carry = grown;
    }
    this.#carry.set(chunk.subarray(start, end), this.#carryLength);
    this.#carryLength = needed;
  }

  // ── commands too large to be held ──

  #beginLarge(): void {
    let verdict = this.#filter.decide(this.#carry, this.#scanner);
    if (verdict === "forward") verdict = this.#unlessRefused(verdict, this.#carry);
    this.#walkerForwards = verdict === "forward";
    if (this.#walkerForwards) {
      const batch = this.#batchFor(this.#carry);
      this.#queued(batch, this.#carryLength);
    } else if (verdict === "skip") {
      this.#skipped(this.#carry);
    }
    this.#walker = new CommandWalker(this.#options.role);
    const stop = this.#walker.feed(this.#carry, 0, this.#carryLength);
    this.#piece(this.#carry, 0, this.#carryLength, true, stop >= 0);
    this.#carryLength = 0;
  }

  #walk(chunk: Uint8Array, end: number): void {
    const stop = this.#walker!.feed(chunk, this.#at, end);
    const until = stop < 0 ? end : stop;
    this.#piece(chunk, this.#at, until, false, stop >= 0);
    this.#at = until;
  }

  #piece(bytes: Uint8Array, start: number, end: number, begin: boolean, last: boolean): void {
    if (this.#walkerForwards) this.#link.appendPiece(bytes, start, end, { begin, end: last });
    this.#position += end - start;
    if (last) this.#walker = null;
  }

  // ── what is not applied ──

  #unlessRefused(verdict: Verdict, bytes: Uint8Array): Verdict {
    const unknown = this.#ledger.unknownCommands.get(this.#filter.name.name);
    const refused =
      this.#ledger.refusedAt.size === 0 ? undefined : this.#ledger.refusedAt.get(this.#offset());
    const answer = unknown ?? refused;
    if (answer === undefined) return verdict;
    this.#log("rejected", rejectionCode(answer), answer, bytes);
    return "control";
  }

  #skipped(bytes: Uint8Array): void {
    const { name, reasonCode, reason, alert } = this.#filter;
    const logged = this.#log("skipped", reasonCode, reason, bytes);
    if (logged && alert)
      this.#ledger.alert(`${name.name.toLowerCase()}-skipped`, `${name.name} was skipped: ${reason}.`);
  }

  /** False for a command that has been logged before: it is read again after a reconnect. */
  #log(kind: "skipped" | "rejected", code: string, reason: string, bytes: Uint8Array): boolean {
    const offset = this.#offset();
    if (offset < this.#ledger.loggedTo) return false;
    this.#ledger.loggedTo = offset + 1n;
    const { name, db } = this.#filter;
    this.#ledger.refusals.add(kind, name.name, db, code, reason, () => this.#sample(bytes));
    return true;
  }

  #sample(bytes: Uint8Array): string {
    const scanner = this.#scanner;
    const found: Uint8Array[] = [];
    for (let index = 0; index < Math.min(scanner.seen, scanner.starts.length); index++) {
      found.push(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!));
    }
    return commandSample(found, scanner.argc);
  }

  #offset(): bigint {
    return this.#options.from.offset + BigInt(this.#position);
  }

  // ── batches ──

  /** Closes the open batch when it is time, and only when the one before has been answered. */
  #settle(): void {
    const batch = this.#open;
    if (batch === null || this.#executing !== null) return;
    if (this.#filter.inTransaction || this.#walker !== null) return;
    if (!this.#drained && !this.#overLimit()) return;
    this.#seal(batch);
  }

  #seal(batch: StreamBatch): void {
    const { checkpointKey, checkpointField, checkpointDb, replid, now } = this.#options;
    if (this.#linkDb !== checkpointDb) this.#select(batch, checkpointDb);
    batch.endPosition = this.#position;
    batch.endDb = this.#filter.db;
    batch.heartbeatAt = this.#heartbeatAt;
    this.#heartbeatAt = -1;
    batch.endReplid = replid();
    const value = formatCheckpoint(
      { replid: batch.endReplid, offset: this.#offset(), db: batch.endDb },
      now(),
    );
    this.#write(encode("HSET", checkpointKey, checkpointField, value));
    batch.queue(null, this.#position, batch.endDb);
    this.#write(EXEC);
    batch.executed = true;
    this.#executing = batch;
    this.#open = null;
  }

  /** Nothing waits for the destination: what has been read counts as applied, and the checkpoint follows. */
  #advanceIdle(): void {
    if (this.#filter.inTransaction || this.#walker !== null || this.#position === this.#checkpointed) return;
    const heartbeat = this.#heartbeatAt;
    if (this.#stopping || this.#options.now() - this.#checkpointedAt >= IDLE_CHECKPOINT_MS) {
      const batch = new StreamBatch(this.#link.commands);
      this.#write(MULTI);
      this.#open = batch;
      this.#settle();
      this.#link.flush();
      return;
    }
    if (this.#position === this.#reported) return;
    this.#heartbeatAt = -1;
    this.#reported = this.#position;
    this.#options.onApplied(this.#offset(), heartbeat);
  }

  // ── replies ──

  value(depth: number): void {
    if (depth === 0) this.#reply(null);
    else if (depth === 1) this.#item++;
  }

  error(depth: number, text: string): void {
    if (depth === 0) return this.#reply(text);
    if (depth === 1) this.#executing?.rejections.set(this.#item++, text);
  }

  array(depth: number, count: number): void {
    if (depth === 1) this.#item++;
    if (depth !== 0) return;
    this.#item = 0;
    if (count < 0) this.#failure ??= new TributaryError("FENCED", { role: this.#options.role });
  }

  arrayEnd(): void {
    const batch = this.#executing;
    if (batch === null || this.#item !== batch.names.length) {
      this.#link.fail("EXEC was answered with another number of items than were queued");
      return;
    }
    this.#executing = null;
    this.#acknowledge(batch);
    this.#settle();
    this.#link.flush();
  }

  #reply(error: string | null): void {
    const batch = this.#executing ?? this.#open;
    if (batch === null) return this.#link.fail("a reply came for which nothing was sent");
    const item = batch.replies++ - 1;
    if (item === batch.names.length && batch.executed)
      return this.#aborted(batch, error ?? "EXEC was not answered with an array");
    if (error === null) return;
    if (item >= 0) batch.refusals.set(item, error);
    const state = stateErrorOf(error, this.#options.address, batch.names[item]?.name ?? "MULTI");
    if (state !== null) this.#failure ??= state;
  }

  /** The transaction was discarded as a whole: learn which of its commands are at fault, and begin again. */
  #aborted(batch: StreamBatch, text: string): void {
    const state = stateErrorOf(text, this.#options.address, "EXEC");
    if (state !== null) this.#failure ??= state;
    let learned = false;
    for (const [item, answer] of batch.refusals) {
      const name = batch.names[item];
      if (name === null || name === undefined) continue;
      learned = true;
      if (rejectionCode(answer) === "UNKNOWN_COMMAND" && !/subcommand/i.test(answer)) {
        this.#ledger.unknownCommands.set(name.name, answer);
      } else {
        this.#ledger.refusedAt.set(this.#options.from.offset + BigInt(batch.positions[item]!), answer);
      }
    }
    this.#failure ??= learned
      ? new Rewind()
      : new TributaryError("DESTINATION_LINK_LOST", { address: this.#options.address, detail: text });
  }

  #acknowledge(batch: StreamBatch): void {
    for (const [item, answer] of batch.rejections) {
      const name = batch.names[item]?.name ?? "HSET";
      const index = batch.firstCommand + 1 + item;
      this.#ledger.refusals.add("rejected", name, batch.dbs[item]!, rejectionCode(answer), answer, () =>
        this.#link.sampleOf(index),
      );
    }
    this.#link.release(batch.firstCommand + batch.names.length + 2);
    this.#ledger.commandsApplied += batch.commands - batch.rejections.size;
    this.#ledger.bytesApplied += batch.endPosition - this.#checkpointed;
    this.#ledger.batches++;
    this.#checkpointed = batch.endPosition;
    this.#checkpointedAt = this.#options.now();
    const offset = this.#options.from.offset + BigInt(batch.endPosition);
    this.#options.onCheckpoint({ replid: batch.endReplid, offset, db: batch.endDb });
    this.#options.onApplied(offset, batch.heartbeatAt);
  }
}

function encode(...args: readonly string[]): Buffer {
  return Buffer.from(
    `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`,
  );
}

const MULTI = encode("MULTI");
const EXEC = encode("EXEC");
