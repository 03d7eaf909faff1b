/** Removals whose offsets are remembered: INFO is asked every two seconds. */
const REMEMBERED = 16_384;
/** Answers of INFO that wait until the stream has come to their offset. */
const MOST_MARKS = 16;

type Mark = { readonly offset: number; readonly removed: number };
type Settled = { readonly removed: number; readonly noted: number; readonly selected: number };

/**
 * Tells the deletions in a stream that somebody has written from those that the server has made by itself. The stream
 * does not say it. But INFO says its offset and how much the server has removed up to there in one answer, so that what
 * the stream has beyond that between two answers is somebody's.
 * redis: expire.c deleteExpiredKeyAndPropagate, evict.c performEvictions
 */
export class Removals {
  readonly #offsets = new Float64Array(REMEMBERED);
  #noted = 0;
  #selected = 0;
  #marks: Mark[] = [];
  #last: Settled | null = null;

  /** @param selected it is in a database that is synchronized. */
  note(offset: number, selected: boolean): void {
    this.#offsets[this.#noted % REMEMBERED] = offset;
    this.#noted++;
    if (selected) this.#selected++;
  }

  /** @param removed since the server's start, by itself. */
  explain(offset: number, removed: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && offset < last.offset) this.#marks = [];
    this.#marks.push({ offset, removed });
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
  }

  newHistory(): void {
    this.#marks = [];
    this.#last = null;
  }

  /**
   * @param readTo the stream has been read up to this offset.
   * @returns how many removals by somebody have been found since the last call.
   */
  settle(readTo: number): number {
    let found = 0;
    while (this.#marks.length > 0 && this.#marks[0]!.offset <= readTo) {
      const { offset, removed } = this.#marks.shift()!;
      const noted = this.#upTo(offset);
      if (noted === null) {
        // Too many since then to say: the next answer begins anew.
        this.#last = null;
        continue;
      }
      const last = this.#last;
      this.#last = { removed, noted, selected: this.#selected };
      // A server that was started again counts anew.
      if (last === null || removed < last.removed) continue;
      const byHand = noted - last.noted - (removed - last.removed);
      found += Math.max(0, Math.min(byHand, this.#selected - last.selected));
    }
    return found;
  }

  /** How many have been noted before this offset; null where that is too long ago. */
  #upTo(offset: number): number | null {
    const oldest = Math.max(0, this.#noted - REMEMBERED);
    let index = this.#noted;
    while (index > oldest && this.#offsets[(index - 1) % REMEMBERED]! >= offset) index--;
    return index === oldest && oldest > 0 ? null : index;
  }
}
