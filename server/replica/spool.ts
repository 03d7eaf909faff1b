import { SegmentBuffers } from "./segment-buffers.ts";
import { segmentHeaderBytes } from "./segment-file.ts";
import { SpoolDisk } from "./spool-disk.ts";
import type { SpoolOptions } from "./spool-options.ts";
import { SpoolReader, type SpoolSource } from "./spool-reader.ts";
import { chooseVictim, newSegment, readAhead, type SpoolSegment } from "./spool-segment.ts";

export type { SpoolOptions } from "./spool-options.ts";
export type { SpoolReader } from "./spool-reader.ts";

/**
 * A log of bytes between a source that must not wait and a reader that may be slow: in memory first, on disk
 * when more than the bound is unread. Appending copies, never waits and never fails; `full` asks the owner to
 * hold the source until whenRoom(), which is when memory is used up and the disk is slow, full or broken.
 * An owner that obeys takes at most two segments more than memoryBytes, and at most four for each reader that
 * reads back from disk.
 *
 * Positions are numbers that count the appended bytes from 0 (exact up to 2^53); an owner that thinks in
 * replication offsets adds the offset at which it began.
 */
export class Spool {
  readonly segmentBytes: number;
  readonly #options: SpoolOptions;
  readonly #disk: SpoolDisk;
  readonly #buffers: SegmentBuffers;
  readonly #source: SpoolSource;
  /** All segments of the log; the first one's number is #firstNumber. */
  readonly #segments: SpoolSegment[] = [];
  #firstNumber = 0;
  #tail: SpoolSegment | null = null;
  readonly #inMemory = new Set<SpoolSegment>();
  readonly #readers = new Set<SpoolReader>();
  #end = 0;
  #finished = false;
  #closed = false;
  #spilling = false;
  /** Settles when the spilling that began last is over. */
  #spilled: Promise<void> = Promise.resolve();
  readonly #loads = new Set<Promise<void>>();
  #appendWaiters: (() => void)[] = [];

