import { commandSample } from "../commands/command-sample.ts";
import type { FoundKey } from "./reconcile-scan.ts";

/** Bytes of keys that are held in memory; what comes after them is only counted. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a key takes beside its bytes. */
const OVERHEAD = 200;
const SAMPLES = 5;

/** What a whole copy of a shard has left on the destination: these keys, or nobody knows which. */
export type LeftKeys = readonly Pick<FoundKey, "db" | "key">[] | "unknown";

/** Keys of the destination that no shard has, as they are found. */
export class StaleKeyList {
  count = 0;
  /** False once some are only counted. */
  whole = true;
  readonly sample: string[] = [];
  readonly #byDb = new Map<number, FoundKey[]>();
  #bytes = 0;

  add(keys: readonly FoundKey[]): void {
    this.count += keys.length;
    for (const { key } of keys.slice(0, SAMPLES - this.sample.length)) {
      this.sample.push(commandSample([key], 1));
    }
    for (const found of keys) {
      this.#bytes += found.key.length + OVERHEAD;
      if (this.#bytes > MOST_BYTES) this.whole = false;
      if (!this.whole) {
        this.#byDb.clear();
        return;
      }
      const list = this.#byDb.get(found.db);
      if (list === undefined) this.#byDb.set(found.db, [found]);
      else list.push(found);
    }
  }

  all(): LeftKeys {
    return this.whole ? [...this.#byDb.values()].flat() : "unknown";
  }

  /** All of them where they are `whole`, each page of one database. */
  *pages(size: number): Generator<readonly FoundKey[]> {
    for (const list of this.#byDb.values()) {
      for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
    }
  }
}

/** `3 keys`, for a message. */
export function countedKeys(count: number): string {
  return count === 1 ? "1 key" : `${count.toLocaleString("en-US")} keys`;
}
