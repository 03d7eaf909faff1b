const LF = 10;
const CR = 13;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const ASTERISK = 42;
const ZERO = 48;

/** Of a text that is wanted this much is kept, bytes. */
const TEXT_BYTES = 128;
/** Of an error this much is told, bytes: those of a whole batch are held at a time. */
const ERROR_BYTES = 1024;
/** Longest line, bytes: no Redis says more in an error or a status. */
const LONGEST_LINE = 65_536;
/** Arrays within arrays: a script's answer may be nested, but not so deeply. */
const DEEPEST = 10_000;
/** Values of one answer: to walk over more would take the thread from others for long. */
const MOST_ITEMS = 16_777_216;

/** What a reply scanner tells, in order. Depth 0 is a reply, depth 1 an item of an array reply, and so on. */
export interface ReplyHandler {
  /**
   * A value that is neither an error nor an array; `empty` for `:0` and the nil string.
   * @returns true to be told its text next.
   */
  value(depth: number, empty: boolean): boolean;
  /** The text of the value told last: its first 128 bytes; `(nil)` for the nil string. */
  text(depth: number, text: string): void;
  /** `-<text>`: its first 1024 bytes. */
  error(depth: number, text: string): void;
  /** The head of an array; `count` items follow. -1 is the nil array, after which nothing follows. */
  array(depth: number, count: number): void;
  /** The last item of the array reply at depth 0 has been told. */
  arrayEnd(): void;
}

/**
 * Walks over RESP2 replies without building them: what matters here is how many there are and which are
 * errors. Bulk strings are skipped but for the beginning of one that is wanted, so a reply of any size costs no
 * memory.
 *
 * redis: networking.c addReply*
 */
export class ReplyScanner {
  /** Replies that have been told to their end. */
  replies = 0;
  readonly #handler: ReplyHandler;
  /** Items left at each depth of arrays; empty at depth 0. */
  readonly #open: number[] = [];
  /** Bytes of a bulk string (its CRLF included) still to be skipped. */
  #skip = 0;
  /** The beginning of the bulk string at hand, if it is wanted, and how much of that is here. */
  #wanted: Buffer | null = null;
  #wantedLength = 0;
  /** The beginning of a line that the end of a chunk has cut, and how long it is; 0 is none. */
  #partial = Buffer.alloc(64);
  #partialLength = 0;
  /** Announced by the arrays of the reply at hand. */
  #items = 0;
  #most = Number.POSITIVE_INFINITY;
  /** Bytes fed before this chunk. */
  #fed = 0;

  constructor(handler: ReplyHandler) {
    this.#handler = handler;
  }

