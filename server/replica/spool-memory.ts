import type { SegmentBuffers } from "./segment-buffers.ts";
import type { SpoolDisk } from "./spool-disk.ts";
import type { SpoolReaders } from "./spool-readers.ts";
import { chooseVictim, newSegment, type SpoolSegment } from "./spool-segment.ts";

/** The segments of a spool that are in memory, and those on their way back into it. */
export class SpoolMemory {
  readonly buffers: SegmentBuffers;
  readonly #disk: SpoolDisk;
  readonly #readers: SpoolReaders;
  /** Something has come in or could go. */
  readonly #onMoved: () => void;
  readonly #inMemory = new Set<SpoolSegment>();
  readonly #loads = new Set<Promise<void>>();

  constructor(buffers: SegmentBuffers, disk: SpoolDisk, readers: SpoolReaders, onMoved: () => void) {
    this.buffers = buffers;
    this.#disk = disk;
    this.#readers = readers;
    this.#onMoved = onMoved;
  }

  /** A segment to append to. */
  begin(number: number): SpoolSegment {
    const segment = newSegment(number, this.buffers.take());
    this.#inMemory.add(segment);
    return segment;
  }

  /** Which segment's buffer to give up next: see chooseVictim. */
  victim(clean: boolean): SpoolSegment | null {
    return chooseVictim(this.#inMemory, this.#readers.numbers, clean);
  }

  giveUpClean(): void {
    while (this.buffers.overBound) {
      const victim = this.victim(true);
      if (victim === null) return;
      this.forget(victim);
    }
  }

  /** Gives a segment's buffer to the next one; a view that somebody may still look at is left alone. */
  forget(segment: SpoolSegment): void {
    if (segment.buffer === null || segment.writing) return;
    this.#inMemory.delete(segment);
    if (segment.pins > 0) this.buffers.letGo();
    else this.buffers.giveBack(segment.buffer);
    segment.buffer = null;
  }

  /** Brings a segment's data into memory. @throws TributaryError SPOOL_FAILED when it cannot be read. */
  load(segment: SpoolSegment): Promise<void> {
    if (segment.buffer !== null) return Promise.resolve();
    if (segment.loading === null) {
      const loading = this.#readBack(segment).finally(() => {
        segment.loading = null;
        this.#loads.delete(loading);
        this.#onMoved();
      });
      segment.loading = loading;
      this.#loads.add(loading);
    }
    return segment.loading;
  }

  /** Resolves when no load is under way. */
  async whenLoaded(): Promise<void> {
    await Promise.allSettled(this.#loads);
  }

  async #readBack(segment: SpoolSegment): Promise<void> {
    const buffer = this.buffers.take();
    try {
      await this.#disk.read(segment, buffer);
    } catch (error) {
      this.buffers.giveBack(buffer);
      throw error;
    }
    segment.buffer = buffer;
    this.#inMemory.add(segment);
    if (segment.dropped) this.forget(segment);
  }
}
