/** Bytes that `putHead` may need: the sign, 16 digits and CRLF. */
export const HEAD_BYTES = 20;

/** Writes `<sign><number>\r\n` (e.g. `$12\r\n`) at `at` and returns the position after it. */
export function putHead(into: Uint8Array, at: number, sign: 36 | 42, number: number): number {
  into[at] = sign;
  const end = putInteger(into, at + 1, number);
  into[end] = 13;
  into[end + 1] = 10;
  return end + 2;
}

/** Writes a non-negative integer below 2^53 in decimal and returns the position after it. */
export function putInteger(into: Uint8Array, at: number, number: number): number {
  const end = at + decimalDigits(number);
  let rest = number;
  for (let position = end - 1; position >= at; position--) {
    const next = Math.floor(rest / 10);
    into[position] = 48 + (rest - next * 10);
    rest = next;
  }
  return end;
}

/** How many digits a non-negative integer has in decimal. */
export function decimalDigits(number: number): number {
  let digits = 1;
  for (let bound = 10; number >= bound; bound *= 10) digits++;
  return digits;
}

/** Writes `$<length>\r\n<bytes>\r\n` and returns the position after it. */
export function putBulk(into: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): number {
  const position = putHead(into, at, 36, end - start);
  return putCrlf(into, putBytes(into, position, bytes, start, end));
}

/** Copies `bytes[start, end)`. Short runs go byte by byte: making a view costs more than that. */
export function putBytes(
  into: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  if (length > 48) {
    into.set(bytes.subarray(start, end), at);
    return at + length;
  }
  for (let index = 0; index < length; index++) into[at + index] = bytes[start + index]!;
  return at + length;
}

export function putCrlf(into: Uint8Array, at: number): number {
  into[at] = 13;
  into[at + 1] = 10;
  return at + 2;
}
