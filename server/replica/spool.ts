import { TributaryError } from "../errors/tributary-error.ts";
import {
  type SegmentFiles,
  sealSegment,
  segmentDamage,
  segmentFiles,
  segmentHeaderBytes,
  segmentPath,
} from "./segment-file.ts";
import { SpoolReader, type SpoolSource } from "./spool-reader.ts";
import { chooseVictim, newSegment, readAhead, type SpoolSegment } from "./spool-segment.ts";

export { SpoolReader } from "./spool-reader.ts";

export type SpoolOptions = {
  /** Made when the first segment goes to disk. Its files are deleted by close(). */
  readonly directory: string;
  /** Beginning of the files' names: two spools may share a folder. */
  readonly name: string;
  /** Bytes that may be held in memory, at least six segments. */
  readonly memoryBytes: number;
  /** Bytes that may lie on disk. */
  readonly quotaBytes: number;
  /** Bytes of a segment; a sixteenth of memoryBytes between 64 KiB and 2 MiB when not given. */
  readonly segmentBytes?: number;
  /**
   * "applied": what release() was told is dropped, but for the last `retainBytes`. "all": everything is kept
   * until close(), so that it can be read again; where the quota does not allow it, what all readers have
   * passed is dropped from the start on, and `start` is no longer 0.
   */
  readonly retain: "applied" | "all";
  readonly retainBytes?: number;
  /** The disk refuses a write: told once until it works again. Nothing is lost; the write is tried again. */
  readonly onProblem: (problem: TributaryError) => void;
  readonly onRecovered?: () => void;
  /** ms between two tries of a write that failed; 1000 when not given. */
  readonly retryMs?: number;
  readonly files?: SegmentFiles;
};

/** Buffers kept for the next segments, so that a busy spool makes no garbage. */
const spareBuffers = 4;

/**
 * A log of bytes between a source that must not wait and a reader that may be slow: in memory first, on disk
 * when more than the bound is unread. Appending copies, never waits and never fails; `full` asks the owner to
 * hold the source until whenRoom(), which is when memory is used up and the disk is slow, full or broken.
 *
 * Positions are numbers that count the appended bytes from 0 (exact up to 2^53); an owner that thinks in
 * replication offsets adds the offset at which it began.
 */
export class Spool {
  readonly segmentBytes: number;
  readonly #options: SpoolOptions;
  readonly #files: SegmentFiles;
  readonly #source: SpoolSource;
  /** Buffers in use above which segments go to disk, and above which the spool is full. */
  readonly #spillAbove: number;
  readonly #fullAbove: number;
  /** All segments of the log; the first one's number is #firstNumber. */
  readonly #segments: SpoolSegment[] = [];
  #firstNumber = 0;
  #tail: SpoolSegment | null = null;
  readonly #inMemory = new Set<SpoolSegment>();
  readonly #readers = new Set<SpoolReader>();
  readonly #spare: Buffer[] = [];
  #buffers = 0;
  #end = 0;
  #finished = false;
  #closed = false;
  #full = false;
  #diskBytes = 0;
  #spilling: Promise<void> | null = null;
  #removals: Promise<void> = Promise.resolve();
  readonly #loads = new Set<Promise<void>>();
  #directoryMade = false;
  #failing = false;
  #stopRetrying: () => void = () => {};
  #appendWaiters: (() => void)[] = [];
  #roomWaiters: (() => void)[] = [];

  constructor(options: SpoolOptions) {
    const { memoryBytes } = options;
    this.#options = options;
    this.#files = options.files ?? segmentFiles;
    this.segmentBytes =
      options.segmentBytes ?? Math.min(2 * 1024 * 1024, Math.max(64 * 1024, Math.floor(memoryBytes / 16)));
    this.#fullAbove = Math.max(6, Math.floor(memoryBytes / this.segmentBytes));
    this.#spillAbove = Math.floor(this.#fullAbove * 0.75);
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
    return this.#buffers * this.segmentBytes;
  }

  get diskBytes(): number {
    return this.#diskBytes;
  }

  /** True when the owner should append no more until whenRoom(). Appending all the same only takes memory. */
  get full(): boolean {
    return this.#full;
  }

