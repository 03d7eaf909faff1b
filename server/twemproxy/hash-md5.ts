import { hash } from "node:crypto";

/** The first four bytes of MD5, little-endian (twemproxy: hashkit/nc_md5.c hash_md5). */
export function hashMd5(bytes: Uint8Array, start: number, end: number): number {
  const key = bytes.subarray(start, end);
  return hash("md5", key, "buffer").readUInt32LE(0);
}
