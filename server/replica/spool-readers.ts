import { SpoolReader, type SpoolSource } from "./spool-reader.ts";

/** The readers of one spool: where they are, and those of them that wait for more. */
export class SpoolReaders {
  readonly #segmentBytes: number;
  readonly #readers = new Set<SpoolReader>();
  #waiters: (() => void)[] = [];

  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
  }

  get none(): boolean {
    return this.#readers.size === 0;
  }

  /** The numbers of the segments that they are in. */
  get numbers(): number[] {
    return [...this.#readers].map((reader) => Math.floor(reader.position / this.#segmentBytes));
  }

  open(source: SpoolSource, from: number): SpoolReader {
    const reader = new SpoolReader(source, from);
    this.#readers.add(reader);
    return reader;
  }

  closed(reader: SpoolReader): void {
    this.#readers.delete(reader);
  }

  /** One that was left over from an attempt that was given up cannot go on, and holds nothing back. */
  forgetBefore(start: number): void {
    for (const reader of this.#readers) if (reader.position < start) this.#readers.delete(reader);
  }

  whenAppended(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  wake(): void {
    if (this.#waiters.length > 0) for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