  /** True while no further segment may go to disk: a spool that is full then waits for release(). */
  get quotaReached(): boolean {
    return this.#diskBytes + segmentHeaderBytes + this.segmentBytes > this.#options.quotaBytes;
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
      if (tail.length === this.segmentBytes) this.#seal(tail);
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

  /** What lies before `upTo` has been applied. With retain "all" it is kept all the same. */
  release(upTo: number): void {
    if (this.#options.retain === "all") return;
    let bound = Math.min(upTo, this.#end) - (this.#options.retainBytes ?? 0);
    for (const reader of this.#readers) bound = Math.min(bound, reader.position);
    const keepFrom = Math.floor(bound / this.segmentBytes);
    if (keepFrom <= this.#firstNumber) return;
    while (this.#firstNumber < keepFrom) this.#dropFirst();
    this.#balance();
  }

  /** Resolves when the spool is not full, or closed. */
  whenRoom(): Promise<void> {
    if (!this.#full || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Deletes the files and lets go of the memory. Reads under way fail with an AbortError. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopRetrying();
    this.#wakeReaders();
    this.#wakeOwner();
    await this.#spilling;
    await Promise.allSettled(this.#loads);
    while (this.#segments.length > 0) this.#dropFirst();
    await this.#removals;
    this.#spare.length = 0;
  }

  #sourceForReaders(): SpoolSource {
    const spool = this;
    return {
      segmentBytes: this.segmentBytes,
      get end() {
        return spool.#end;
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
    const segment = newSegment(this.#firstNumber + this.#segments.length, this.#takeBuffer());
    this.#segments.push(segment);
    this.#inMemory.add(segment);
    this.#tail = segment;
    return segment;
  }

  #seal(segment: SpoolSegment): void {
    segment.sealed = true;
    this.#tail = null;
    this.#balance();
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
    for (const segment of this.#inMemory) if (segment.dropped) this.#forgetBuffer(segment);
    this.#giveUpClean();
    if (this.#buffers > this.#spillAbove && this.#spilling === null) {
      this.#spilling = this.#spill().finally(() => {
        this.#spilling = null;
      });
    }
    this.#judgeRoom();
  }

  #giveUpClean(): void {
    while (this.#buffers > this.#spillAbove) {
      const victim = chooseVictim(this.#inMemory, this.#readerNumbers(), true);
      if (victim === null) return;
      this.#forgetBuffer(victim);
    }
  }

  async #spill(): Promise<void> {
    while (!this.#closed && this.#buffers > this.#spillAbove) {
      const victim = chooseVictim(this.#inMemory, this.#readerNumbers(), false);
      if (victim === null) return;
      if (!this.quotaReached) await this.#write(victim);
      else if (!this.#letGoOfFirst()) return;
      this.#giveUpClean();
      this.#judgeRoom();
    }
  }

  async #write(segment: SpoolSegment): Promise<void> {
    const { directory } = this.#options;
    const bytes = segmentHeaderBytes + segment.length;
    segment.writing = true;
    this.#diskBytes += bytes;
    try {
      if (!this.#directoryMade) await this.#files.makeDirectory(directory);
      this.#directoryMade = true;
      const buffer = segment.buffer!;
      sealSegment(buffer, segment.number * this.segmentBytes, segment.length);
      await this.#files.write(this.#pathOf(segment), buffer.subarray(0, bytes));
      segment.onDisk = true;
      if (this.#failing) this.#options.onRecovered?.();
      this.#failing = false;
    } catch (error) {
      this.#diskBytes -= bytes;
      this.#directoryMade = false;
      if (!this.#failing) this.#options.onProblem(this.#failure(error));
      this.#failing = true;
    }
    segment.writing = false;
    if (segment.dropped) {
      this.#removeFile(segment);
      this.#forgetBuffer(segment);
    }
    if (this.#failing) await this.#beforeRetry();
  }

  #beforeRetry(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.retryMs ?? 1000);
      this.#stopRetrying = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
    const buffer = this.#takeBuffer();
    try {
      const got = await this.#files.read(
        this.#pathOf(segment),
        buffer.subarray(0, segmentHeaderBytes + segment.length),
      );
      const damage = segmentDamage(buffer, got, segment.number * this.segmentBytes, segment.length);
      if (damage !== null) throw new Error(`${this.#pathOf(segment)} is damaged: ${damage}`);
    } catch (error) {
      this.#giveBack(buffer);
      throw this.#failure(error);
    }
    if (segment.dropped) {
      this.#giveBack(buffer);
    } else {
      segment.buffer = buffer;
      this.#inMemory.add(segment);
    }
  }

  /** Under retain "all" with the quota reached: gives up the first segment if all readers have passed it. */
  #letGoOfFirst(): boolean {
    const slowest = Math.min(...this.#readerNumbers());
    if (this.#options.retain !== "all" || this.#readers.size === 0 || slowest <= this.#firstNumber)
      return false;
    this.#dropFirst();
    return true;
  }

  #dropFirst(): void {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    this.#firstNumber++;
    segment.dropped = true;
    if (segment === this.#tail) this.#tail = null;
    this.#removeFile(segment);
    this.#forgetBuffer(segment);
  }

  #removeFile(segment: SpoolSegment): void {
    if (!segment.onDisk) return;
    segment.onDisk = false;
    this.#diskBytes -= segmentHeaderBytes + segment.length;
    // One after another: thousands may go at once. A file that stays is deleted with the folder.
    this.#removals = this.#removals.then(() => this.#files.remove(this.#pathOf(segment)).catch(() => {}));
  }

  /** Gives a segment's buffer to the next one, unless somebody still uses it. */
  #forgetBuffer(segment: SpoolSegment): void {
    if (segment.buffer === null || segment.pins > 0 || segment.writing) return;
    this.#inMemory.delete(segment);
    this.#giveBack(segment.buffer);
    segment.buffer = null;
  }

  #takeBuffer(): Buffer {
    this.#buffers++;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(segmentHeaderBytes + this.segmentBytes);
  }

  #giveBack(buffer: Buffer): void {
    this.#buffers--;
    if (this.#spare.length < spareBuffers) this.#spare.push(buffer);
  }

  #judgeRoom(): void {
    if (this.#buffers > this.#fullAbove) this.#full = true;
    else if (this.#full && this.#buffers < this.#fullAbove) {
      this.#full = false;
      this.#wakeOwner();
    }
  }

  #wakeOwner(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  #wakeReaders(): void {
    if (this.#appendWaiters.length === 0) return;
    for (const resolve of this.#appendWaiters.splice(0)) resolve();
  }

  #readerNumbers(): number[] {
    return [...this.#readers].map((reader) => Math.floor(reader.position / this.segmentBytes));
  }

  #pathOf(segment: SpoolSegment): string {
    return segmentPath(this.#options.directory, this.#options.name, segment.number);
  }

  #failure(error: unknown): TributaryError {
    const detail = error instanceof Error ? error.message : String(error);
    return new TributaryError(
      "SPOOL_FAILED",
      { directory: this.#options.directory, detail },
      { cause: error },
    );
  }
}
