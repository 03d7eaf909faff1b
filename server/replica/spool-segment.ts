/** One piece of a spool's log, in memory, on disk, or both; all but the last have the same length. */
export type SpoolSegment = {
  /** Counts up from 0; its position is number × the length of a segment. */
  readonly number: number;
  /** Bytes of data so far. */
  length: number;
  /** Header and data; null while the data is on disk only. */
  buffer: Buffer | null;
  /** No more will be appended. */
  sealed: boolean;
  onDisk: boolean;
  writing: boolean;
  /** Settles when the data is in memory again. */
  loading: Promise<void> | null;
  /** Readers whose last view lies in the buffer. */
  pins: number;
  /** No longer part of the spool; its file goes when it has been written. */
  dropped: boolean;
};

export function newSegment(number: number, buffer: Buffer): SpoolSegment {
  return {
    number,
    length: 0,
    buffer,
    sealed: false,
    onDisk: false,
    writing: false,
    loading: null,
    pins: 0,
    dropped: false,
  };
}

/** The segment that a reader is in, and this many after it, are kept in memory or read ahead. */
export const readAhead = 2;

/**
 * Which segment's buffer to give up first: of those that every reader has passed the oldest, since they are
 * read again only after a rewind; else the newest, since it is read last. `clean`: only those that are on
 * disk, or only those that are not. null where none may go.
 * @param readers the numbers of the segments that the readers are in.
 */
export function chooseVictim(
  segments: Iterable<SpoolSegment>,
  readers: readonly number[],
  clean: boolean,
): SpoolSegment | null {
  const slowest = readers.length === 0 ? -1 : Math.min(...readers);
  let victim: SpoolSegment | null = null;
  for (const segment of segments) {
    const { number } = segment;
    const busy = !segment.sealed || segment.writing || segment.loading !== null || segment.pins > 0;
    if (busy || segment.onDisk !== clean) continue;
    if (readers.some((reader) => number >= reader && number <= reader + readAhead)) continue;
    if (victim === null) victim = segment;
    else if (number < slowest || victim.number < slowest) victim = number < victim.number ? segment : victim;
    else victim = number > victim.number ? segment : victim;
  }
  return victim;
}
