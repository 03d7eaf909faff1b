import { TributaryError } from "../errors/tributary-error.ts";
import {
  type SegmentFiles,
  sealSegment,
  segmentDamage,
  segmentFiles,
  segmentHeaderBytes,
  segmentPath,
} from "./segment-file.ts";
import type { SpoolDiskOptions } from "./spool-options.ts";
import type { SpoolSegment } from "./spool-segment.ts";

/** Where a spool's segments lie on disk: one file each, written once, read back whole, deleted. */
export class SpoolDisk {
  readonly #options: SpoolDiskOptions;
  readonly #segmentBytes: number;
  readonly #files: SegmentFiles;
  #bytes = 0;
  #directoryMade = false;
  #failing = false;
  #closed = false;
  #stopWaiting: () => void = () => {};
  #removals: Promise<void> = Promise.resolve();

  constructor(options: SpoolDiskOptions, segmentBytes: number) {
    this.#options = options;
    this.#segmentBytes = segmentBytes;
    this.#files = options.files ?? segmentFiles;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when the quota does not allow one more segment. */
  get full(): boolean {
    return !this.#options.quota.fits(segmentHeaderBytes + this.#segmentBytes);
  }

  /** True from a write that failed until one succeeds. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Writes a sealed segment and sets `onDisk`; after a failure it waits for the time of the next try. */
  async write(segment: SpoolSegment): Promise<void> {
    const size = segmentHeaderBytes + segment.length;
    const buffer = segment.buffer!;
    segment.writing = true;
    this.#count(size);
    try {
      if (!this.#directoryMade) await this.#files.makeDirectory(this.#options.directory);
      this.#directoryMade = true;
      sealSegment(buffer, segment.number * this.#segmentBytes, segment.length);
      await this.#files.write(this.#pathOf(segment), buffer.subarray(0, size));
      segment.onDisk = true;
      this.#worked();
    } catch (error) {
      this.#count(-size);
      // Somebody may have removed it.
      this.#directoryMade = false;
      if (!this.#failing) this.#options.onProblem(this.#failure(error));
      this.#failing = true;
    } finally {
      segment.writing = false;
    }
    if (this.#failing) await this.#untilNextTry();
  }

  /**
   * Where a write has failed and none is needed any more: tries whether a segment could be written, and tells that
   * it could. After a failure it waits for the time of the next try.
   */
  async probe(): Promise<void> {
    const path = `${this.#pathOf({ number: 0 })}.probe`;
    try {
      await this.#files.makeDirectory(this.#options.directory);
      await this.#files.write(path, Buffer.alloc(segmentHeaderBytes + this.#segmentBytes));
      await this.#files.remove(path);
      this.#worked();
    } catch {
      await this.#untilNextTry();
    }
  }

  /** Reads a segment's header and data into `buffer`. @throws TributaryError SPOOL_FAILED, also when damaged. */
  async read(segment: SpoolSegment, buffer: Buffer): Promise<void> {
    const path = this.#pathOf(segment);
    const start = segment.number * this.#segmentBytes;
    try {
      const got = await this.#files.read(path, buffer.subarray(0, segmentHeaderBytes + segment.length));
      const damage = segmentDamage(buffer, got, start, segment.length);
      if (damage !== null) throw new Error(`${path} is damaged: ${damage}`);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Deletes a segment's file, soon; a segment that has none is passed over. */
  remove(segment: SpoolSegment): void {
    if (!segment.onDisk) return;
    segment.onDisk = false;
    this.#count(-segmentHeaderBytes - segment.length);
    const path = this.#pathOf(segment);
    // One after another: thousands may go at once. A file that stays is deleted with the folder.
    this.#removals = this.#removals.then(() => this.#files.remove(path).catch(() => {}));
  }

  /** Ends a wait for the next try. */
  stop(): void {
    this.#closed = true;
    this.#stopWaiting();
  }

  /** Resolves when all removed files are gone. */
  async whenRemoved(): Promise<void> {
    await this.#removals;
  }

  #worked(): void {
    if (this.#failing) this.#options.onRecovered?.();
    this.#failing = false;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#options.quota.take(bytes);
  }

  #untilNextTry(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.retryMs ?? 1000);
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #pathOf(segment: Pick<SpoolSegment, "number">): string {
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
