import { segmentHeaderBytes } from "./segment-file.ts";
import type { SpoolSegment } from "./spool-segment.ts";

/** What a reader needs of its spool. */
export interface SpoolSource {
  readonly start: number;
  readonly end: number;
  readonly finished: boolean;
  readonly segmentBytes: number;
  segmentAt(position: number): SpoolSegment;
  /** Brings a segment's data into memory. @throws TributaryError SPOOL_FAILED when it cannot be read. */
  load(segment: SpoolSegment): Promise<void>;
  /** The reader has entered another segment, or let go of one. */
  readerMoved(reader: SpoolReader): void;
  /** Resolves at the next append, finish or close. */
  whenAppended(): Promise<void>;
  /** @throws when the spool is closed. */
  check(): void;
  readerClosed(reader: SpoolReader): void;
}

/** Reads a spool's log from a position on. One read at a time. */
export class SpoolReader {
  readonly #source: SpoolSource;
  #position: number;
  #pinned: SpoolSegment | null = null;
  #closed = false;

  constructor(source: SpoolSource, from: number) {
    this.#source = source;
    this.#position = from;
  }

  /** The position of the next byte to be read: just after the last view. */
  get position(): number {
    return this.#position;
  }

  /** Bytes that have been appended and not been read yet, whether they are in memory or on disk. */
  get left(): number {
    return this.#source.end - this.#position;
  }

  /**
   * The next bytes, at most a segment; null when the spool is finished and all is read. The view is valid
   * until the next read or close.
   * @throws TributaryError SPOOL_FAILED when bytes that are on disk cannot be read back; RangeError when they
   * have been released; a DOMException AbortError when the reader or the spool is closed.
   */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const view = this.tryRead();
      if (view !== null) return view;
      if (this.#position < this.#source.end) await this.#source.load(this.#source.segmentAt(this.#position));
      else if (this.#source.finished) return null;
      else await this.#source.whenAppended();
    }
  }

  /** Like read, but null also where it would have to wait: for an append or for the disk. */
  tryRead(): Uint8Array | null {
    const source = this.#source;
    this.#check();
    if (this.#position >= source.end) {
      this.#unpin();
      return null;
    }
    const segment = source.segmentAt(this.#position);
    if (segment.buffer === null) {
      this.#unpin();
      // A failure is told by the read that waits for it.
      source.load(segment).catch(() => {});
      return null;
    }
    if (segment !== this.#pinned) {
      segment.pins++;
      this.#unpin();
      this.#pinned = segment;
    }
    const from = this.#position - segment.number * source.segmentBytes;
    const view = segment.buffer.subarray(segmentHeaderBytes + from, segmentHeaderBytes + segment.length);
    this.#position += view.length;
    if (segment.length === source.segmentBytes) source.readerMoved(this);
    return view;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unpin();
    this.#source.readerClosed(this);
  }

  #check(): void {
    if (this.#closed) throw new DOMException("The reader of the spool is closed", "AbortError");
    this.#source.check();
    if (this.#position < this.#source.start) {
      throw new RangeError(
        `Position ${this.#position} has been released: the spool has ${this.#source.start} on`,
      );
    }
  }

  #unpin(): void {
    const segment = this.#pinned;
    if (segment === null) return;
    this.#pinned = null;
    segment.pins--;
    this.#source.readerMoved(this);
  }
}
