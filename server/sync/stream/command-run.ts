import type { DestinationLink } from "../destination/destination-link.ts";
import { SLAB_BYTES } from "../destination/slab.ts";

/** Gathers neighboring commands of one chunk, so that they are copied to the link together. */
export class CommandRun {
  readonly #link: DestinationLink;
  #bytes: Uint8Array | null = null;
  #start = 0;
  #end = 0;
  #count = 0;
  /** Bytes that fit into what the link is filling. */
  #room = 0;

  constructor(link: DestinationLink) {
    this.#link = link;
  }

  /** Adds a command in `bytes[start, stop)`. */
  add(bytes: Uint8Array, start: number, stop: number): void {
    const fits = this.#end === start && stop - this.#start <= this.#room;
    if (this.#count > 0 && !fits) this.end();
    if (this.#count === 0) {
      this.#bytes = bytes;
      this.#start = start;
      this.#room = this.#link.room || SLAB_BYTES;
    }
    this.#end = stop;
    this.#count++;
  }

  /** Copies what was gathered: before its chunk goes, and before anything else is appended. */
  end(): void {
    if (this.#bytes === null) return;
    this.#link.append(this.#bytes, this.#start, this.#end, this.#count);
    this.#bytes = null;
    this.#count = 0;
  }
}