  /**
   * @throws Error on bytes that are not RESP2: the connection cannot be trusted any more. It names the place, counted
   * from 0 at the first byte fed: that of a line's first byte, or of the byte that should end a bulk string.
   * @param most replies that may have been told in the end: one more is an error.
   */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one loop over the bytes of a chunk, which keeps its place in local variables for speed
  feed(chunk: Uint8Array, most = Number.POSITIVE_INFINITY): void {
    this.#most = most;
    let position = 0;
    const end = chunk.length;
    while (position < end) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - position);
        if (this.#wanted !== null) this.#keep(this.#wanted, chunk, position, step);
        if (step > this.#skip - 2) this.#checkEnd(chunk, position, step);
        this.#skip -= step;
        position += step;
        if (this.#skip === 0) this.#bulkDone();
        continue;
      }
      if (this.#partialLength === 0 && chunk[position] === PLUS) {
        let at = position + 1;
        while (at < end && chunk[at] !== LF) at++;
        if (at < end) {
          if (at - position > LONGEST_LINE) throw endless(this.#fed + position);
          const depth = this.#open.length;
          if (this.#handler.value(depth, false))
            this.#tell(depth, chunk, position + 1, chunk[at - 1] === CR ? at - 1 : at);
          this.#done();
          position = at + 1;
          continue;
        }
      }
      const lineEnd = chunk.indexOf(LF, position);
      if (lineEnd < 0) {
        this.#keepPartial(chunk, position, end);
        this.#fed += end;
        return;
      }
      let line = Buffer.from(chunk.buffer, chunk.byteOffset + position, lineEnd - position);
      if (this.#partialLength > 0 || line.length > LONGEST_LINE) {
        this.#keepPartial(chunk, position, lineEnd);
        line = this.#partial.subarray(0, this.#partialLength);
        this.#partialLength = 0;
      }
      position = lineEnd + 1;
      this.#line(line, this.#fed + position - line.length - 1);
    }
    this.#fed += end;
  }

  /** @param place of the line's first byte, for the message. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the types of RESP, one case each
  #line(line: Buffer, place: number): void {
    const length = line[line.length - 1] === CR ? line.length - 1 : line.length;
    const depth = this.#open.length;
    switch (line[0]) {
      case PLUS:
      case COLON: {
        const zero = line[0] === COLON && length === 2 && line[1] === ZERO;
        if (this.#handler.value(depth, zero)) this.#tell(depth, line, 1, length);
        return this.#done();
      }
      case MINUS:
        this.#handler.error(depth, line.toString("utf8", 1, Math.min(length, 1 + ERROR_BYTES)));
        return this.#done();
      case DOLLAR: {
        const size = lengthOf(line, length);
        if (size < -1) break;
        const wanted = this.#handler.value(depth, size < 0);
        if (size < 0) {
          if (wanted) this.#handler.text(depth, "(nil)");
          return this.#done();
        }
        this.#wanted = wanted ? Buffer.alloc(Math.min(size, TEXT_BYTES)) : null;
        this.#wantedLength = 0;
        this.#skip = size + 2;
        return;
      }
      case ASTERISK: {
        const count = lengthOf(line, length);
        if (count < -1 || depth === DEEPEST) break;
        this.#items = (depth === 0 ? 0 : this.#items) + Math.max(0, count);
        if (this.#items > MOST_ITEMS) {
          throw new Error(`a reply of more than ${MOST_ITEMS} values begins or goes on at byte ${place}`);
        }
        this.#handler.array(depth, count);
        if (count > 0) this.#open.push(count);
        else {
          if (depth === 0 && count === 0) this.#handler.arrayEnd();
          this.#done();
        }
        return;
      }
    }
    const shown = JSON.stringify(line.toString("latin1", 0, Math.min(length, 16)));
    throw new Error(`a reply begins with ${shown} at byte ${place}`);
  }

  #tell(depth: number, bytes: Uint8Array, start: number, end: number): void {
    const stop = Math.min(end, start + TEXT_BYTES);
    this.#handler.text(depth, Buffer.from(bytes.subarray(start, stop)).toString("utf8"));
  }

  #keepPartial(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#partialLength + end - start;
    if (needed > LONGEST_LINE) throw endless(this.#fed + start - this.#partialLength);
    if (needed > this.#partial.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * this.#partial.length));
      grown.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(start, end), this.#partialLength);
    this.#partialLength = needed;
  }

  #keep(wanted: Buffer, chunk: Uint8Array, position: number, step: number): void {
    const kept = Math.min(step, wanted.length - this.#wantedLength);
    wanted.set(chunk.subarray(position, position + kept), this.#wantedLength);
    this.#wantedLength += kept;
  }

  /** Of the last bytes of a bulk string, those that are here: CRLF. */
  #checkEnd(chunk: Uint8Array, position: number, step: number): void {
    const lf = position + this.#skip - 1;
    const stop = position + step;
    if (lf - 1 >= position && chunk[lf - 1] !== CR) throw unended(this.#fed + lf - 1);
    if (lf < stop && chunk[lf] !== LF) throw unended(this.#fed + lf);
  }

  #bulkDone(): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted !== null) this.#handler.text(this.#open.length, wanted.toString("utf8"));
    this.#done();
  }

  /** One value is whole: close every array that it was the last item of. */
  #done(): void {
    const open = this.#open;
    while (open.length > 0) {
      const left = open[open.length - 1]! - 1;
      if (left > 0) {
        open[open.length - 1] = left;
        return;
      }
      open.pop();
      if (open.length === 0) this.#handler.arrayEnd();
    }
    this.replies++;
    if (this.replies > this.#most) throw new Error("it sends an answer that nothing was asked for");
  }
}

function endless(place: number): Error {
  return new Error(`a reply line at byte ${place} is longer than 64 KiB`);
}

function unended(place: number): Error {
  return new Error(`a bulk string does not end where it should, at byte ${place}`);
}

/** The number of a line `$<length>` or `*<count>`, -1 for nil; -2 for what is none. */
function lengthOf(line: Buffer, end: number): number {
  const text = line.toString("latin1", 1, end);
  return /^(\d{1,15}|-1)$/.test(text) ? Number(text) : -2;
}
