import { writeCrc64 } from "../redis/crc64.ts";

/**
 * Bytes behind the value in what DUMP and FUNCTION DUMP give and RESTORE takes: the RDB version (2) and a CRC64 of all
 * before the checksum itself (8), both little-endian (redis: cluster.c createDumpPayload).
 */
export const DUMP_FOOTER = 10;

/** The RDB version of a payload; null of one that is too short to have any. */
export function dumpVersion(payload: Uint8Array): number | null {
  const at = payload.length - DUMP_FOOTER;
  return at > 0 ? payload[at]! + 256 * payload[at + 1]! : null;
}

/** The value alone, without its type in front and the footer behind it. */
export function valueOfDump(payload: Uint8Array): Uint8Array {
  return payload.subarray(1, payload.length - DUMP_FOOTER);
}

/**
 * Writes the footer of the payload that is `into[from, end)`, behind it.
 * @returns where the footer ends.
 */
export function putDumpFooter(into: Uint8Array, from: number, end: number, version: number): number {
  into[end] = version & 255;
  into[end + 1] = version >>> 8;
  writeCrc64(into, from, end + 2, end + 2);
  return end + DUMP_FOOTER;
}

/** Gives a payload that has a footer another version, in its place. */
export function setDumpVersion(payload: Uint8Array, version: number): void {
  putDumpFooter(payload, 0, payload.length - DUMP_FOOTER, version);
}
