import type { ReplicaSink } from "./replica-sink.ts";

const LF = 0x0a;
const markLength = 40;
/** `$EOF:` and the mark, or `$` and at most 19 digits; an error line may be longer. */
const longestHeader = 1024;
/** Bytes of newlines before it. */
const longestSilence = 1024 * 1024;

/**
 * Tells the RDB from the stream in what a master sends after its answer to PSYNC, and hands both to the sink
 * in order (redis: replication.c readSyncBulkPayload). The RDB comes as `$<length>\r\n` and that many bytes,
 * or as `$EOF:<mark>\r\n`, bytes, and the same 40 bytes mark. What follows it in the same read is the stream.
 *
 * Bare newlines before the header and before the first byte of the stream keep the link alive and belong to
 * neither.
 */
export class RdbFraming {
  /** Bytes of the stream so far. */
  streamBytes = 0;
  #state: "header" | "length" | "mark" | "stream-start" | "stream";
  readonly #sink: ReplicaSink;
  readonly #onRefused: (reply: string) => Error;
  readonly #onProtocolError: (detail: string) => Error;
  #header = "";
  /** Where the header at hand begins: bytes of newlines since the answer to PSYNC. */
  #headerAt = 0;
  /** With a length: bytes of the RDB that are still to come. */
  #left = 0;
  #mark = Buffer.alloc(0);
  /** How many of the mark's first bytes ended the last read: they are held back, being equal to the mark's. */
  #matched = 0;

  constructor(options: {
    sink: ReplicaSink;
    /** False after +CONTINUE: the stream begins at once. */
    expectRdb: boolean;
    /** Makes the error that push() throws when `-ERR …` comes in the RDB's place. */
    onRefused: (reply: string) => Error;
    /** The same for what is no header; the detail names the place, counted from 0 after the answer to PSYNC. */
    onProtocolError: (detail: string) => Error;
  }) {
    this.#sink = options.sink;
    // After +CONTINUE every byte counts: a stream that was cut within CRLF goes on with its LF.
    this.#state = options.expectRdb ? "header" : "stream";
    this.#onRefused = options.onRefused;
    this.#onProtocolError = options.onProtocolError;
  }

  /** True while the master has not begun to send its RDB. */
  get waitingForRdb(): boolean {
    return this.#state === "header";
  }

  /** True once the RDB is whole, and from the start when there is none. */
  get streaming(): boolean {
    return this.#state === "stream" || this.#state === "stream-start";
  }

  /** Takes one read. @throws what onRefused or onProtocolError make. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case "header":
          at = this.#readHeader(chunk, at);
          break;
        case "length":
          at = this.#readLength(chunk, at);
          break;
        case "mark":
          at = this.#readToMark(chunk, at);
          break;
        case "stream-start":
          while (chunk[at] === LF) at++;
          if (at < chunk.length) this.#state = "stream";
          break;
        case "stream":
          this.streamBytes += chunk.length - at;
          this.#sink.streamBytes(at === 0 ? chunk : chunk.subarray(at));
          return;
      }
    }
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    const newline = chunk.indexOf(LF, from);
    const end = newline === -1 ? chunk.length : newline;
    this.#header += Buffer.from(chunk.buffer, chunk.byteOffset + from, end - from).toString("latin1");
    // Judged by its first byte: what is no header may never come to a line's end.
    if (/^[^$\-\r]/.test(this.#header) || this.#header.length > longestHeader) throw this.#unexpected();
    if (newline === -1) return end;
    const line = this.#header.replace(/\r$/, "");
    if (line !== "") this.#begin(line);
    this.#headerAt += this.#header.length + 1;
    this.#header = "";
    // One newline a second is what a master says while it saves: nobody waits for a week.
    if (this.#headerAt > longestSilence) throw this.#unexpected();
    return newline + 1;
  }

  #begin(line: string): void {
    if (line.startsWith("-")) throw this.#onRefused(line);
    const mark = /^\$EOF:(.{40})$/s.exec(line)?.[1];
    if (mark !== undefined) {
      this.#mark = Buffer.from(mark, "latin1");
      this.#state = "mark";
      this.#sink.rdbBegin(null);
      return;
    }
    const length = /^\$(\d{1,15})$/.exec(line)?.[1];
    if (length === undefined) throw this.#unexpected();
    this.#left = Number(length);
    this.#state = "length";
    this.#sink.rdbBegin(this.#left);
    if (this.#left === 0) this.#end();
  }

  #unexpected(): Error {
    const shown = this.#header
      .trimEnd()
      .slice(0, 60)
      .replace(/[^\x20-\x7e]/g, "?");
    return this.#onProtocolError(
      `${JSON.stringify(shown)} where the RDB should begin, at byte ${this.#headerAt} after the answer to PSYNC`,
    );
  }

  #readLength(chunk: Uint8Array, from: number): number {
    const end = Math.min(chunk.length, from + this.#left);
    this.#left -= end - from;
    this.#sink.rdbBytes(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end));
    if (this.#left === 0) this.#end();
    return end;
  }

  /** The master may start its stream before this end has seen the mark, so it is looked for everywhere. */
  #readToMark(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.#matched > 0) {
      at = this.#continueMatch(chunk, from);
      if (this.#state !== "mark" || at === chunk.length) return at;
    }
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const found = bytes.indexOf(this.#mark, at);
    if (found !== -1) {
      if (found > at) this.#sink.rdbBytes(chunk.subarray(at, found));
      this.#end();
      return found + markLength;
    }
    this.#matched = this.#partAtEnd(bytes, at);
    const end = chunk.length - this.#matched;
    if (end > at) this.#sink.rdbBytes(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    return chunk.length;
  }

  /** The last reads ended in the first `matched` bytes of the mark: goes on comparing from there. */
  #continueMatch(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#matched > 0 && at < chunk.length) {
      if (chunk[at] === this.#mark[this.#matched]) {
        this.#matched++;
        at++;
        if (this.#matched === markLength) {
          this.#matched = 0;
          this.#end();
          return at;
        }
        continue;
      }
      // It was not the mark: the longest end of it that may still begin one stays, the rest is RDB.
      const next = this.#partAtEnd(this.#mark.subarray(0, this.#matched), 1);
      this.#sink.rdbBytes(this.#mark.subarray(0, this.#matched - next));
      this.#matched = next;
    }
    return at;
  }

  /** The length of the longest end of bytes[from…] that is a beginning of the mark. */
  #partAtEnd(bytes: Buffer, from: number): number {
    for (let length = Math.min(markLength - 1, bytes.length - from); length > 0; length--) {
      if (bytes[bytes.length - length] === this.#mark[0] && this.#endsWithMark(bytes, length)) return length;
    }
    return 0;
  }

  #endsWithMark(bytes: Buffer, length: number): boolean {
    return bytes.compare(this.#mark, 0, length, bytes.length - length, bytes.length) === 0;
  }

  #end(): void {
    this.#state = "stream-start";
    this.#sink.rdbEnd();
  }
}
