import type { Redis } from "ioredis";
import { FingerprintSet } from "../../merge/fingerprint-set.ts";
import { KeyFingerprint } from "../../merge/key-fingerprint.ts";
import { unheldKeysKey } from "../checkpoint/own-keys.ts";
import type { FormerKeys } from "../reconcile/former-keys.ts";
import type { LeftKeys } from "../reconcile/stale-key-list.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { loneMember, parseLoneMember } from "./stray-registry.ts";

const COUNT = 1000;
/** Keys that are marked one by one: some 100 bytes each on the destination, 16 in memory. */
const MOST_MARKED = 200_000;
/** Keys that are remembered as written since; those past this are copied at each command, which costs but is right. */
const MOST_WRITTEN = 4_000_000;

type TaskShard = Pick<ShardSyncSpec, "taskId" | "shardId">;

/** In the place of a key: any may be unheld. */
export const ANY_UNHELD = "*";

/**
 * Keys that may lie on the destination although the shard does not hold them: it held them once, a neighbor or somebody
 * before the task has brought them, or a FLUSHALL was skipped. What the shard makes of such a key begins with nothing,
 * so the destination must not run a command on what lies there: the key is copied from the shard instead, once.
 *
 * Which they are lies on the destination, too. What the shard has written since is known here only: after a reconnect
 * some keys are copied once more than they need.
 *
 * Databases are the destination's.
 */
export class UnheldKeys {
  readonly #fingerprint = new KeyFingerprint();
  readonly #marked = new FingerprintSet();
  readonly #written = new FingerprintSet();
  #any = false;
  #former: FormerKeys | null = null;

  /** Whether `has` may be true of any key. */
  get some(): boolean {
    return this.#any || this.#marked.size > 0 || this.#former !== null;
  }

  has(db: number, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (!this.some) return false;
    this.#fingerprint.compute(db, bytes, start, end);
    const { high, low } = this.#fingerprint;
    const unheld = this.#any || this.#marked.has(high, low) || this.#former?.has(this.#fingerprint) === true;
    return unheld && !this.#written.has(high, low);
  }

  /** Whether it lay there before the task began. */
  isFormer(db: number, key: Uint8Array): boolean {
    return this.#former?.holds(db, key) === true;
  }

  /** From this place of the stream on the destination has of the key what the shard has. */
  written(db: number, bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.#written.size >= MOST_WRITTEN) return;
    this.#fingerprint.compute(db, bytes, start, end);
    this.#written.add(this.#fingerprint.high, this.#fingerprint.low);
  }

  /** From this place of the stream on the shard may hold none of what the destination has. */
  all(): void {
    this.#any = true;
    this.#written.clear();
  }

  /**
   * Reads what lies on the destination, in the place of what was known before.
   * @param client in the checkpoint's database. @param former keys that lay there before the task, and are not kept.
   */
  async load(client: Redis, { taskId, shardId }: TaskShard, former: FormerKeys | null): Promise<void> {
    this.#begin(former);
    let cursor = "0";
    do {
      const [next, members] = await client.sscanBuffer(
        unheldKeysKey(taskId, shardId),
        cursor,
        "COUNT",
        COUNT,
      );
      cursor = next.toString();
      for (const member of members) {
        if (member.equals(Buffer.from(ANY_UNHELD))) this.#any = true;
        else this.#mark(parseLoneMember(member));
      }
    } while (cursor !== "0");
  }

  /** The shard has been copied whole: notes what the copy has left, in the place of what was noted before. */
  async replace(
    client: Redis,
    { taskId, shardId }: TaskShard,
    left: LeftKeys,
    former: FormerKeys | null,
  ): Promise<void> {
    const set = unheldKeysKey(taskId, shardId);
    this.#begin(former);
    await client.del(set);
    if (left === "unknown" || left.length > MOST_MARKED) {
      this.#any = true;
      await client.sadd(set, ANY_UNHELD);
      return;
    }
    for (let at = 0; at < left.length; at += COUNT) {
      const page = left.slice(at, at + COUNT);
      for (const one of page) this.#mark(one);
      await client.sadd(set, ...page.map(({ db, key }) => loneMember(db, key)));
    }
  }

  #begin(former: FormerKeys | null): void {
    this.#marked.clear();
    this.#written.clear();
    this.#any = false;
    this.#former = former === null || former.size === 0 ? null : former;
  }

  #mark({ db, key }: { readonly db: number; readonly key: Uint8Array }): void {
    this.#fingerprint.compute(db, key, 0, key.length);
    this.#marked.add(this.#fingerprint.high, this.#fingerprint.low);
  }
}
