/**
 * The time in ms at `buffer[at, at + 8)`: 64 bits, little-endian (redis: rdb.c rdbLoadMillisecondTime). One
 * past the year 287396 is given as that year, the last that a number holds exactly.
 */
export function millisecondsAt(buffer: Uint8Array, at: number): number {
  const view = new DataView(buffer.buffer, buffer.byteOffset + at, 8);
  const time = view.getInt32(4, true) * 0x1_0000_0000 + view.getUint32(0, true);
  return Math.max(Math.min(time, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}
