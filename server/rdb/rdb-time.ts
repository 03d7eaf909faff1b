import { type ExpiryTime, shortest } from "../redis/expiry-time.ts";

/** The time in ms at `buffer[at, at + 8)`: 64 bits, little-endian (redis: rdb.c rdbLoadMillisecondTime). */
export function millisecondsAt(buffer: Uint8Array, at: number): ExpiryTime {
  const view = new DataView(buffer.buffer, buffer.byteOffset + at, 8);
  const high = view.getInt32(4, true);
  if (high >= -FAR && high < FAR) return high * 0x1_0000_0000 + view.getUint32(0, true);
  return shortest(view.getBigInt64(0, true));
}

/** Of the upper half: beyond it a number is not exact. */
const FAR = 2 ** 20;
