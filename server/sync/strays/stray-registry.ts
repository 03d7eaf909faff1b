import type { Redis } from "ioredis";
import { FingerprintSet } from "../../merge/fingerprint-set.ts";
import { KeyFingerprint } from "../../merge/key-fingerprint.ts";
import { loneStraysKey, straysKey } from "../checkpoint/own-keys.ts";

const COUNT = 1000;

/**
 * What a shard sync knows of copies of its own keys on other shards. All of it lies on the destination, too: here are
 * only fingerprints, 16 bytes for each key or more, so that each command of the stream can ask.
 *
 * Databases are the destination's.
 */
export class StrayRegistry {
  readonly #fingerprint = new KeyFingerprint();
  /** Own keys of which another shard is known to have had a copy. */
  readonly #known = new FingerprintSet();
  /** Own keys that this shard does not hold, and for which the destination holds a stray's value. */
  readonly #lone = new FingerprintSet();

  get anyKnown(): boolean {
    return this.#known.size > 0;
  }

  get lone(): number {
    return this.#lone.size;
  }

  isKnown(db: number, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    return this.#known.size > 0 && this.#in(this.#known, db, bytes, start, end);
  }

  isLone(db: number, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    return this.#lone.size > 0 && this.#in(this.#lone, db, bytes, start, end);
  }

  addKnown(db: number, key: Uint8Array): void {
    this.#fingerprint.compute(db, key, 0, key.length);
    this.#known.add(this.#fingerprint.high, this.#fingerprint.low);
  }

  /** `isLone` from this place of the stream on, or not any more. */
  setLone(db: number, key: Uint8Array, lone: boolean): void {
    this.#fingerprint.compute(db, key, 0, key.length);
    const { high, low } = this.#fingerprint;
    if (lone) this.#lone.add(high, low);
    else this.#lone.delete(high, low);
  }

  forget(db: number, key: Uint8Array): void {
    this.#fingerprint.compute(db, key, 0, key.length);
    this.#known.delete(this.#fingerprint.high, this.#fingerprint.low);
  }

  #in(set: FingerprintSet, db: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#fingerprint.compute(db, bytes, start, end);
    return set.has(this.#fingerprint.high, this.#fingerprint.low);
  }

  /** Reads what lies on the destination, in the place of what was known before. @param client in the checkpoint's database. */
  async load(client: Redis, taskId: string, shardId: string): Promise<void> {
    this.#known.clear();
    this.#lone.clear();
    for await (const { db, key } of registeredStrays(client, taskId, shardId)) this.addKnown(db, key);
    let cursor = "0";
    do {
      const [next, members] = await client.sscanBuffer(
        loneStraysKey(taskId, shardId),
        cursor,
        "COUNT",
        COUNT,
      );
      cursor = next.toString();
      for (const member of members) {
        const { db, key } = parseLoneMember(member);
        this.setLone(db, key, true);
      }
    } while (cursor !== "0");
  }
}

/** A copy of a key that is not the shard's own: which shard holds it, and where it would lie on the destination. */
export type RegisteredStray = { readonly holder: number; readonly db: number; readonly key: Buffer };

/** The strays that are registered for the keys of `ownerId`; each at least once. */
export async function* registeredStrays(
  client: Redis,
  taskId: string,
  ownerId: string,
): AsyncGenerator<RegisteredStray> {
  let cursor = "0";
  do {
    const [next, found] = await client.zscanBuffer(straysKey(taskId, ownerId), cursor, "COUNT", COUNT);
    cursor = next.toString();
    // Members and scores in turns.
    for (let at = 0; at < found.length; at += 2) yield parseStray(found[at]!);
  } while (cursor !== "0");
}

/** A member of the set of lone strays. */
export function loneMember(db: number, key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${db}:`), key]);
}

/** @throws Error on what Tributary did not write. */
export function parseLoneMember(member: Buffer): { readonly db: number; readonly key: Buffer } {
  const { number: db, rest: key } = numbered(member);
  return { db, key };
}

/** A member of an owner's sorted set of strays; its score is when it was seen to be written, ms since the epoch. */
export function strayMember(holder: number, db: number, key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${holder}:${db}:`), key]);
}

function parseStray(member: Buffer): RegisteredStray {
  const { number: holder, rest } = numbered(member);
  const { number: db, rest: key } = numbered(rest);
  return { holder, db, key };
}

/** @throws Error on what Tributary did not write. */
function numbered(member: Buffer): { number: number; rest: Buffer } {
  const colon = member.indexOf(0x3a);
  const number = Number(member.toString("latin1", 0, Math.max(0, colon)));
  if (colon < 1 || !Number.isInteger(number)) throw new Error("a registered stray cannot be read");
  return { number, rest: member.subarray(colon + 1) };
}
