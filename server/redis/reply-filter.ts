import { type AnswerShape, answerShape, SMALL_ANSWER_BYTES } from "./answer-shape.ts";
import { CommandScanner } from "./command-scanner.ts";

const LF = 10;
const CR = 13;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const ASTERISK = 42;

/** Longest line, bytes: no Redis says more in an error or a status. */
const LONGEST_LINE = 65_536;
/** Arrays within arrays: EXEC's answer of a script's answer is no deeper (redis: script_lua.c luaReplyToRedisReply). */
const DEEPEST = 64;
/** Values of one answer, those of arrays within it included: SMEMBERS of 200,000 doubtful keys is the largest. */
const MOST_ITEMS = 262_144;
/** Answers that are waited for at once may be so many times as large together as one alone. */
const BURST = 2;

/** Why an answer is refused, in words for a message. */
export class ReplyRefused extends Error {
  /** `noise`: it is no RESP2. `refusal`: an error that nobody asked for, whose text this is. */
  readonly kind: "noise" | "tls" | "refusal" | "limit";

  constructor(kind: ReplyRefused["kind"], detail: string) {
    super(detail);
    this.kind = kind;
  }
}

/**
 * Looks at what a server says before a parser that builds it does: strict RESP2, no more answers than questions, each
 * of the kind that its question permits, in bounded lines, items, nesting and bytes. Memory is that of one line.
 *
 * redis: networking.c addReply*
 */
export class ReplyFilter {
  readonly #answerBytes: number;
  readonly #scanner = new CommandScanner("Tributary");
  /** Names of the commands that are not answered yet, in upper case. */
  #asked: string[] = [];
  #shape: AnswerShape = answerShape("");
  /** Commands that wait for EXEC; null outside of MULTI. */
  #queued: number | null = null;
  /** The first byte of the answer at hand. */
  #kind = 0;
  /** Items left at each depth of arrays. */
  #open: number[] = [];
  /** Bytes of a bulk string, its CRLF included, still to come. */
  #skip = 0;
  #line: Buffer[] = [];
  #lineLength = 0;
  /** Of the answer at hand, and of all since nothing was waited for. */
  #bytes = 0;
  #burst = 0;
  #items = 0;

  /** @param answerBytes that an answer may have whose length depends on data. */
  constructor(answerBytes: number) {
    this.#answerBytes = answerBytes;
  }

