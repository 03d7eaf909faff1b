import type { DestinationPersistence } from "./destination-persistence.ts";

/** ms added to what INFO says in whole seconds. */
const MARGIN_MS = 3_000;
/** ms between two notes of how far the destination was, and how many of them are held at most: about an hour's. */
const NOTE_MS = 1000;
const MOST_NOTES = 4096;
/** ms for which what has to be kept is not looked at again: many transactions are answered in them. */
const LOOK_MS = 50;

type Note = { readonly at: number; readonly position: number };

/**
 * Knows how far a destination could go back if it were to end now, from what it says of its persistence: behind
 * a transaction that it has answered, since nothing of Redis's is on disk, or on a replica, with its answer. In:
 * each checkpoint as it is answered, and INFO every few seconds. Out: the position in the stream from which on
 * all has to be kept. Where a save is too old for that to be held, it says no more of it.
 */
export class DestinationDurability {
  readonly #now: () => number;
  readonly #lossMs: number;
  /** In the order of time and of position. */
  #notes: Note[] = [];
  /** Where the stretch of history at hand begins. */
  #first = 0;
  #stretch: object | null = null;
  #persistence: DestinationPersistence | null = null;
  #askedAt = 0;
  /** Where the stream was when the last save that is known began, and the one that is under way. */
  #saved: number | null = null;
  #saving: number | null = null;
  #keepFrom = 0;
  #lookedAt = 0;

  /**
   * @param now ms since any fixed time; never goes back.
   * @param lossMs what a destination may lose that keeps its data anywhere.
   */
  constructor(now: () => number, lossMs: number) {
    this.#now = now;
    this.#lossMs = lossMs;
  }

  /**
   * The destination stands at `position` and is written to from there on.
   * @param stretch what positions count in: with another one all before is forgotten.
   */
  continuesAt(position: number, stretch: object): void {
    if (this.#stretch !== stretch) {
      this.#stretch = stretch;
      this.#notes = [];
      this.#first = position;
      this.#saved = null;
      this.#saving = null;
    }
    while (this.#notes.length > 0 && this.#notes[this.#notes.length - 1]!.position >= position)
      this.#notes.pop();
    this.#notes.push({ at: this.#now(), position });
    if (this.#saved !== null) this.#saved = Math.min(this.#saved, position);
    if (this.#saving !== null) this.#saving = Math.min(this.#saving, position);
    this.#keepFrom = Math.min(this.#keepFrom, position);
  }

  /**
   * The destination has answered the checkpoint at `position`.
   * @param start the first position that is still held.
   * @returns the position from which on all has to be kept, at most `position`.
   */
  applied(position: number, start: number): number {
    const now = this.#now();
    const last = this.#notes[this.#notes.length - 1];
    if (last === undefined || now - last.at >= NOTE_MS) {
      this.#notes.push({ at: now, position });
      if (this.#notes.length > MOST_NOTES) this.#notes.splice(0, MOST_NOTES / 8);
    }
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#keepFrom = this.#reach(position, start, now);
    }
    return Math.min(this.#keepFrom, position);
  }

  /**
   * What the destination said when it was asked at `askedAt`. No clock but the own one is used: a save that was
   * not there at the last look has ended since, and took as long as it says.
   */
  observed(persistence: DestinationPersistence | null, askedAt: number): void {
    const before = this.#persistence;
    if (persistence !== null && before !== null && persistence.runId === before.runId) {
      if (persistence.lastSave !== before.lastSave) {
        this.#saved = this.#positionAt(
          this.#askedAt - Math.max(0, persistence.lastSaveTook) * 1000 - MARGIN_MS,
        );
      }
    }
    const savingFor = persistence?.savingFor ?? null;
    this.#saving = savingFor === null ? null : this.#positionAt(askedAt - savingFor * 1000 - MARGIN_MS);
    this.#persistence = persistence;
    this.#askedAt = askedAt;
  }

  #reach(position: number, start: number, now: number): number {
    const persistence = this.#persistence;
    let reach = position;
    const lasting = persistence === null || persistence.aof || persistence.replicas > 0;
    if (lasting || persistence.saves !== false || this.#saving !== null) {
      reach = Math.min(reach, Math.max(start, this.#positionAt(now - this.#lossMs)));
    }
    // With an AOF a restart does not look at the RDB.
    if (persistence?.aof === true) return reach;
    for (const save of [this.#saved, this.#saving]) {
      if (save !== null && save >= start) reach = Math.min(reach, save);
    }
    return reach;
  }

  /** Where the destination had surely come to at a time; an older position is always on the safe side. */
  #positionAt(time: number): number {
    const notes = this.#notes;
    let low = -1;
    let high = notes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (notes[middle]!.at <= time) low = middle;
      else high = middle - 1;
    }
    return notes[low]?.position ?? this.#first;
  }
}
