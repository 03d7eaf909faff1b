import { encodeCommand } from "../../redis/encode-command.ts";

/**
 * Keys whose expiry is as far in the future as held-back ones are, and is meant so: they lie in a set on the destination,
 * which is looked at before an expiry is taken for a held-back one. Hardly any task has such a key.
 */
export class TrueExpiries {
  readonly #setKey: string;
  readonly #members = new Set<string>();
  #notes: Buffer[] = [];

  /** @param setKey of the set, which all shards of a task share: the distance of one may be the truth of another. */
  constructor(setKey: string) {
    this.#setKey = setKey;
  }

  get setKey(): string {
    return this.#setKey;
  }

  /** What the set holds, at the beginning of a session. */
  adopt(members: readonly Buffer[]): void {
    this.#members.clear();
    for (const member of members) this.#members.add(member.toString("latin1"));
    this.#notes = [];
  }

  get any(): boolean {
    return this.#members.size > 0;
  }

  /** @param db of the destination. */
  note(db: number, key: Uint8Array): void {
    const member = memberOf(db, key);
    this.#members.add(member.toString("latin1"));
    this.#notes.push(encodeCommand(["SADD", this.#setKey, member]));
  }

  /** The key's expiry is held back now, or will be another. */
  lift(db: number, key: Uint8Array): void {
    if (this.#members.size === 0) return;
    const member = memberOf(db, key);
    if (!this.#members.delete(member.toString("latin1"))) return;
    this.#notes.push(encodeCommand(["SREM", this.#setKey, member]));
  }

  /** A key has taken its expiry along to another name or database. */
  carried(from: { db: number; key: Uint8Array }, to: { db: number; key: Uint8Array }): void {
    if (this.#members.has(memberOf(from.db, from.key).toString("latin1"))) this.note(to.db, to.key);
    else this.lift(to.db, to.key);
  }

  /** True where something is to be written in the transaction of the expiry at hand. */
  get waiting(): boolean {
    return this.#notes.length > 0;
  }

  /** That, as commands for the database of the checkpoint. */
  take(): readonly Buffer[] {
    if (this.#notes.length === 0) return NONE;
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }
}

const NONE: readonly Buffer[] = [];

function memberOf(db: number, key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${db}:`), key]);
}
