import { Duplex } from "node:stream";
import { TributaryError } from "../errors/tributary-error.ts";
import type { RedisSocket } from "./redis-socket.ts";
import { toTributaryError } from "./reply-error.ts";
import { ReplyFilter, ReplyRefused } from "./reply-filter.ts";

/**
 * A connection as a client's parser sees it: every read passes the reply filter first. What the filter refuses ends
 * the connection, and the parser sees nothing of that read.
 */
export class FilteredStream extends Duplex {
  readonly #socket: RedisSocket;
  readonly #filter: ReplyFilter;

  /** @param answerBytes that an answer may have whose length depends on data. */
  constructor(socket: RedisSocket, answerBytes: number) {
    super();
    this.#socket = socket;
    this.#filter = new ReplyFilter(answerBytes);
    // An 'error' event without a listener would end the process, before ioredis has its own.
    this.on("error", () => {});
    void socket.closed.then(() => this.destroy());
    socket.setOnBytes((chunk) => this.#take(chunk));
  }

  /** The socket below has it set. */
  setNoDelay(): this {
    return this;
  }

  /** The socket below has it set. */
  setKeepAlive(): this {
    return this;
  }

  #take(chunk: Uint8Array): void {
    if (this.destroyed) return;
    try {
      this.#filter.feed(chunk);
    } catch (error) {
      this.destroy(this.#reasonOf(error));
      return;
    }
    if (!this.push(Buffer.from(chunk))) this.#socket.pause();
  }

  #reasonOf(error: unknown): Error {
    const { role, address } = this.#socket;
    if (!(error instanceof ReplyRefused)) return error instanceof Error ? error : new Error(String(error));
    const { kind, message: detail } = error;
    if (kind === "refusal") return toTributaryError(new Error(detail), { role, address });
    if (kind === "tls") return new TributaryError("TLS_FAILED", { role, address, detail });
    return new TributaryError("ANSWER_REFUSED", { role, address, detail });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#filter.asked(chunk);
    if (this.#socket.write(chunk)) done();
    else void this.#socket.whenDrained().then(() => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    void this.#socket.whenDrained().then(() => {
      done();
      this.destroy();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
