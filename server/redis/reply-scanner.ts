const LF = 10;
const CR = 13;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const ASTERISK = 42;

/** What a reply scanner tells, in order. Depth 0 is a reply, depth 1 an item of an array reply, and so on. */
export interface ReplyHandler {
  /** A whole value that is neither an error nor an array. */
  value(depth: number): void;
  /** `-<text>`. */
  error(depth: number, text: string): void;
  /** The head of an array; `count` items follow. -1 is the nil array, after which nothing follows. */
  array(depth: number, count: number): void;
  /** The last item of the array reply at depth 0 has been told. */
  arrayEnd(): void;
}

/**
 * Walks over RESP2 replies without building them: what matters here is how many there are and which are
 * errors. Bulk strings are skipped, so a reply of any size costs no memory.
 *
 * redis: networking.c addReply*
 */
export class ReplyScanner {
  readonly #handler: ReplyHandler;
  /** Items left at each depth of arrays; empty at depth 0. */
  readonly #open: number[] = [];
  /** Bytes of a bulk string (its CRLF included) still to be skipped. */
  #skip = 0;
  /** A line cut by the end of a chunk. */
  #partial: Buffer | null = null;

  constructor(handler: ReplyHandler) {
    this.#handler = handler;
  }

  /** @throws Error on bytes that are not RESP2: the connection cannot be trusted any more. */
  feed(chunk: Uint8Array): void {
    let position = 0;
    const end = chunk.length;
    while (position < end) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - position);
        this.#skip -= step;
        position += step;
        if (this.#skip === 0) this.#done();
        continue;
      }
      if (this.#partial === null && chunk[position] === PLUS) {
        let at = position + 1;
        while (at < end && chunk[at] !== LF) at++;
        if (at < end) {
          this.#handler.value(this.#open.length);
          this.#done();
          position = at + 1;
          continue;
        }
      }
      const lineEnd = chunk.indexOf(LF, position);
      if (lineEnd < 0) {
        const rest = Buffer.from(chunk.subarray(position));
        this.#partial = this.#partial === null ? rest : Buffer.concat([this.#partial, rest]);
        if (this.#partial.length > 65_536) throw new Error("a reply line is longer than 64 KiB");
        return;
      }
      let line = Buffer.from(chunk.buffer, chunk.byteOffset + position, lineEnd - position);
      if (this.#partial !== null) {
        line = Buffer.concat([this.#partial, line]);
        this.#partial = null;
      }
      position = lineEnd + 1;
      this.#line(line);
    }
  }

  #line(line: Buffer): void {
    const length = line[line.length - 1] === CR ? line.length - 1 : line.length;
    const depth = this.#open.length;
    switch (line[0]) {
      case PLUS:
      case COLON:
        this.#handler.value(depth);
        return this.#done();
      case MINUS:
        this.#handler.error(depth, line.toString("utf8", 1, length));
        return this.#done();
      case DOLLAR: {
        const size = Number(line.toString("latin1", 1, length));
        if (!Number.isSafeInteger(size) || size < -1) break;
        this.#handler.value(depth);
        if (size < 0) return this.#done();
        this.#skip = size + 2;
        return;
      }
      case ASTERISK: {
        const count = Number(line.toString("latin1", 1, length));
        if (!Number.isSafeInteger(count) || count < -1) break;
        this.#handler.array(depth, count);
        if (count > 0) this.#open.push(count);
        else {
          if (depth === 0 && count === 0) this.#handler.arrayEnd();
          this.#done();
        }
        return;
      }
    }
    throw new Error(
      `a reply begins with ${JSON.stringify(line.toString("latin1", 0, Math.min(length, 16)))}`,
    );
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
  }
}
