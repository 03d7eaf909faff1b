import { describe, expect, test } from "vitest";
import * as type from "../../server/rdb/rdb-type.ts";
import { type RdbDestination, rdbVersionOf, restoreVersionFor } from "../../server/rdb/rdb-version.ts";

const redis = (version: string): RdbDestination => ({ flavor: "redis", version });
const valkey = (version: string): RdbDestination => ({ flavor: "valkey", version });

describe("the RDB version", () => {
  test.each([
    ["2.8.24", 6],
    ["3.0.7", 6],
    ["3.2.13", 7],
    ["4.0.14", 8],
    ["5.0.14", 9],
    ["6.0.20", 9],
    ["6.2.14", 9],
    ["7.0.15", 10],
    ["7.2.4", 11],
    ["7.4.1", 12],
    ["8.0.0", 12],
    ["8.2.3", 12],
    ["8.4.0", 12],
    ["8.6.1", 13],
    ["", 6],
  ])("of Redis %s is %i", (version, rdb) => {
    expect(rdbVersionOf(redis(version))).toBe(rdb);
  });

  test.each([
    ["7.2.5", 11],
    ["8.0.1", 11],
    ["8.1.3", 11],
    ["9.0.0", 80],
    ["9.1.0", 80],
  ])("of Valkey %s is %i", (version, rdb) => {
    expect(rdbVersionOf(valkey(version))).toBe(rdb);
  });
});

describe("the version in a RESTORE footer", () => {
  test("is never above the destination's", () => {
    for (let kind = 0; kind < 28; kind++) {
      for (const version of [
        "2.8.0",
        "3.2.0",
        "4.0.0",
        "5.0.0",
        "6.2.0",
        "7.0.0",
        "7.2.0",
        "7.4.0",
        "8.6.0",
      ]) {
        expect(restoreVersionFor(kind, redis(version)) ?? 0).toBeLessThanOrEqual(
          rdbVersionOf(redis(version)),
        );
      }
    }
  });

  test("is null for what an older destination does not know", () => {
    expect(restoreVersionFor(type.TYPE_LIST_QUICKLIST, redis("3.0.7"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_LIST_QUICKLIST, redis("3.2.0"))).toBe(7);
    expect(restoreVersionFor(type.TYPE_ZSET_2, redis("3.2.0"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_HASH_LISTPACK, redis("6.2.0"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_SET_LISTPACK, redis("7.0.0"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_SET_LISTPACK, redis("7.2.0"))).toBe(11);
    expect(restoreVersionFor(type.TYPE_MODULE_2, redis("3.2.0"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_MODULE_2, redis("8.0.0"))).toBe(8);
  });

  test("is not one that Valkey holds for foreign, nor Valkey's own for Redis", () => {
    expect(restoreVersionFor(type.TYPE_HASH_LISTPACK_EX, redis("7.4.0"))).toBe(12);
    expect(restoreVersionFor(type.TYPE_HASH_LISTPACK_EX, valkey("9.0.0"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_HASH_2_VALKEY, valkey("9.0.0"))).toBe(80);
    expect(restoreVersionFor(type.TYPE_HASH_2_VALKEY, valkey("8.1.0"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_HASH_2_VALKEY, redis("255.255.255"))).toBeNull();
    expect(restoreVersionFor(type.TYPE_STREAM_LISTPACKS_3, valkey("9.0.0"))).toBe(11);
  });
});
