export type SeededRandom = {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  int(below: number): number;
  /** True once in `n` on average. */
  oneIn(n: number): boolean;
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Buffer;
  /** Text of printable characters and, one in 20, of any bytes (as latin1). */
  text(length: number): string;
};

/** The same numbers for the same seed, on every machine: mulberry32. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (below: number) => Math.floor(next() * below);
  const text = (length: number) => {
    const binary = int(20) === 0;
    let result = "";
    for (let i = 0; i < length; i++) result += String.fromCharCode(binary ? int(256) : 97 + int(26));
    return result;
  };
  const bytes = (length: number) => Buffer.from(Uint8Array.from({ length }, () => int(256)));
  return {
    seed,
    next,
    int,
    bytes,
    oneIn: (n) => int(n) === 0,
    pick: (items) => items[int(items.length)]!,
    text,
  };
}
