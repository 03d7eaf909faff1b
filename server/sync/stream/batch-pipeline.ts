import { TributaryError } from "../../errors/tributary-error.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import { BatchAnswers } from "./batch-answers.ts";
import type { BatchPipelineOptions, Forwarded } from "./batch-pipeline-options.ts";
import { BatchesInFlight } from "./batches-in-flight.ts";
import { CommandRun } from "./command-run.ts";
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
export class BatchPipeline {
  /** What the destination answers. */
  readonly answers: BatchAnswers;
  readonly #link: DestinationLink;
  readonly #options: BatchPipelineOptions;
  readonly #batchBytes: number;
  readonly #inFlight = new BatchesInFlight();
  readonly #run: CommandRun;
  /** The database that the connection will have selected after all that has been appended. */
  #linkDb: number;

  constructor(link: DestinationLink, options: BatchPipelineOptions) {
    this.#link = link;
    this.#options = options;
    this.#run = new CommandRun(link);
    this.answers = new BatchAnswers(link, this.#inFlight, options);
    this.#linkDb = options.checkpointDb;
    this.#batchBytes = Math.min(BATCH_BYTES, (options.maxQueuedBytes ?? Number.POSITIVE_INFINITY) / 4);
  }

  /** A state of the destination to wait for, or a broken conversation; the link is then of no more use. */
  get failure(): Error | null {
    return this.#inFlight.failure;
  }

  /** Ends the pipeline, unless something has before. */
  fail(failure: Error | null): void {
    this.#inFlight.fail(failure);
  }

  /** True when nothing waits for an answer. */
  get idle(): boolean {
    return this.#inFlight.idle;
  }

  /** True while a transaction's EXEC is not answered. */
  get executing(): boolean {
    return this.#inFlight.executing !== null;
  }

  /** True when the batch at hand is as large as it should get. */
  get overLimit(): boolean {
    const batch = this.#inFlight.open;
    return batch !== null && (batch.bytes >= this.#batchBytes || batch.names.length >= BATCH_COMMANDS);
  }

  /** Adds a command in `bytes[start, stop)`; `joined` where its neighbours lie in the same bytes. */
  forward(bytes: Uint8Array, start: number, stop: number, joined: boolean, what: Forwarded): void {
    const batch = this.#batchFor(what);
    const size = stop - start;
    if (joined) this.#run.add(bytes, start, stop);
    else {
      this.#run.end();
      this.#link.append(bytes, start, stop, 1);
    }
    this.#count(batch, what, size);
  }

  /** Adds the first piece of a large command; the others follow through `piece`. */
  beginLarge(what: Forwarded): void {
    this.#run.end();
    this.#count(this.#batchFor(what), what, 0);
  }

  /** The link is of no more use: what it may have applied without an answer is told to those who wait for one. */
  abandon(): void {
    for (const watch of this.#inFlight.executing?.watches?.values() ?? []) watch.unanswered();
    this.#inFlight.executing = null;
  }

  piece(bytes: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void {
    const { open } = this.#inFlight;
    if (open !== null) this.#weigh(open, end - start);
    this.#link.appendPiece(bytes, start, end, part);
  }

  /** To be called before the chunk at hand goes. */
  endRun(): void {
    this.#run.end();
  }

  /** Begins a batch that will hold nothing but the checkpoint, where none is open. */
  begin(): StreamBatch {
    let batch = this.#inFlight.open;
    if (batch === null) {
      const guard = this.#link.guard;
      if (guard !== null) for (const command of guard.commands) this.#write(command);
      batch = new StreamBatch(this.#link.commands);
      batch.guardReplies = guard?.commands.length ?? 0;
      this.#inFlight.open = batch;
      this.#write(MULTI);
      if (guard !== null) this.#link.flush();
    }
    return batch;
  }

  /** The open batch when it may be closed now. */
  get closable(): StreamBatch | null {
    return this.#inFlight.closable;
  }

  /** Closes the open batch with `checkpoint`, the command that stores it. */
  close(batch: StreamBatch, checkpoint: Buffer): void {
    this.#run.end();
    if (this.#linkDb !== this.#options.checkpointDb)
      this.#select(batch, this.#options.checkpointDb, batch.endPosition, 0);
    this.#write(checkpoint);
    batch.queue(null, batch.endPosition, batch.endDb);
    this.#write(EXEC);
    this.#inFlight.executed();
    this.#link.flush();
  }

  /** A transaction larger than what may be in flight: its queued commands are let go, at the price of their samples. */
  releaseQueued(): void {
    const { open, executing } = this.#inFlight;
    if (executing === null && open !== null) this.#link.release(open.firstCommand + open.replies);
  }

  #batchFor(what: Forwarded): StreamBatch {
    const batch = this.begin();
    const target = what.target ?? this.#linkDb;
    if (target !== this.#linkDb) {
      this.#run.end();
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
    this.fail(new TributaryError("DESTINATION_LIMIT", { address, limit: maxQueuedBytes }));
  }

  #select(batch: StreamBatch, db: number, position: number, sourceDb: number): void {
    this.#write(encodeCommand(["SELECT", String(db)]));
    batch.queue(null, position, sourceDb);
    this.#linkDb = db;
  }

  #write(command: Buffer): void {
    this.#link.append(command, 0, command.length, 1);
  }
}

const MULTI = encodeCommand(["MULTI"]);
const EXEC = encodeCommand(["EXEC"]);
