/**
 * Milliseconds since the epoch, or from some moment on: a number as long as that holds it exactly, past 2^53 a bigint.
 * Redis has 64 bits for them, with a sign.
 */
export type ExpiryTime = number | bigint;

const MOST = 2n ** 63n - 1n;

/** @returns null for what is no integer of 64 bits. @param unit in ms. */
export function parseExpiryTime(text: string, unit: 1 | 1000 = 1): ExpiryTime | null {
  if (/^-?\d{1,12}$/.test(text)) return Number(text) * unit;
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const time = BigInt(text) * BigInt(unit);
  return time > MOST || time < -MOST - 1n ? null : shortest(time);
}

/** The sum, at most what 64 bits hold. */
export function addMs(time: ExpiryTime, ms: number): ExpiryTime {
  const sum = typeof time === "number" ? time + ms : Number.NaN;
  if (Number.isSafeInteger(sum)) return sum;
  const exact = BigInt(time) + BigInt(Math.round(ms));
  return exact > MOST ? MOST : shortest(exact);
}

export function shortest(time: bigint): ExpiryTime {
  const number = Number(time);
  return Number.isSafeInteger(number) ? number : time;
}
