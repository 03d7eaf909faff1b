import { TributaryError } from "../../errors/tributary-error.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { HeardAnswer } from "../commands/answer-watch.ts";
import { ownStateErrorOf, stateErrorOf } from "../destination/destination-answer.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import { SLAB_BYTES } from "../destination/slab.ts";
import { WRITER_CHANGED } from "../destination/writer-guard.ts";
import type { BatchPipelineOptions, Forwarded } from "./batch-pipeline-options.ts";
import { StreamBatch } from "./stream-batch.ts";

/** A batch is closed at the latest past this many bytes or commands, but never within a source's transaction. */
const BATCH_BYTES = 512 * 1024;
const BATCH_COMMANDS = 4096;

export type { Forwarded } from "./batch-pipeline-options.ts";

/**
 * Writes transactions to the destination: at most one whose EXEC is not answered, while the next is queued
 * behind it. EXEC of the next waits for that answer, so that a discarded transaction is never overtaken. Where
 * the link has a guard, it also waits for the answer that this is still the shard's writer: see WriterGuard.
 */
export class BatchPipeline implements ReplyHandler {
  /** A state of the destination to wait for, or a broken conversation; the link is then of no more use. */
  failure: Error | null = null;
  readonly #link: DestinationLink;
  readonly #options: BatchPipelineOptions;
  readonly #batchBytes: number;
  #open: StreamBatch | null = null;
  #executing: StreamBatch | null = null;
  /** The database that the connection will have selected after all that has been appended. */
  #linkDb: number;
  #item = 0;
  /** The watched answer that is being told. */
  #heard: HeardAnswer | null = null;
  /** Neighbouring commands in one chunk, which are copied together. */
  #run: Uint8Array | null = null;
  #runStart = 0;
  #runEnd = 0;
  #runCount = 0;
  #runRoom = 0;

  constructor(link: DestinationLink, options: BatchPipelineOptions) {
    this.#link = link;
    this.#options = options;
    this.#linkDb = options.checkpointDb;
    this.#batchBytes = Math.min(BATCH_BYTES, (options.maxQueuedBytes ?? Number.POSITIVE_INFINITY) / 4);
  }

  /** True when nothing waits for an answer. */
  get idle(): boolean {
    return this.#open === null && this.#executing === null;
  }

  /** True while a transaction's EXEC is not answered. */
  get executing(): boolean {
    return this.#executing !== null;
  }

