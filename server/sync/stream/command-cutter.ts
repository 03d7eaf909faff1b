import { TributaryError } from "../../errors/tributary-error.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { CommandWalker } from "../../redis/command-walker.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { MAX_INLINE, mayBeInline, splitInline } from "../../redis/inline-command.ts";
import { printable } from "../../redis/printable.ts";

const ASTERISK = 42;
const LF = 10;
/** A command larger than this is passed on in pieces. */
const LARGE_COMMAND = 1024 * 1024;

/** Who gets the commands that a cutter finds; during each call the scanner tells the command's arguments. */
export interface CommandHandler {
  /** True while no more may be taken: cutting stops before the next command or piece. */
  readonly blocked: boolean;
  /**
   * A whole command in `bytes[start, stop)`, a view that is valid until the end of `cut`.
   * @param size how many bytes of the stream it is; one that was said inline is told in RESP.
   */
  command(bytes: Uint8Array, start: number, stop: number, size: number): void;
  /** A command too large to be held has begun; the scanner knows its first arguments. Its pieces follow. */
  largeBegin(bytes: Uint8Array): void;
  largePiece(bytes: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void;
}

/**
 * Cuts a stream of bytes into commands. A command that lies whole in a chunk is told where it lies; one that
 * the end of a chunk cuts is put together first; a large one is told in pieces, so that memory is bounded.
 */
export class CommandCutter {
  readonly #scanner: CommandScanner;
  readonly #handler: CommandHandler;
  readonly #role: string;
  #carry = Buffer.allocUnsafe(64 * 1024);
  #carryLength = 0;
  /** The last inline command, in RESP. */
  #rewritten: Buffer = Buffer.alloc(0);
  #walker: CommandWalker | null = null;
  /** The source's offset of the last byte before the stream, and bytes of whole commands since, for messages. */
  readonly #offset: bigint;
  #passed = 0;
  /** Bytes so far of the large command at hand. */
  #largeLength = 0;

  /** @param offset the source's offset of the last byte before the stream. */
  constructor(scanner: CommandScanner, handler: CommandHandler, role: string, offset: bigint) {
    this.#scanner = scanner;
    this.#handler = handler;
    this.#role = role;
    this.#offset = offset;
  }

  /** True between two pieces of a large command. */
  get withinLarge(): boolean {
    return this.#walker !== null;
  }

  /**
   * @returns how far it got; less than `chunk.length` only when the handler is blocked.
   * @throws TributaryError SOURCE_PROTOCOL with the offset of the first wrong byte; what the handler throws.
   */
  cut(chunk: Uint8Array, from: number): number {
    try {
      return this.#cut(chunk, from);
    } catch (error) {
      if (!(error instanceof TributaryError) || typeof error.details.at !== "number") throw error;
      const offset = String(this.#offset + BigInt(this.#passed + error.details.at + 1));
      const detail = `${error.details.detail}, at offset ${offset}`;
      throw new TributaryError(error.code, { ...error.details, offset, detail });
    }
  }

  #cut(chunk: Uint8Array, from: number): number {
    const end = chunk.length;
    let at = from;
    while (at < end && !this.#handler.blocked) {
      if (this.#walker !== null) {
        at = this.#walk(this.#walker, chunk, at, end);
      } else if (this.#carryLength > 0) {
        at = this.#extendCarry(chunk, at, end);
      } else {
        const stop = this.#take(chunk, at, end);
        if (stop < 0) {
          this.#addToCarry(chunk, at, end);
          return end;
        }
        at = stop;
      }
    }
    return at;
  }

  /** Hands on the command that begins at `at`. @returns the place behind it; -1 where it is not whole. */
  #take(bytes: Uint8Array, at: number, end: number): number {
    const stop = bytes[at] === ASTERISK ? this.#scanner.scan(bytes, at, end) : this.#inline(bytes, at, end);
    if (stop < 0) return stop;
    if (bytes[at] === ASTERISK) this.#handler.command(bytes, at, stop, stop - at);
    else this.#handler.command(this.#rewritten, 0, this.#rewritten.length, stop - at);
    this.#passed += stop - at;
    return stop;
  }

  /**
   * A command as words on a line, or an empty line, which keeps a connection alive: it is told in RESP. What is not the
   * name of a command is a stream that has gone wrong.
   * redis: networking.c processInlineBuffer; from 5.0 on a replica takes only empty ones of its master
   */
  #inline(bytes: Uint8Array, at: number, end: number): number {
    const here = bytes.subarray(at, end);
    const length = here.indexOf(LF);
    const line = length < 0 ? here : here.subarray(0, length);
    const words = length < 0 ? [] : splitInline(line);
    if (words === null && mayBeInline(line, true)) {
      const detail = `the words of ${printable(line)} end within quotes, or go on behind them`;
      throw new TributaryError("SOURCE_PROTOCOL", { role: this.#role, address: "the stream", at: 0, detail });
    }
    // The scanner says what it wants instead.
    if (words === null || line.length > MAX_INLINE || !mayBeInline(line, length >= 0))
      return this.#scanner.scan(bytes, at, end);
    if (length < 0) return -1;
    this.#rewritten = encodeCommand(words);
    this.#scanner.scan(this.#rewritten, 0, this.#rewritten.length);
    return at + length + 1;
  }

  /** Adds what the scanner misses, at least as much as is there: that keeps the scanning of a long command linear. */
  #extendCarry(chunk: Uint8Array, at: number, end: number): number {
    const wanted = Math.max(this.#scanner.missing, this.#carryLength, 64);
    const added = Math.min(end - at, wanted, Math.max(1, LARGE_COMMAND - this.#carryLength));
    this.#addToCarry(chunk, at, at + added);
    const length = this.#carryLength;
    const stop = this.#take(this.#carry, 0, length);
    if (stop >= 0) {
      this.#carryLength = 0;
      return at + added - (length - stop);
    }
    if (this.#carryLength >= LARGE_COMMAND) this.#beginLarge();
    return at + added;
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

  #beginLarge(): void {
    this.#handler.largeBegin(this.#carry);
    const walker = new CommandWalker(this.#role);
    walker.feed(this.#carry, 0, this.#carryLength);
    this.#walker = walker;
    this.#largeLength = this.#carryLength;
    this.#handler.largePiece(this.#carry, 0, this.#carryLength, { begin: true, end: false });
    this.#carryLength = 0;
  }

  #walk(walker: CommandWalker, chunk: Uint8Array, at: number, end: number): number {
    const stop = walker.feed(chunk, at, end);
    const until = stop < 0 ? end : stop;
    this.#largeLength += until - at;
    if (stop >= 0) {
      this.#walker = null;
      this.#passed += this.#largeLength;
    }
    this.#handler.largePiece(chunk, at, until, { begin: false, end: stop >= 0 });
    return until;
  }
}
