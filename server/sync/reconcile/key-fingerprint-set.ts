import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Holds the set's own random name, by which a set that has been exchanged for another is told. */
export const ID_FILE = "id";

/** Where a shard sync's whole set of fingerprints lies, and where the one that is being written does. */
export const setDirectory = (spoolDirectory: string) => join(spoolDirectory, "keys");
export const unfinishedDirectory = (spoolDirectory: string) => join(spoolDirectory, "keys-unfinished");
export const partitionFile = (directory: string, partition: number) => join(directory, `${partition}.fp`);

/** The set that lies there now; null while there is none that is whole. */
export async function fingerprintSetId(spoolDirectory: string): Promise<string | null> {
  return await readFile(join(setDirectory(spoolDirectory), ID_FILE), "latin1").catch(() => null);
}

/** The fingerprints of one partition, in memory: 8 bytes for each, twice over. */
export class FingerprintTable {
  readonly #slots: Int32Array;
  readonly #mask: number;
  #zero = false;

  /** @param words high and low halves in turns. */
  constructor(words: Int32Array) {
    let slots = 4;
    while (slots < words.length) slots *= 2;
    this.#slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    for (let at = 0; at + 1 < words.length; at += 2) this.#insert(words[at]!, words[at + 1]!);
  }

  /** In memory. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  has(high: number, low: number): boolean {
    if (high === 0 && low === 0) return this.#zero;
    const at = this.#find(high, low);
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0;
  }

  #insert(high: number, low: number): void {
    if (high === 0 && low === 0) this.#zero = true;
    const at = this.#find(high, low);
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
  }

  /** Where the pair lies, or the empty slot in which it would. */
  #find(high: number, low: number): number {
    const slots = this.#slots;
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = 2 * slot;
      if (slots[at] === high && slots[at + 1] === low) return at;
      if (slots[at] === 0 && slots[at + 1] === 0) return at;
    }
  }
}

/**
 * Reads one partition of the set named `id`; null when that set has gone meanwhile.
 * @throws what the disk says.
 */
export async function readFingerprints(
  spoolDirectory: string,
  id: string,
  partition: number,
): Promise<FingerprintTable | null> {
  const file = partitionFile(setDirectory(spoolDirectory), partition);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  if ((await fingerprintSetId(spoolDirectory)) !== id) return null;
  const words = new Int32Array(bytes.length / 4);
  new Uint8Array(words.buffer).set(bytes);
  return new FingerprintTable(words);
}
