/** What a server answered with an error. */
export class Refused {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** A reply in RESP2. Bulk strings are views of memory that is theirs as long as they are held. */
export type Reply = Buffer | number | null | Refused | Reply[];

const LF = 10;
const FIRST_BYTES = 64 * 1024;
/** Arrays within arrays: what verification asks for is not nested more deeply. */
const DEEPEST = 32;

/** Reads replies out of the chunks of a connection. Between two calls of `cut` all lie in one piece of memory. */
export class ReplyReader {
  #held = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  #end = 0;
  /** The least bytes that have to be here before it is worth looking at the reply again. */
  #wanted = 0;

  /** Copies the chunk. */
  feed(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#held.length) this.#move(this.#held.length * 2, chunk.length);
    this.#held.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next reply; undefined while it is not whole. @throws Error on what is not RESP2. */
  next(): Reply | undefined {
    if (this.#end - this.#at < this.#wanted) return undefined;
    this.#wanted = 0;
    const before = this.#at;
    const reply = this.#read(0);
    if (reply === undefined) {
      if (this.#wanted > 0) this.#wanted += this.#at - before;
      this.#at = before;
    }
    return reply;
  }

  /** What was read so far keeps its memory; what follows gets other memory. */
  cut(): void {
    this.#move(FIRST_BYTES, 0);
  }

  #move(size: number, more: number): void {
    const left = this.#end - this.#at;
    const held = Buffer.allocUnsafe(Math.max(size, left + more, left + this.#wanted));
    this.#held.copy(held, 0, this.#at, this.#end);
    this.#held = held;
    this.#at = 0;
    this.#end = left;
  }

  #read(depth: number): Reply | undefined {
    const held = this.#held;
    const start = this.#at;
    if (start >= this.#end) return undefined;
    const kind = held[start];
    let at = start + 1;
    if (kind === 43 || kind === 45) {
      const lf = held.indexOf(LF, at);
      if (lf < 0 || lf >= this.#end) return undefined;
      this.#at = lf + 1;
      const text = held.subarray(at, lf - 1);
      return kind === 43 ? text : new Refused(text.toString());
    }
    // A number in decimal: of an integer, a length or a count.
    let negative = false;
    let number = 0;
    let digits = 0;
    for (; at < this.#end && held[at] !== LF; at++) {
      const byte = held[at]!;
      if (byte === 45) negative = true;
      else if (byte >= 48 && byte <= 57) {
        number = number * 10 + (byte - 48);
        digits++;
      } else if (byte !== 13)
        throw new Error(`a reply begins with ${JSON.stringify(held.toString("latin1", start, start + 16))}`);
    }
    if (at >= this.#end) return undefined;
    if (digits === 0) throw new Error("a reply has no number");
    this.#at = at + 1;
    if (negative) number = -number;
    if (kind === 58) return number;
    if (kind === 36) return this.#bulk(number);
    if (kind === 42) return this.#array(number, depth);
    throw new Error(`a reply begins with byte ${kind}`);
  }

  #bulk(length: number): Buffer | null | undefined {
    if (length < 0) return null;
    const start = this.#at;
    const end = start + length;
    if (end + 2 > this.#end) {
      this.#wanted = length + 2;
      return undefined;
    }
    this.#at = end + 2;
    return this.#held.subarray(start, end);
  }

  #array(count: number, depth: number): Reply[] | null | undefined {
    if (count < 0) return null;
    if (depth >= DEEPEST) throw new Error("a reply is nested too deeply");
    const items: Reply[] = [];
    for (let index = 0; index < count; index++) {
      const item = this.#read(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
