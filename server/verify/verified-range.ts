import { KeyFingerprint } from "../merge/key-fingerprint.ts";
import type { KeyOwnership } from "../merge/key-ownership.ts";
import { isHeartbeatKey, OWN_PREFIX } from "../sync/checkpoint/own-keys.ts";
import { startsWith } from "./known-keys.ts";
import type { VerifyRange } from "./verify-spec.ts";

const OWN = Buffer.from(OWN_PREFIX);
const WHOLE = 2 ** 32;

/** Says of each key whether it is looked at. The same key is, or is not, on every server. */
export class VerifiedRange {
  readonly #range: VerifyRange;
  readonly #ownership: KeyOwnership | null;
  readonly #fingerprint = new KeyFingerprint();
  readonly #below: number;

  constructor(range: VerifyRange, ownership: KeyOwnership | null) {
    this.#range = range;
    this.#ownership = ownership;
    this.#below = (range.sample / 100) * WHOLE;
  }

  /** Tributary's own keys never are. */
  has(key: Buffer): boolean {
    if (startsWith(key, OWN) || isHeartbeatKey(key, 0, key.length)) return false;
    const { prefix, sample, shard } = this.#range;
    if (prefix !== null && !startsWith(key, prefix)) return false;
    if (sample < 100) {
      this.#fingerprint.compute(SAMPLE_SEED, key, 0, key.length);
      if (this.#fingerprint.low >>> 0 >= this.#below) return false;
    }
    return shard === null || this.#ownership === null || this.#ownership.ownerOf(key) === shard;
  }

  /** Whether the keys of this shard are looked at. */
  hasShard(index: number): boolean {
    return this.#range.shard === null || this.#range.shard === index;
  }

  /** Whether a key that no shard holds can be told to belong to the range. */
  get tellsExtra(): boolean {
    return this.#range.shard === null || this.#ownership !== null;
  }
}

/** In the place of a database, so that which keys are sampled has nothing to do with where their fingerprints lie. */
const SAMPLE_SEED = 0x5a3d;