  /** Whole commands are about to be sent. */
  asked(bytes: Uint8Array): void {
    if (this.#asked.length === 0 && this.#open.length === 0 && this.#skip === 0) this.#burst = 0;
    const scanner = this.#scanner;
    for (let at = 0; at >= 0 && at < bytes.length; ) {
      at = scanner.scan(bytes, at, bytes.length);
      const name = Buffer.from(bytes.subarray(scanner.starts[0]!, scanner.ends[0]!));
      if (at >= 0) this.#asked.push(name.toString("latin1").toUpperCase());
    }
  }

  /** Takes a read. @throws ReplyRefused: nothing of the read is to be believed, and the connection is to be closed. */
  feed(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - at);
        if (step > this.#skip - 2) this.#checkEnd(bytes, at, step);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#done();
        continue;
      }
      if (this.#lineLength === 0) this.#checkKind(bytes[at]!);
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf + 1;
      this.#lineLength += end - at;
      if (this.#lineLength > LONGEST_LINE) throw new ReplyRefused("limit", "a line is longer than 64 KiB");
      // What is kept beyond this read must be a copy.
      this.#line.push(lf < 0 ? Buffer.from(bytes.subarray(at, end)) : bytes.subarray(at, end));
      at = end;
      if (lf >= 0) this.#takeLine();
    }
  }

  #checkKind(byte: number): void {
    if (byte === 0x15) throw new ReplyRefused("tls", "that port speaks TLS only");
    const known = byte === PLUS || byte === MINUS || byte === COLON || byte === DOLLAR || byte === ASTERISK;
    if (!known) throw new ReplyRefused("noise", "its answer is not RESP");
    if (this.#open.length > 0) return;
    const name = this.#asked[0];
    if (name === undefined) {
      // Protected mode and maxclients speak without being asked (redis: networking.c acceptCommonHandler).
      if (byte === MINUS) return;
      throw new ReplyRefused("noise", "it sends an answer that nothing was asked for");
    }
    this.#shape = answerShape(name);
    this.#kind = byte;
    const queued = this.#queued !== null && byte === PLUS;
    if (byte === MINUS || queued || this.#shape.kinds.includes(String.fromCharCode(byte))) return;
    throw this.#noAnswer();
  }

  #noAnswer(): ReplyRefused {
    return new ReplyRefused("noise", `it answers ${this.#asked[0]} with what is no answer to it`);
  }

  #takeLine(): void {
    const line = this.#line.length === 1 ? this.#line[0]! : Buffer.concat(this.#line);
    this.#line = [];
    this.#lineLength = 0;
    const end = line.length - 2;
    if (end < 1 || line[end] !== CR || line.indexOf(CR) !== end) {
      throw new ReplyRefused("noise", "its answer is not RESP");
    }
    const text = line.toString("latin1", 1, end);
    if (this.#open.length === 0 && this.#asked.length === 0) {
      throw new ReplyRefused("refusal", line.toString("utf8", 1, end));
    }
    this.#count(line.length);
    switch (line[0]) {
      case COLON:
        if (!/^-?\d{1,19}$/.test(text)) throw new ReplyRefused("noise", "its answer is not RESP");
        return this.#done();
      case DOLLAR: {
        const size = this.#lengthOf(text);
        if (size < 0) return this.#done();
        this.#count(size + 2);
        this.#skip = size + 2;
        return;
      }
      case ASTERISK: {
        const count = this.#lengthOf(text);
        // Counted when they are announced: a parser makes room for all of them then.
        this.#items += Math.max(0, count);
        if (this.#items > MOST_ITEMS) {
          throw new ReplyRefused("limit", `an answer has more than ${MOST_ITEMS} values`);
        }
        if (this.#open.length === DEEPEST) throw new ReplyRefused("limit", "an answer is nested too deeply");
        // Each of these values costs a client an exception where no command stands behind it.
        const ofExec = this.#open.length === 0 && this.#asked[0] === "EXEC" && count >= 0;
        if (ofExec && count !== (this.#queued ?? 0)) throw this.#noAnswer();
        if (count <= 0) return this.#done();
        this.#open.push(count);
        return;
      }
    }
    this.#done();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#burst += bytes;
    const limit = this.#shape.large ? this.#answerBytes : Math.min(this.#answerBytes, SMALL_ANSWER_BYTES);
    if (this.#bytes > limit || this.#burst > this.#answerBytes * BURST) {
      throw new ReplyRefused("limit", `the answer to ${this.#asked[0]} is larger than what is taken`);
    }
  }

  /** Of `$<length>` or `*<count>`; -1 for the null of either. */
  #lengthOf(text: string): number {
    if (text === "-1") {
      if (this.#open.length === 0 && !this.#shape.mayBeNull) throw this.#noAnswer();
      return -1;
    }
    if (!/^\d{1,10}$/.test(text)) throw new ReplyRefused("noise", "its answer is not RESP");
    return Number(text);
  }

  #checkEnd(bytes: Buffer, at: number, step: number): void {
    const lf = at + this.#skip - 1;
    const wrong = (lf - 1 >= at && bytes[lf - 1] !== CR) || (lf < at + step && bytes[lf] !== LF);
    if (wrong) throw new ReplyRefused("noise", "a string does not end where it should");
  }

  /** A value is whole: closes each array that it was the last item of; then the answer is. */
  #done(): void {
    const open = this.#open;
    while (open.length > 0) {
      const left = open[open.length - 1]! - 1;
      if (left > 0) {
        open[open.length - 1] = left;
        return;
      }
      open.pop();
    }
    const name = this.#asked.shift();
    if (name === "MULTI" && this.#kind === PLUS) this.#queued = 0;
    else if (name === "EXEC" || name === "DISCARD") this.#queued = null;
    else if (this.#queued !== null && this.#kind === PLUS) this.#queued++;
    this.#bytes = 0;
    this.#items = 0;
  }
}
