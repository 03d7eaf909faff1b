import { hashCrc16, hashCrc32, hashCrc32a } from "./hash-crc.ts";
import { hashFnv1ax32, hashFnv1ax64, hashFnv1x32, hashFnv1x64 } from "./hash-fnv.ts";
import { hashHsieh } from "./hash-hsieh.ts";
import { hashJenkins } from "./hash-jenkins.ts";
import { hashMd5 } from "./hash-md5.ts";
import { hashMurmur } from "./hash-murmur.ts";
import { hashOneAtATime } from "./hash-one-at-a-time.ts";
import type { NutcrackerHash } from "./nutcracker-pool.ts";

/** The hash of the key in `bytes[start, end)`: an unsigned 32-bit number. */
export type KeyHash = (bytes: Uint8Array, start: number, end: number) => number;

/** By the names that nutcracker.yml uses. All are those of a Twemproxy on a machine whose char is signed (x86). */
export const keyHashes: Readonly<Record<NutcrackerHash, KeyHash>> = {
  one_at_a_time: hashOneAtATime,
  md5: hashMd5,
  crc16: hashCrc16,
  crc32: hashCrc32,
  crc32a: hashCrc32a,
  fnv1_64: hashFnv1x64,
  fnv1a_64: hashFnv1ax64,
  fnv1_32: hashFnv1x32,
  fnv1a_32: hashFnv1ax32,
  hsieh: hashHsieh,
  murmur: hashMurmur,
  jenkins: hashJenkins,
};
