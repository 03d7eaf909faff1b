import { TributaryError } from "../../errors/tributary-error.ts";
import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { WatchedAnswer } from "../commands/answer-watch.ts";
import { ownStateErrorOf, stateErrorOf } from "../destination/destination-answer.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import { WRITER_CHANGED } from "../destination/writer-guard.ts";
import type { BatchPipelineOptions } from "./batch-pipeline-options.ts";
import type { BatchesInFlight } from "./batches-in-flight.ts";

/**
 * In: the destination's answers to the transactions that are in flight. Out: for each transaction that it was applied,
 * or discarded, with the answers to those commands for whose answer somebody waits.
 */
export class BatchAnswers implements ReplyHandler {
  readonly #link: DestinationLink;
  readonly #inFlight: BatchesInFlight;
  readonly #options: Pick<BatchPipelineOptions, "address" | "onApplied" | "onAborted">;
  /** Items of EXEC's array so far. */
  #item = 0;
  /** The watched answer that is being read. */
  #watched: WatchedAnswer | null = null;

  constructor(
    link: DestinationLink,
    inFlight: BatchesInFlight,
    options: Pick<BatchPipelineOptions, "address" | "onApplied" | "onAborted">,
  ) {
    this.#link = link;
    this.#inFlight = inFlight;
    this.#options = options;
  }

  value(depth: number, empty: boolean): boolean {
    if (depth === 0) return this.#reply(null);
    if (depth > 1) return this.#watched?.watch.wantsText ?? false;
    const watched = this.#nextItem(empty);
    // redis: t_hash.c hsetCommand — 1 for a field that was not there.
    if (!empty && this.#item === this.#inFlight.executing?.names.length)
      this.#inFlight.executing.checkpointAdded = true;
    return watched?.watch.wantsText ?? false;
  }

  text(depth: number, text: string): void {
    if (depth === 0 && text !== this.#link.guard?.token) this.#link.fail(WRITER_CHANGED);
    if (this.#watched === null || depth === 0) return;
    if (depth === 1) this.#watched.text = text;
    else this.#watched.item(text);
  }

  error(depth: number, text: string): void {
    if (depth === 0) this.#reply(text);
    if (depth !== 1) return;
    this.#inFlight.executing?.rejections.set(this.#item, text);
    const watched = this.#nextItem(false);
    if (watched !== null) watched.error = text;
  }

  array(depth: number, count: number): void {
    if (depth === 1) {
      const watched = this.#nextItem(count <= 0);
      if (watched?.watch.wantsText) watched.text = count < 0 ? "(nil)" : `(array of ${count})`;
    }
    if (depth !== 0) return;
    if (count < 0 && this.#ranAlone()) return;
    this.#item = 0;
    this.#watched = null;
    // Whether by another engine or by a FLUSHALL is seen when the destination is taken over anew.
    if (count < 0) this.#link.fail(WRITER_CHANGED);
  }

  arrayEnd(): void {
    if (this.#ranAlone()) return;
    const batch = this.#inFlight.executing;
    if (batch === null || this.#item !== batch.names.length) {
      this.#link.fail("EXEC was answered with another number of items than were queued");
      return;
    }
    this.#inFlight.executing = null;
    this.#options.onApplied(batch);
  }

  /** An item of EXEC's array begins; the answer to be filled in when somebody waits for it. */
  #nextItem(empty: boolean): WatchedAnswer | null {
    const item = this.#item++;
    const batch = this.#inFlight.executing;
    if (batch === null || batch.watches === null) return null;
    const watch = batch.watches.get(item);
    this.#watched = watch === undefined ? null : new WatchedAnswer(watch, empty);
    if (this.#watched !== null) batch.answers.set(item, this.#watched);
    return this.#watched;
  }

  /** @returns true when the text of the answer is wanted: the guard's. */
  #reply(error: string | null): boolean {
    const batch = this.#inFlight.answering;
    if (batch === null) {
      this.#link.fail("a reply came for which nothing was sent");
      return false;
    }
    if (batch.guardReplies > 0) {
      batch.guardReplies--;
      if (error === null) return batch.guardReplies === 0;
      this.#inFlight.fail(stateErrorOf(error, this.#options.address, "WATCH"));
      this.#link.fail(error);
      return false;
    }
    if (error?.startsWith("ERR Protocol error")) this.#link.fail(error);
    const item = batch.replies++ - 1;
    if (item < 0) batch.multiRefused = error;
    else if (error === null && this.#ranAlone()) return false;
    if (batch.executed && item === batch.names.length) {
      const answer = error ?? "EXEC was not answered with an array";
      this.#inFlight.executing = null;
      this.#inFlight.fail(stateErrorOf(answer, this.#options.address, "EXEC"));
      this.#options.onAborted(batch, answer);
    } else if (error !== null) {
      const name = batch.names[item]?.name;
      const stateOf = name === undefined ? ownStateErrorOf : stateErrorOf;
      const state = stateOf(error, this.#options.address, name ?? "MULTI");
      // What the destination's state refuses now is not the command's fault: it is applied later.
      if (state === null && item >= 0) batch.refusals.set(item, error);
      // Behind a MULTI that was refused every answer has to be seen first.
      if (batch.multiRefused === null || batch.replies > batch.names.length) this.#inFlight.fail(state);
    }
    return false;
  }

  /**
   * True where a command was run that should have been queued, since MULTI was refused before it: what has been applied
   * is not what the checkpoint says, whether or not that was written too.
   */
  #ranAlone(): boolean {
    const refusal = this.#inFlight.answering?.multiRefused ?? null;
    if (refusal === null) return false;
    const { address } = this.#options;
    this.#inFlight.fail(
      new TributaryError("DESTINATION_MISSED", { address, command: "MULTI", detail: refusal }),
    );
    return true;
  }
}
