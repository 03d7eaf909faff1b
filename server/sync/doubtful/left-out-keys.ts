/** A key, by its database on the source. */
type LeftOutKey = { readonly db: number; readonly key: Buffer };

/**
 * Keys of one shard whose values the destination does not take, because of its limits. They are not there at all:
 * half of a value is not the value, and what the stream goes on to say of such a key would make one that never
 * existed. They lie in a set on the destination, which is written with the transaction that leaves them out, so that
 * the next engine knows them too.
 *
 * One leaves the set when the shard overwrites or deletes it, or when it has been copied whole.
 */
export class LeftOutKeys {
  readonly #keys = new Set<string>();
  /** To be removed from the destination with the next transaction; some of it may be underway. */
  #waiting: LeftOutKey[] = [];
  #underway: LeftOutKey[] = [];

  /** What the set on the destination holds, at the beginning of a session; what was underway may not have come. */
  adopt(members: readonly Buffer[]): void {
    this.#waiting = [...this.#underway, ...this.#waiting];
    this.#underway = [];
    this.#keys.clear();
    for (const member of members) this.#keys.add(member.toString("latin1"));
    for (const { db, key } of this.#waiting) this.#keys.add(textOf(db, key));
  }

  /** The shard is copied whole from here on. */
  clear(): void {
    this.#keys.clear();
    this.#waiting = [];
    this.#underway = [];
  }

  get any(): boolean {
    return this.#keys.size > 0;
  }

  has(db: number, key: Uint8Array): boolean {
    return this.#keys.has(textOf(db, key));
  }

  add(db: number, key: Uint8Array): void {
    this.#keys.add(textOf(db, key));
  }

  delete(db: number, key: Uint8Array): void {
    this.#keys.delete(textOf(db, key));
  }

  /** What the destination holds of it may be a part: it is removed there with the next transaction. */
  remove(db: number, key: Uint8Array): void {
    this.add(db, key);
    this.#waiting.push({ db, key: Buffer.from(key) });
  }

  /** Something is to be removed. */
  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What is to be removed now, to be confirmed by `removed`. */
  take(): readonly LeftOutKey[] {
    this.#underway = this.#waiting;
    this.#waiting = [];
    return this.#underway;
  }

  removed(): void {
    this.#underway = [];
  }
}

/** As it lies in the set. */
export function leftOutMember(db: number, key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${db}:`), key]);
}

const textOf = (db: number, key: Uint8Array) => leftOutMember(db, key).toString("latin1");