  /** True when the batch at hand is as large as it should get. */
  get overLimit(): boolean {
    const batch = this.#open;
    return batch !== null && (batch.bytes >= this.#batchBytes || batch.names.length >= BATCH_COMMANDS);
  }

  /** Adds a command in `bytes[start, stop)`; `joined` where its neighbours lie in the same bytes. */
  forward(bytes: Uint8Array, start: number, stop: number, joined: boolean, what: Forwarded): void {
    const batch = this.#batchFor(what);
    const size = stop - start;
    if (joined) {
      if (
        this.#runCount > 0 &&
        (this.#runEnd !== start || this.#runEnd - this.#runStart + size > this.#runRoom)
      ) {
        this.endRun();
      }
      if (this.#runCount === 0) {
        this.#run = bytes;
        this.#runStart = start;
        this.#runRoom = this.#link.room || SLAB_BYTES;
      }
      this.#runEnd = stop;
      this.#runCount++;
    } else {
      this.endRun();
      this.#link.append(bytes, start, stop, 1);
    }
    this.#count(batch, what, size);
  }

  /** Adds the first piece of a large command; the others follow through `piece`. */
  beginLarge(what: Forwarded): void {
    this.endRun();
    this.#count(this.#batchFor(what), what, 0);
  }

  /** The link is of no more use: what it may have applied without an answer is told to those who wait for one. */
  abandon(): void {
    for (const watch of this.#executing?.watches?.values() ?? []) watch.unanswered();
    this.#executing = null;
  }

  piece(bytes: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void {
    if (this.#open !== null) this.#weigh(this.#open, end - start);
    this.#link.appendPiece(bytes, start, end, part);
  }

  /** Copies the neighbours gathered so far: before their chunk goes, and before anything else is appended. */
  endRun(): void {
    if (this.#run === null) return;
    this.#link.append(this.#run, this.#runStart, this.#runEnd, this.#runCount);
    this.#run = null;
    this.#runCount = 0;
  }

  /** Begins a batch that will hold nothing but the checkpoint, where none is open. */
  begin(): StreamBatch {
    if (this.#open === null) {
      const guard = this.#link.guard;
      if (guard !== null) for (const command of guard.commands) this.#write(command);
      this.#open = new StreamBatch(this.#link.commands);
      this.#open.guardReplies = guard?.commands.length ?? 0;
      this.#write(MULTI);
      if (guard !== null) this.#link.flush();
    }
    return this.#open;
  }

  /** The open batch when it may be closed now: when the one before has been answered, and the guard has. */
  get closable(): StreamBatch | null {
    return this.#executing === null && this.#open?.guardReplies === 0 ? this.#open : null;
  }

  /** Closes the open batch with `checkpoint`, the command that stores it. */
  close(batch: StreamBatch, checkpoint: Buffer): void {
    this.endRun();
    if (this.#linkDb !== this.#options.checkpointDb)
      this.#select(batch, this.#options.checkpointDb, batch.endPosition, 0);
    this.#write(checkpoint);
    batch.queue(null, batch.endPosition, batch.endDb);
    this.#write(EXEC);
    batch.executed = true;
    this.#executing = batch;
    this.#open = null;
    this.#link.flush();
  }

  /** A transaction larger than what may be in flight: its queued commands are let go, at the price of their samples. */
  releaseQueued(): void {
    if (this.#executing === null && this.#open !== null) {
      this.#link.release(this.#open.firstCommand + this.#open.replies);
    }
  }

  #batchFor(what: Forwarded): StreamBatch {
    const batch = this.begin();
    const target = what.target ?? this.#linkDb;
    if (target !== this.#linkDb) {
      this.endRun();
      this.#select(batch, target, what.position, what.db);
    }
    return batch;
  }

  #count(batch: StreamBatch, what: Forwarded, size: number): void {
    batch.queue(what.name, what.position, what.db);
    if (what.watch !== null) batch.watchLast(what.watch);
    this.#weigh(batch, size);
    if (what.name !== null) batch.commands++;
  }

  /** A transaction of the source cannot be cut: one that the destination does not hold waits until it may. */
  #weigh(batch: StreamBatch, size: number): void {
    batch.bytes += size;
    const { address, maxQueuedBytes = Number.POSITIVE_INFINITY } = this.#options;
    if (batch.bytes <= maxQueuedBytes || this.failure !== null) return;
    this.failure = new TributaryError("DESTINATION_LIMIT", { address, limit: maxQueuedBytes });
  }

  #select(batch: StreamBatch, db: number, position: number, sourceDb: number): void {
    this.#write(encodeCommand(["SELECT", String(db)]));
    batch.queue(null, position, sourceDb);
    this.#linkDb = db;
  }

  #write(command: Buffer): void {
    this.#link.append(command, 0, command.length, 1);
  }

  // ── replies ──

  value(depth: number, empty: boolean): boolean {
    if (depth === 0) return this.#reply(null);
    if (depth > 1) return this.#heard?.watch.wantsText ?? false;
    const heard = this.#nextItem(empty);
    // redis: t_hash.c hsetCommand — 1 for a field that was not there.
    if (!empty && this.#item === this.#executing?.names.length) this.#executing.checkpointAdded = true;
    return heard?.watch.wantsText ?? false;
  }

  text(depth: number, text: string): void {
    if (depth === 0 && text !== this.#link.guard?.token) this.#link.fail(WRITER_CHANGED);
    if (this.#heard === null || depth === 0) return;
    if (depth === 1) this.#heard.text = text;
    else this.#heard.item(text);
  }

  error(depth: number, text: string): void {
    if (depth === 0) this.#reply(text);
    if (depth !== 1) return;
    this.#executing?.rejections.set(this.#item, text);
    const heard = this.#nextItem(false);
    if (heard !== null) heard.error = text;
  }

  array(depth: number, count: number): void {
    if (depth === 1) {
      const heard = this.#nextItem(count <= 0);
      if (heard?.watch.wantsText) heard.text = count < 0 ? "(nil)" : `(array of ${count})`;
    }
    if (depth !== 0) return;
    if (count < 0 && this.#ranAlone()) return;
    this.#item = 0;
    this.#heard = null;
    // Whether by another engine or by a FLUSHALL is seen when the destination is taken over anew.
    if (count < 0) this.#link.fail(WRITER_CHANGED);
  }

  arrayEnd(): void {
    if (this.#ranAlone()) return;
    const batch = this.#executing;
    if (batch === null || this.#item !== batch.names.length) {
      this.#link.fail("EXEC was answered with another number of items than were queued");
      return;
    }
    this.#executing = null;
    this.#options.onApplied(batch);
  }

  /** An item of EXEC's array begins; the answer to be filled in when somebody waits for it. */
  #nextItem(empty: boolean): HeardAnswer | null {
    const item = this.#item++;
    const batch = this.#executing;
    if (batch === null || batch.watches === null) return null;
    const watch = batch.watches.get(item);
    this.#heard = watch === undefined ? null : new HeardAnswer(watch, empty);
    if (this.#heard !== null) batch.answers.set(item, this.#heard);
    return this.#heard;
  }

  /** @returns true when the text of the answer is wanted: the guard's. */
  #reply(error: string | null): boolean {
    const batch = this.#executing ?? this.#open;
    if (batch === null) {
      this.#link.fail("a reply came for which nothing was sent");
      return false;
    }
    if (batch.guardReplies > 0) {
      batch.guardReplies--;
      if (error === null) return batch.guardReplies === 0;
      this.failure ??= stateErrorOf(error, this.#options.address, "WATCH");
      this.#link.fail(error);
      return false;
    }
    if (error?.startsWith("ERR Protocol error")) this.#link.fail(error);
    const item = batch.replies++ - 1;
    if (item < 0) batch.multiRefused = error;
    else if (error === null && this.#ranAlone()) return false;
    if (batch.executed && item === batch.names.length) {
      const answer = error ?? "EXEC was not answered with an array";
      this.#executing = null;
      this.failure ??= stateErrorOf(answer, this.#options.address, "EXEC");
      this.#options.onAborted(batch, answer);
    } else if (error !== null) {
      const name = batch.names[item]?.name;
      const stateOf = name === undefined ? ownStateErrorOf : stateErrorOf;
      const state = stateOf(error, this.#options.address, name ?? "MULTI");
      // What the destination's state refuses now is not the command's fault: it is applied later.
      if (state === null && item >= 0) batch.refusals.set(item, error);
      // Behind a MULTI that was refused every answer has to be seen first.
      if (batch.multiRefused === null || batch.replies > batch.names.length) this.failure ??= state;
    }
    return false;
  }

  /**
   * True where a command was run that should have been queued, since MULTI was refused before it: what has been applied
   * is not what the checkpoint says, whether or not that was written too.
   */
  #ranAlone(): boolean {
    const refusal = (this.#executing ?? this.#open)?.multiRefused ?? null;
    if (refusal === null) return false;
    const { address } = this.#options;
    this.failure ??= new TributaryError("DESTINATION_MISSED", { address, command: "MULTI", detail: refusal });
    return true;
  }
}

const MULTI = encodeCommand(["MULTI"]);
const EXEC = encodeCommand(["EXEC"]);
