import { SegmentBuffers } from "./segment-buffers.ts";
import { segmentHeaderBytes } from "./segment-file.ts";
import { SpoolDisk } from "./spool-disk.ts";
import { SpoolMemory } from "./spool-memory.ts";
import type { SpoolOptions } from "./spool-options.ts";
import type { QuotaMember } from "./spool-quota.ts";
import type { SpoolReader, SpoolSource } from "./spool-reader.ts";
import { SpoolReaders } from "./spool-readers.ts";
import { SpoolRetention } from "./spool-retention.ts";
import { readAhead, type SpoolSegment } from "./spool-segment.ts";

export type { SpoolOptions } from "./spool-options.ts";
export type { SpoolReader } from "./spool-reader.ts";

/** ms for which a slow disk may hold the source for the sake of what is kept though it has been applied. */
const KEEP_PATIENCE_MS = 250;

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
  readonly #memory: SpoolMemory;
  readonly #source: SpoolSource;
  readonly #retention: SpoolRetention;
  readonly #member: QuotaMember;
  /** All segments of the log; the first one's number is #firstNumber. */
  readonly #segments: SpoolSegment[] = [];
  #firstNumber = 0;
  #tail: SpoolSegment | null = null;
  readonly #readers: SpoolReaders;
  #end = 0;
  #finished = false;
  #closed = false;
  #spilling = false;
  /** Settles when the spilling that began last is over. */
  #spilled: Promise<void> = Promise.resolve();
  #patience: NodeJS.Timeout | null = null;

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
    this.#readers = new SpoolReaders(this.segmentBytes);
    this.#memory = new SpoolMemory(this.#buffers, this.#disk, this.#readers, () => this.#balance());
    this.#source = this.#sourceForReaders();
    this.#retention = new SpoolRetention(options.retainBytes ?? 0, options.keepBytes ?? 0);
    this.#member = {
      letGo: () => this.#letGoOfFirst() || this.#dropSpare(true),
      roomMayBe: () => this.#balance(),
    };
    options.quota.join(this.#member);
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

  get closed(): boolean {
    return this.#closed;
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
    this.#readers.wake();
  }

  /** Nothing more will come: readers end with null. */
  finish(): void {
    this.#finished = true;
    this.#readers.wake();
  }

  /** @param from a position between start and end. @throws RangeError when it is not held. */
  reader(from: number): SpoolReader {
    if (!(from >= this.start && from <= this.#end)) {
      throw new RangeError(`Position ${from} is not in the spool, which has ${this.start} to ${this.#end}`);
    }
    this.#retention.readFrom(from);
    const reader = this.#readers.open(this.#source, from);
    this.#readerMoved(reader);
    return reader;
  }

  /**
   * What lies before `upTo` has been applied; what comes after `keepFrom` is kept so that it can be read again,
   * until room is needed for what has not been applied. With retain "all" everything is kept all the same. A
   * reader that has not come so far, left over from an attempt that was given up, holds nothing back: it cannot
   * go on.
   */
  release(upTo: number, keepFrom = upTo): void {
    if (this.#options.retain === "all" || this.#closed) return;
    this.#retention.release(Math.min(upTo, this.#end), keepFrom);
    const first = Math.floor(this.#retention.dropTo / this.segmentBytes);
    if (first <= this.#firstNumber) return;
    while (this.#firstNumber < first) this.#dropFirst();
    this.#balance();
  }

  /** Resolves when the spool is not full, or closed. */
  whenRoom(): Promise<void> {
    return this.#buffers.whenRoom();
  }

  /** Deletes the files and lets go of the memory. Reads under way fail with an AbortError. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopPatience();
    this.#disk.stop();
    this.#readers.wake();
    this.#buffers.close();
    await this.#spilled;
    await this.#memory.whenLoaded();
    while (this.#segments.length > 0) this.#dropFirst();
    this.#options.quota.leave(this.#member);
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
      load: (segment) => this.#memory.load(segment),
      readerMoved: (reader) => this.#readerMoved(reader),
      whenAppended: () => this.#readers.whenAppended(),
      check: () => {
        if (this.#closed) throw new DOMException("The spool is closed", "AbortError");
      },
      readerClosed: (reader) => {
        this.#readers.closed(reader);
        this.#balance();
      },
    };
  }

  #startSegment(): SpoolSegment {
    const segment = this.#memory.begin(this.#firstNumber + this.#segments.length);
    this.#segments.push(segment);
    this.#tail = segment;
    if (this.full) this.#patience ??= setTimeout(() => this.#preferNew(), KEEP_PATIENCE_MS);
    return segment;
  }

  #readerMoved(reader: SpoolReader): void {
    if (this.#closed) return;
    const index = Math.floor(reader.position / this.segmentBytes) - this.#firstNumber;
    for (let ahead = 0; ahead <= readAhead; ahead++) {
      const segment = this.#segments[index + ahead];
      // A failure is told by the read that reaches the segment.
      if (segment !== undefined && segment.buffer === null) this.#memory.load(segment).catch(() => {});
    }
    this.#balance();
    this.#options.quota.changed(this.#member);
  }

  /** Brings the use of memory to its bound: by giving up what is on disk already, then by writing. */
  #balance(): void {
    if (this.#closed) return;
    this.#memory.giveUpClean();
    const { overBound } = this.#buffers;
    if ((overBound || this.#disk.failing) && !this.#spilling) this.#spilled = this.#spill();
  }

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: what gives way first, and what then, stands in one place
  async #spill(): Promise<void> {
    this.#spilling = true;
    while (!this.#closed && (this.#buffers.overBound || this.#disk.failing)) {
      if (this.#buffers.overBound && this.#dropSpare(false)) continue;
      const victim = this.#buffers.overBound ? this.#memory.victim(false) : null;
      if (victim === null) {
        if (!this.#disk.failing) break;
        // Nothing has to be written any more, and no write would tell that the disk works again.
        await this.#disk.probe();
        continue;
      }
      const { full } = this.#disk;
      if ((full || this.#disk.failing) && this.#dropSpare(true)) continue;
      // A disk that takes nothing would otherwise hold up an RDB that is being applied for as long as that lasts.
      if (this.#disk.failing && this.#letGoOfFirst()) continue;
      if (!full) {
        await this.#disk.write(victim);
        if (victim.dropped) this.#forget(victim);
      } else if (!this.#letGoOfFirst() && !this.#options.quota.letGo(this.#member)) {
        if (this.full) this.#options.onQuotaReached?.();
        break;
      }
      this.#memory.giveUpClean();
    }
    // Not when the promise settles: the owner, woken above, appends before that, and must find it over.
    this.#spilling = false;
  }

  /** Under retain "all" with the quota reached, or a disk that fails: gives up the first segment if all readers have passed it. */
  #letGoOfFirst(): boolean {
    if (this.#options.retain !== "all" || this.#readers.none) return false;
    if (Math.min(...this.#readers.numbers) <= this.#firstNumber) return false;
    this.#dropFirst();
    return true;
  }

  /** Gives up the first segment if it has been applied, and is only a margin unless `kept`. */
  #dropSpare(kept: boolean): boolean {
    const end = this.start + this.segmentBytes;
    const spare = kept ? this.#retention.spare(end) : this.#retention.margin(end);
    if (!spare || this.#segments[0]?.sealed !== true) return false;
    this.#dropFirst();
    return true;
  }

  /** The disk is slow: the source is not held for the sake of what has been applied already. */
  #preferNew(): void {
    this.#stopPatience();
    while (this.full && this.#dropSpare(true)) {}
  }

  #stopPatience(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }

  #dropFirst(): void {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    this.#firstNumber++;
    segment.dropped = true;
    if (segment === this.#tail) this.#tail = null;
    this.#forget(segment);
    this.#readers.forgetBefore(this.start);
  }

  #forget(segment: SpoolSegment): void {
    this.#disk.remove(segment);
    this.#memory.forget(segment);
  }
}
