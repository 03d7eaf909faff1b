/** A set of 64-bit fingerprints that grows, 16 bytes of memory for each at the least: open addressing, linear probing. */
export class FingerprintSet {
  #slots = new Int32Array(2 * 16);
  #mask = 15;
  #size = 0;
  /** The pair of zeros stands for an empty slot, so it is kept here. */
  #zero = false;

  get size(): number {
    return this.#size + (this.#zero ? 1 : 0);
  }

  /** @param high @param low signed 32-bit halves, as KeyFingerprint computes them. */
  has(high: number, low: number): boolean {
    if (high === 0 && low === 0) return this.#zero;
    const at = 2 * this.#find(high, low);
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0;
  }

  /** @returns false where it is in the set already. */
  add(high: number, low: number): boolean {
    if (high === 0 && low === 0) {
      const added = !this.#zero;
      this.#zero = true;
      return added;
    }
    if (2 * (this.#size + 1) > this.#mask + 1) this.#grow();
    const at = 2 * this.#find(high, low);
    if (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) return false;
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.#size++;
    return true;
  }

  delete(high: number, low: number): void {
    if (high === 0 && low === 0) {
      this.#zero = false;
      return;
    }
    const slots = this.#slots;
    let hole = this.#find(high, low);
    if (slots[2 * hole] === 0 && slots[2 * hole + 1] === 0) return;
    this.#size--;
    // What stands behind the hole and belongs before it moves up, so that no chain is broken.
    for (let slot = hole; ; ) {
      slot = (slot + 1) & this.#mask;
      const [a, b] = [slots[2 * slot]!, slots[2 * slot + 1]!];
      if (a === 0 && b === 0) break;
      const home = b & this.#mask;
      if (((slot - home) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      slots[2 * hole] = a;
      slots[2 * hole + 1] = b;
      hole = slot;
    }
    slots[2 * hole] = 0;
    slots[2 * hole + 1] = 0;
  }

  clear(): void {
    this.#slots = new Int32Array(2 * 16);
    this.#mask = 15;
    this.#size = 0;
    this.#zero = false;
  }

  #grow(): void {
    const former = this.#slots;
    this.#slots = new Int32Array(2 * former.length);
    this.#mask = this.#slots.length / 2 - 1;
    for (let at = 0; at < former.length; at += 2) {
      if (former[at] === 0 && former[at + 1] === 0) continue;
      const slot = 2 * this.#find(former[at]!, former[at + 1]!);
      this.#slots[slot] = former[at]!;
      this.#slots[slot + 1] = former[at + 1]!;
    }
  }

  /** The slot of the pair, or the empty one in which it would lie. */
  #find(high: number, low: number): number {
    const slots = this.#slots;
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const [a, b] = [slots[2 * slot]!, slots[2 * slot + 1]!];
      if ((a === high && b === low) || (a === 0 && b === 0)) return slot;
    }
  }
}
