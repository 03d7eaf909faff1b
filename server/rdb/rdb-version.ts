import { releaseOf } from "../redis/server-info.ts";
import { dumpVersion } from "./dump-footer.ts";
import * as type from "./rdb-type.ts";

/** What is written to, as far as it decides how a value can be written. */
export type RdbDestination = {
  readonly flavor: "redis" | "valkey" | "keydb" | "dragonfly";
  /** Of the server itself, e.g. "7.0.15" or "9.0.1". */
  readonly version: string;
  /** False where RESTORE is forbidden: then every value goes as native commands. */
  readonly restore?: boolean;
  /** Bytes in one argument, and in one string; without a bound unless said. */
  readonly maxBulkBytes?: number;
  readonly maxStringBytes?: number;
};

/** Commands that not every destination has. */
export type RdbCapabilities = {
  readonly streams: boolean;
  /** XGROUP CREATECONSUMER. */
  readonly createConsumer: boolean;
  /** XSETID and XGROUP CREATE with the counters of 7.0. */
  readonly streamCounters: boolean;
  /** HPEXPIREAT. */
  readonly fieldExpiry: boolean;
};

/** The RDB version that each server writes (redis: rdb.h RDB_VERSION, by release), newest first. */
const redisVersions: readonly (readonly [release: number, rdb: number])[] = [
  [810, 15],
  [808, 14],
  [806, 13],
  [704, 12],
  [702, 11],
  [700, 10],
  [500, 9],
  [400, 8],
  [302, 7],
  [206, 6],
];

/** From which RDB version on a type exists: what a RESTORE footer must name at least, and may. */
const sinceVersion = new Map<number, number>([
  [type.TYPE_STRING, 6],
  [type.TYPE_LIST, 6],
  [type.TYPE_SET, 6],
  [type.TYPE_ZSET, 6],
  [type.TYPE_HASH, 6],
  [type.TYPE_HASH_ZIPMAP, 6],
  [type.TYPE_LIST_ZIPLIST, 6],
  [type.TYPE_SET_INTSET, 6],
  [type.TYPE_ZSET_ZIPLIST, 6],
  [type.TYPE_HASH_ZIPLIST, 6],
  [type.TYPE_LIST_QUICKLIST, 7],
  [type.TYPE_ZSET_2, 8],
  [type.TYPE_MODULE_2, 8],
  [type.TYPE_STREAM_LISTPACKS, 9],
  [type.TYPE_HASH_LISTPACK, 10],
  [type.TYPE_ZSET_LISTPACK, 10],
  [type.TYPE_LIST_QUICKLIST_2, 10],
  [type.TYPE_STREAM_LISTPACKS_2, 10],
  [type.TYPE_SET_LISTPACK, 11],
  [type.TYPE_STREAM_LISTPACKS_3, 11],
  [type.TYPE_HASH_METADATA_PRE_GA, 12],
  [type.TYPE_HASH_LISTPACK_EX_PRE_GA, 12],
  [type.TYPE_HASH_METADATA, 12],
  [type.TYPE_HASH_LISTPACK_EX, 12],
  [type.TYPE_STREAM_LISTPACKS_4, 13],
  [type.TYPE_STREAM_LISTPACKS_5, 14],
  [type.TYPE_ARRAY, 14],
  [type.TYPE_HASH_2_VALKEY, 80],
]);

/**
 * The RDB version that a server writes and the highest that it reads. Valkey has kept to 11 until 9.0, which
 * has 80. An unreadable version counts as the oldest that is supported.
 */
export function rdbVersionOf(server: RdbDestination): number {
  const release = releaseOf(server.version);
  if (server.flavor === "valkey") return release >= 900 ? 80 : 11;
  if (server.flavor === "dragonfly") return 9;
  if (server.flavor === "keydb") return release >= 500 ? 9 : 8;
  return redisVersions.find(([from]) => release >= from)?.[1] ?? 6;
}

/**
 * The version to put in the footer of a RESTORE payload of `kind`, or null when the destination does not know
 * that encoding, or has no RESTORE. It is the lowest that has the type, since a server refuses every footer above its own, and
 * Valkey also 12 to 79, which it holds for foreign (redis: cluster.c verifyDumpPayload; valkey: rdb.h
 * RDB_FOREIGN_VERSION_MIN). Encodings of old, such as zipmap and ziplist, are converted by newer servers.
 */
export function restoreVersionFor(kind: number, destination: RdbDestination): number | null {
  if (destination.restore === false) return null;
  const since = sinceVersion.get(kind);
  if (since === undefined || since > rdbVersionOf(destination)) return null;
  const ofValkey = destination.flavor === "valkey";
  if (since > 11 && ofValkey !== since >= 80) return null;
  return since;
}

/** The type of a value as DUMP gives it: a byte, which Valkey 9 and Redis use for two encodings (rdb-type.ts). */
export function typeOfDump(payload: Uint8Array): number {
  const ofValkey = dumpVersion(payload) === 80;
  const kind = payload[0] ?? 0;
  return ofValkey && kind === (type.TYPE_HASH_2_VALKEY & 0xff) ? type.TYPE_HASH_2_VALKEY : kind;
}

/** False for types that no server has, or had, as far as is known here. */
export function rdbTypeIsKnown(kind: number): boolean {
  return sinceVersion.has(kind);
}

/** Which commands of native copying the destination has; everything when it is not said. */
export function capabilitiesOf(destination: RdbDestination | undefined): RdbCapabilities {
  if (destination === undefined) {
    return { streams: true, createConsumer: true, streamCounters: true, fieldExpiry: true };
  }
  const release = releaseOf(destination.version);
  const valkey = destination.flavor === "valkey";
  const other = destination.flavor === "keydb" || destination.flavor === "dragonfly";
  return {
    streams: valkey || other || release >= 500,
    createConsumer: valkey || destination.flavor === "dragonfly" || (!other && release >= 602),
    streamCounters: valkey || (!other && release >= 700),
    fieldExpiry: !other && release >= (valkey ? 900 : 704),
  };
}
