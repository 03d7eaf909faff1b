import type { Redis } from "ioredis";
import { checkpointKey, notedKey, notingField } from "../checkpoint/own-keys.ts";
import { FingerprintTable } from "./key-fingerprint-set.ts";

/** Characters of the name of an initial sync, which stands in front of its fingerprints. */
const NAME = 24;

/** Fingerprints that siblings have put on the destination since their disks take nothing. */
export class SharedSets {
  readonly #taskId: string;
  readonly #tables = new Map<string, { readonly noting: string; readonly table: FingerprintTable }>();

  constructor(taskId: string) {
    this.#taskId = taskId;
  }

  /**
   * The set of the shard's present initial sync; null while there is none.
   * @param client has the database of the checkpoints selected.
   */
  async read(client: Redis, shardId: string): Promise<FingerprintTable | null> {
    const field = notingField(shardId);
    const noting = await client.hget(checkpointKey(this.#taskId), field);
    const known = this.#tables.get(shardId);
    if (noting === null) return null;
    if (known?.noting === noting) return known.table;
    const bytes = await client.getBuffer(notedKey(this.#taskId, shardId));
    // One that came late, of an initial sync before, says nothing.
    if (bytes === null || bytes.toString("latin1", 0, NAME) !== noting) return null;
    const words = new Int32Array((bytes.length - NAME) >> 2);
    new Uint8Array(words.buffer).set(bytes.subarray(NAME, NAME + 4 * words.length));
    const table = new FingerprintTable(words);
    this.#tables.set(shardId, { noting, table });
    return table;
  }
}