  constructor(options: SpoolOptions) {
    const { memoryBytes } = options;
    this.#options = options;
    this.segmentBytes =
      options.segmentBytes ?? Math.min(2 * 1024 * 1024, Math.max(64 * 1024, Math.floor(memoryBytes / 16)));
    this.#disk = new SpoolDisk(options, this.segmentBytes);
    this.#buffers = new SegmentBuffers(
      this.segmentBytes,
      Math.max(4, Math.floor(memoryBytes / this.segmentBytes)),
    );
    this.#source = this.#sourceForReaders();
  }

  /** Position of the first byte that can still be read. */
  get start(): number {
    return this.#firstNumber * this.segmentBytes;
  }

  /** Position after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of the buffers in use. */
  get memoryBytes(): number {
    return this.#buffers.bytes;
  }

  get diskBytes(): number {
    return this.#disk.bytes;
  }

  /** True when the owner should append no more until whenRoom(). Appending all the same only takes memory. */
  get full(): boolean {
    return this.#buffers.full;
  }

  /** True while no further segment may go to disk: a spool that is full then waits for release(). */
  get quotaReached(): boolean {
    return this.#disk.full;
  }

  append(chunk: Uint8Array): void {
    if (this.#closed) return;
    for (let at = 0; at < chunk.length; ) {
      const tail = this.#tail ?? this.#startSegment();
      const count = Math.min(this.segmentBytes - tail.length, chunk.length - at);
      const piece = count === chunk.length ? chunk : chunk.subarray(at, at + count);
      tail.buffer!.set(piece, segmentHeaderBytes + tail.length);
      tail.length += count;
      this.#end += count;
      at += count;
      if (tail.length < this.segmentBytes) continue;
      tail.sealed = true;
      this.#tail = null;
      this.#balance();
    }
    this.#wakeReaders();
  }

  /** Nothing more will come: readers end with null. */
  finish(): void {
    this.#finished = true;
    this.#wakeReaders();
  }

  /** @param from a position between start and end. @throws RangeError when it is not held. */
  reader(from: number): SpoolReader {
    if (!(from >= this.start && from <= this.#end)) {
      throw new RangeError(`Position ${from} is not in the spool, which has ${this.start} to ${this.#end}`);
    }
    const reader = new SpoolReader(this.#source, from);
    this.#readers.add(reader);
    this.#readerMoved(reader);
    return reader;
  }

  /**
   * What lies before `upTo` has been applied. With retain "all" it is kept all the same. A reader that has
   * not come so far, left over from an attempt that was given up, holds nothing back: it cannot go on.
   */
  release(upTo: number): void {
    if (this.#options.retain === "all" || this.#closed) return;
    const bound = Math.min(upTo, this.#end) - (this.#options.retainBytes ?? 0);
    const keepFrom = Math.floor(bound / this.segmentBytes);
    if (keepFrom <= this.#firstNumber) return;
    while (this.#firstNumber < keepFrom) this.#dropFirst();
    for (const reader of this.#readers) if (reader.position < this.start) this.#readers.delete(reader);
    this.#balance();
  }

  /** Resolves when the spool is not full, or closed. */
  whenRoom(): Promise<void> {
    return this.#buffers.whenRoom();
  }

  /** Deletes the files and lets go of the memory. Reads under way fail with an AbortError. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#disk.stop();
    this.#wakeReaders();
    this.#buffers.close();
    await this.#spilled;
    await Promise.allSettled(this.#loads);
    while (this.#segments.length > 0) this.#dropFirst();
    await this.#disk.whenRemoved();
    this.#buffers.close();
  }

  #sourceForReaders(): SpoolSource {
    const spool = this;
    return {
      segmentBytes: this.segmentBytes,
      get end() {
        return spool.#end;
      },
      get start() {
        return spool.start;
      },
      get finished() {
        return spool.#finished;
      },
      segmentAt: (position) =>
        this.#segments[Math.floor(position / this.segmentBytes) - this.#firstNumber] as SpoolSegment,
      load: (segment) => this.#load(segment),
      readerMoved: (reader) => this.#readerMoved(reader),
      whenAppended: () => new Promise((resolve) => this.#appendWaiters.push(resolve)),
      check: () => {
        if (this.#closed) throw new DOMException("The spool is closed", "AbortError");
      },
      readerClosed: (reader) => {
        this.#readers.delete(reader);
        this.#balance();
      },
    };
  }

  #startSegment(): SpoolSegment {
    const segment = newSegment(this.#firstNumber + this.#segments.length, this.#buffers.take());
    this.#segments.push(segment);
    this.#inMemory.add(segment);
    this.#tail = segment;
    return segment;
  }

  #readerMoved(reader: SpoolReader): void {
    if (this.#closed) return;
    const index = Math.floor(reader.position / this.segmentBytes) - this.#firstNumber;
    for (let ahead = 0; ahead <= readAhead; ahead++) {
      const segment = this.#segments[index + ahead];
      // A failure is told by the read that reaches the segment.
      if (segment !== undefined && segment.buffer === null) this.#load(segment).catch(() => {});
    }
    this.#balance();
  }

  /** Brings the use of memory to its bound: by giving up what is on disk already, then by writing. */
  #balance(): void {
    if (this.#closed) return;
    this.#giveUpClean();
    if (this.#buffers.overBound && !this.#spilling) this.#spilled = this.#spill();
  }

  #giveUpClean(): void {
    while (this.#buffers.overBound) {
      const victim = this.#victim(true);
      if (victim === null) return;
      this.#forgetBuffer(victim);
    }
  }

  async #spill(): Promise<void> {
    this.#spilling = true;
    while (!this.#closed && this.#buffers.overBound) {
      const victim = this.#victim(false);
      if (victim === null) break;
      if (!this.#disk.full) {
        await this.#disk.write(victim);
        if (victim.dropped) this.#forget(victim);
      } else if (!this.#letGoOfFirst()) break;
      this.#giveUpClean();
    }
    // Not when the promise settles: the owner, woken above, appends before that, and must find it over.
    this.#spilling = false;
  }

  #load(segment: SpoolSegment): Promise<void> {
    if (segment.buffer !== null) return Promise.resolve();
    if (segment.loading === null) {
      const loading = this.#readBack(segment).finally(() => {
        segment.loading = null;
        this.#loads.delete(loading);
        this.#balance();
      });
      segment.loading = loading;
      this.#loads.add(loading);
    }
    return segment.loading;
  }

  async #readBack(segment: SpoolSegment): Promise<void> {
    const buffer = this.#buffers.take();
    try {
      await this.#disk.read(segment, buffer);
    } catch (error) {
      this.#buffers.giveBack(buffer);
      throw error;
    }
    segment.buffer = buffer;
    this.#inMemory.add(segment);
    if (segment.dropped) this.#forgetBuffer(segment);
  }

  #victim(clean: boolean): SpoolSegment | null {
    return chooseVictim(this.#inMemory, this.#readerNumbers(), clean);
  }

  /** Under retain "all" with the quota reached: gives up the first segment if all readers have passed it. */
  #letGoOfFirst(): boolean {
    if (this.#options.retain !== "all" || this.#readers.size === 0) return false;
    if (Math.min(...this.#readerNumbers()) <= this.#firstNumber) return false;
    this.#dropFirst();
    return true;
  }

  #dropFirst(): void {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    this.#firstNumber++;
    segment.dropped = true;
    if (segment === this.#tail) this.#tail = null;
    this.#forget(segment);
  }

  #forget(segment: SpoolSegment): void {
    this.#disk.remove(segment);
    this.#forgetBuffer(segment);
  }

  /** Gives a segment's buffer to the next one; a view that somebody may still look at is left alone. */
  #forgetBuffer(segment: SpoolSegment): void {
    if (segment.buffer === null || segment.writing) return;
    this.#inMemory.delete(segment);
    if (segment.pins > 0) this.#buffers.letGo();
    else this.#buffers.giveBack(segment.buffer);
    segment.buffer = null;
  }

  #wakeReaders(): void {
    if (this.#appendWaiters.length > 0) for (const resolve of this.#appendWaiters.splice(0)) resolve();
  }

  #readerNumbers(): number[] {
    return [...this.#readers].map((reader) => Math.floor(reader.position / this.segmentBytes));
  }
}
