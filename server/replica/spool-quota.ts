/** One of the spools that share a quota. */
export interface QuotaMember {
  /** Gives up what it can do without; false when there is nothing. */
  letGo(): boolean;
  /** There may be room now, or something to let go of. */
  roomMayBe(): void;
}

/** Bytes that several spools together may have on disk. */
export class SpoolQuota {
  readonly bytes: number;
  #used = 0;
  readonly #members = new Set<QuotaMember>();

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  get used(): number {
    return this.#used;
  }

  join(member: QuotaMember): void {
    this.#members.add(member);
  }

  leave(member: QuotaMember): void {
    this.#members.delete(member);
    this.changed(member);
  }

  fits(bytes: number): boolean {
    return this.#used + bytes <= this.bytes;
  }

  /** @param bytes below 0 gives some back. */
  take(bytes: number): void {
    this.#used += bytes;
  }

  /** Asks the others to let go of something for `member`. @returns whether one did. */
  letGo(member: QuotaMember): boolean {
    for (const other of this.#members) if (other !== member && other.letGo()) return true;
    return false;
  }

  /** `member` has given something back, or could let go of more than before. */
  changed(member: QuotaMember): void {
    for (const other of this.#members) if (other !== member) other.roomMayBe();
  }
}
