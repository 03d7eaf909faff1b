import { TributaryError } from "../errors/tributary-error.ts";
import { Crc64 } from "../redis/crc64.ts";
import { breath } from "./breath.ts";
import { RdbBroken, read } from "./rdb-length.ts";

/** Where the bytes of an RDB come from. A chunk is valid until the next read; null is the end. */
export interface RdbByteSource {
  read(): Promise<Uint8Array | null>;
}

const WINDOW = 262_144;

/**
 * A window over the bytes of an RDB. What is between `pos` and `end` can be read synchronously; `fill` brings
 * more. It grows only with bytes that have arrived, never by a length that the RDB states, and shrinks again.
 * The checksum takes in what has been passed.
 */
export class RdbInput {
  buffer: Uint8Array;
  /** The next byte to be read. */
  pos = 0;
  /** The end of the bytes that are here. */
  end = 0;
  readonly role: string;
  readonly #source: RdbByteSource;
  readonly #crc: Crc64 | null;
  /** The place in the RDB of `buffer[0]`. */
  #base = 0;
  #crcFrom = 0;
  #chunk: Uint8Array | null = null;
  #chunkPos = 0;

  /** @param checksum whether the bytes passed are summed up for `checksumMatches`. */
  constructor(
    source: RdbByteSource,
    role: string,
    checksum: boolean,
    buffer: Uint8Array = new Uint8Array(WINDOW),
  ) {
    this.buffer = buffer;
    this.role = role;
    this.#source = source;
    this.#crc = checksum ? new Crc64() : null;
  }

  /** The bytes of one value that is already here whole; `offset` is where it begins in the RDB, for messages. */
  static of(bytes: Uint8Array, start: number, end: number, role: string, offset = 0): RdbInput {
    const input = new RdbInput(nothing, role, false, bytes);
    input.pos = start;
    input.end = end;
    input.#base = offset - start;
    return input;
  }

  /** The offset in the RDB of the next byte. */
  get position(): number {
    return this.#base + this.pos;
  }

  /** Waits until `count` bytes can be read from `pos`. Callers check that they are not here already. */
  async fill(count: number): Promise<void> {
    while (this.end - this.pos < count) {
      if (!(await this.more())) throw this.corrupt("it ends in the middle", this.#base + this.end);
    }
  }

  /** Brings one chunk more, or what of it there is room for. False at the end of the source. */
  async more(): Promise<boolean> {
    const waiting = breath();
    if (waiting !== undefined) await waiting;
    while (this.#chunk === null || this.#chunkPos === this.#chunk.length) {
      this.#chunk = await this.#source.read();
      this.#chunkPos = 0;
      if (this.#chunk === null) return false;
    }
    this.#makeRoom();
    const take = Math.min(this.#chunk.length - this.#chunkPos, this.buffer.length - this.end);
    this.buffer.set(this.#chunk.subarray(this.#chunkPos, this.#chunkPos + take), this.end);
    this.#chunkPos += take;
    this.end += take;
    return true;
  }

  /**
   * Takes what one of rdb-length.ts's kind reads at `pos`, with as many bytes as it asks for.
   * @returns the last length it read; the kind of a special string as -1 - kind.
   */
  async take(reader: (buffer: Uint8Array, at: number, end: number) => number): Promise<number> {
    for (;;) {
      const length = this.takeNow(reader);
      if (length !== null) return length;
      await this.fill(-this.try(reader) - this.pos);
    }
  }

  /** `take` where the bytes are here already, else null. */
  takeNow(reader: (buffer: Uint8Array, at: number, end: number) => number): number | null {
    const next = this.try(reader);
    if (next < 0) return null;
    this.pos = next;
    return read.encoded ? -1 - read.length : read.length;
  }

  /** One attempt of `take` which neither waits nor moves `pos`. */
  try(reader: (buffer: Uint8Array, at: number, end: number) => number): number {
    try {
      return reader(this.buffer, this.pos, this.end);
    } catch (error) {
      if (error instanceof RdbBroken) throw this.corrupt(error.message, this.#base + error.at);
      throw error;
    }
  }

  /** Passes `count` bytes without looking at them. */
  async skip(count: number): Promise<void> {
    let left = count;
    for (;;) {
      const here = Math.min(left, this.end - this.pos);
      this.pos += here;
      left -= here;
      if (left === 0) return;
      await this.fill(1);
    }
  }

  /** True when the checksum of all bytes passed is the one at `pos`. */
  checksumMatches(): boolean {
    this.#sum();
    return this.#crc === null || this.#crc.matches(this.buffer, this.pos);
  }

  /** The error for a broken RDB; `offset` is in bytes of the RDB, the next byte's where none is given. */
  corrupt(detail: string, offset = this.position): TributaryError {
    return new TributaryError("RDB_CORRUPT", { role: this.role, offset, detail });
  }

  #sum(): void {
    this.#crc?.update(this.buffer, this.#crcFrom, this.pos);
    this.#crcFrom = this.pos;
  }

  /** Moves what is left to the front; doubles the window when it is full, and lets a grown one go when it is not needed. */
  #makeRoom(): void {
    const left = this.end - this.pos;
    const full = left > this.buffer.length / 2;
    const shrink = this.buffer.length > WINDOW && left < WINDOW / 2;
    if (this.end < this.buffer.length && !shrink) return;
    this.#sum();
    if (full || shrink) {
      const buffer = new Uint8Array(full ? this.buffer.length * 2 : WINDOW);
      buffer.set(this.buffer.subarray(this.pos, this.end));
      this.buffer = buffer;
    } else {
      this.buffer.copyWithin(0, this.pos, this.end);
    }
    this.#base += this.pos;
    this.pos = 0;
    this.#crcFrom = 0;
    this.end = left;
  }
}

const nothing: RdbByteSource = { read: async () => null };
