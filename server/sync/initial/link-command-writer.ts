import type { CommandWriter } from "../../redis/command-writer.ts";
import { HEAD_BYTES, putBulk, putHead } from "../../redis/resp-encoder.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import { SLAB_BYTES } from "../destination/slab.ts";

const DOLLAR = 36;
const ASTERISK = 42;
const CRLF = Buffer.from("\r\n");

/**
 * Writes commands to a destination link: a small one is gathered and appended whole, one with an argument
 * that comes in pieces goes on its way while it is written.
 */
export class LinkCommandWriter implements CommandWriter {
  readonly #link: DestinationLink;
  #scratch = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  #argumentsLeft = 0;
  #pieceLeft = 0;
  /** The command at hand has been begun on the link already. */
  #cut = false;

  constructor(link: DestinationLink) {
    this.#link = link;
  }

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    this.#argumentsLeft = argc;
    this.#cut = false;
    this.#room(HEAD_BYTES);
    this.#length = putHead(this.#scratch, this.#length, ASTERISK, argc);
  }

  argument(value: Uint8Array | string | number): void {
    const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
    this.#room(bytes.length + 2 * HEAD_BYTES);
    this.#length = putBulk(this.#scratch, this.#length, bytes, 0, bytes.length);
    this.#argumentDone();
  }

  beginArgument(length: number): void {
    this.#room(HEAD_BYTES);
    this.#length = putHead(this.#scratch, this.#length, DOLLAR, length);
    this.#pieceLeft = length;
    if (length === 0) this.#pieceDone();
  }

  piece(bytes: Uint8Array): void {
    this.#pieceLeft -= bytes.length;
    if (!this.#cut && this.#length + bytes.length + this.#pieceLeft < SLAB_BYTES / 2) {
      this.#room(bytes.length);
      this.#scratch.set(bytes, this.#length);
      this.#length += bytes.length;
    } else {
      this.#spill(false);
      this.#link.appendPiece(bytes, 0, bytes.length, { begin: false, end: false });
    }
    if (this.#pieceLeft === 0) this.#pieceDone();
  }

  async drain(): Promise<void> {
    if (this.#cut) this.#spill(false);
    await this.#link.whenWritten();
    while (this.#link.full) {
      this.#link.check();
      await this.#link.changed();
    }
  }

  #pieceDone(): void {
    this.#room(2);
    this.#scratch.set(CRLF, this.#length);
    this.#length += 2;
    this.#argumentDone();
  }

  #argumentDone(): void {
    this.#argumentsLeft--;
    if (this.#argumentsLeft > 0) {
      if (this.#length >= SLAB_BYTES) this.#spill(false);
      return;
    }
    if (this.#cut) {
      this.#spill(true);
    } else {
      this.#link.append(this.#scratch, 0, this.#length, 1);
      this.#length = 0;
    }
  }

  /** Hands what has been gathered to the link as a part of a command that is not whole yet. */
  #spill(end: boolean): void {
    this.#link.appendPiece(this.#scratch, 0, this.#length, { begin: !this.#cut, end });
    this.#length = 0;
    this.#cut = !end;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#scratch.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#scratch.length));
    grown.set(this.#scratch.subarray(0, this.#length));
    this.#scratch = grown;
  }
}
