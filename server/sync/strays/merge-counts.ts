import { FingerprintSet } from "../../merge/fingerprint-set.ts";
import { KeyFingerprint } from "../../merge/key-fingerprint.ts";
import { commandSample } from "../commands/command-sample.ts";
import type { MergeFacts, MergeSample } from "../report/shard-report.ts";

/** Keys that are shown for each kind of decision. */
const SAMPLES = 5;

/** Counts what a shard sync has decided about keys that several shards have, and keeps some of them to show. */
export class MergeCounts {
  readonly #fingerprint = new KeyFingerprint();
  readonly #strays = new FingerprintSet();
  #ambiguous = 0;
  readonly #collisions = new FingerprintSet();
  readonly #samples: MergeSample[] = [];

  /** A key that is not this shard's own. @param shard the name of its owner. @param db the destination's. */
  stray(db: number, key: Uint8Array, shard: string): void {
    this.#fingerprint.compute(db, key, 0, key.length);
    const { high, low } = this.#fingerprint;
    if (this.#strays.add(high, low)) this.#sample("stray", db, key, shard);
  }

  /** An own key that this shard does not hold. @param shard whose value the destination has now. */
  lone(db: number, key: Uint8Array, shard: string): void {
    this.#sample("lone", db, key, shard);
  }

  /** A lone stray that several shards hold. */
  ambiguous(db: number, key: Uint8Array, shard: string): void {
    this.#ambiguous++;
    this.#sample("ambiguous", db, key, shard);
  }

  /**
   * A key that others have, too, of which nobody is the owner.
   * @param holder the other shard, or the task.
   */
  collision(db: number, key: Uint8Array, holder: string): void {
    this.#fingerprint.compute(db, key, 0, key.length);
    const { high, low } = this.#fingerprint;
    if (this.#collisions.add(high, low)) this.#sample("collision", db, key, holder);
  }

  /** An RDB begins: what it holds is counted anew. */
  newRdb(): void {
    this.#strays.clear();
    for (let at = this.#samples.length - 1; at >= 0; at--) {
      if (this.#samples[at]!.kind === "stray") this.#samples.splice(at, 1);
    }
  }

  /**
   * @param lone keys whose value on the destination is a stray's at the moment.
   * @param kept keys of the destination that are not written.
   */
  facts(policy: string, lone: number, kept: number): MergeFacts {
    return {
      policy,
      strays: this.#strays.size,
      lone,
      ambiguous: this.#ambiguous,
      collisions: this.#collisions.size,
      kept,
      samples: [...this.#samples],
    };
  }

  #sample(kind: MergeSample["kind"], db: number, key: Uint8Array, shard: string): void {
    const shown = commandSample([key], 1);
    const same = this.#samples.filter((one) => one.kind === kind);
    if (same.length >= SAMPLES || same.some((one) => one.key === shown && one.db === db)) return;
    this.#samples.push({ kind, key: shown, db, shard });
  }
}
