/** The types and encodings of values (redis: rdb.h RDB_TYPE_*, valkey: rdb.h). */
export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_ZSET_2 = 5;
export const TYPE_MODULE_PRE_GA = 6;
export const TYPE_MODULE_2 = 7;
export const TYPE_HASH_ZIPMAP = 9;
export const TYPE_LIST_ZIPLIST = 10;
export const TYPE_SET_INTSET = 11;
export const TYPE_ZSET_ZIPLIST = 12;
export const TYPE_HASH_ZIPLIST = 13;
export const TYPE_LIST_QUICKLIST = 14;
export const TYPE_STREAM_LISTPACKS = 15;
export const TYPE_HASH_LISTPACK = 16;
export const TYPE_ZSET_LISTPACK = 17;
export const TYPE_LIST_QUICKLIST_2 = 18;
export const TYPE_STREAM_LISTPACKS_2 = 19;
export const TYPE_SET_LISTPACK = 20;
export const TYPE_STREAM_LISTPACKS_3 = 21;
export const TYPE_HASH_METADATA_PRE_GA = 22;
export const TYPE_HASH_LISTPACK_EX_PRE_GA = 23;
export const TYPE_HASH_METADATA = 24;
export const TYPE_HASH_LISTPACK_EX = 25;
export const TYPE_STREAM_LISTPACKS_4 = 26;
export const TYPE_STREAM_LISTPACKS_5 = 27;
export const TYPE_ARRAY = 28;
/** The two forms of a hash with a template that an RDB may hold; 29 and 31 are DUMP's alone. */
export const TYPE_HASH_TMPL_LP_REF = 30;
export const TYPE_HASH_TMPL_ARRAY_REF = 32;

/**
 * Valkey 9's hash with field expiry has the number 22 as well (valkey: rdb.h RDB_TYPE_HASH_2). Under the magic
 * VALKEY it is called 0x116 here, so that one number names one encoding; stored in a byte it is 22 again.
 */
export const TYPE_HASH_2_VALKEY = 0x116;

const names = new Map<number, string>([
  [TYPE_STRING, "string"],
  [TYPE_LIST, "list"],
  [TYPE_SET, "set"],
  [TYPE_ZSET, "sorted set"],
  [TYPE_HASH, "hash"],
  [TYPE_ZSET_2, "sorted set"],
  [TYPE_MODULE_PRE_GA, "module value (pre-release)"],
  [TYPE_MODULE_2, "module value"],
  [TYPE_HASH_ZIPMAP, "hash (zipmap)"],
  [TYPE_LIST_ZIPLIST, "list (ziplist)"],
  [TYPE_SET_INTSET, "set (intset)"],
  [TYPE_ZSET_ZIPLIST, "sorted set (ziplist)"],
  [TYPE_HASH_ZIPLIST, "hash (ziplist)"],
  [TYPE_LIST_QUICKLIST, "list (quicklist of ziplists)"],
  [TYPE_STREAM_LISTPACKS, "stream"],
  [TYPE_HASH_LISTPACK, "hash (listpack)"],
  [TYPE_ZSET_LISTPACK, "sorted set (listpack)"],
  [TYPE_LIST_QUICKLIST_2, "list (quicklist)"],
  [TYPE_STREAM_LISTPACKS_2, "stream (7.0)"],
  [TYPE_SET_LISTPACK, "set (listpack)"],
  [TYPE_STREAM_LISTPACKS_3, "stream (7.2)"],
  [TYPE_HASH_METADATA_PRE_GA, "hash with field expiry (7.4 pre-release)"],
  [TYPE_HASH_LISTPACK_EX_PRE_GA, "hash with field expiry (listpack, 7.4 pre-release)"],
  [TYPE_HASH_METADATA, "hash with field expiry"],
  [TYPE_HASH_LISTPACK_EX, "hash with field expiry (listpack)"],
  [TYPE_STREAM_LISTPACKS_4, "stream (8.6)"],
  [TYPE_STREAM_LISTPACKS_5, "stream (8.8)"],
  [TYPE_ARRAY, "array"],
  [TYPE_HASH_TMPL_LP_REF, "hash with a template (listpack)"],
  [TYPE_HASH_TMPL_ARRAY_REF, "hash with a template"],
  [TYPE_HASH_2_VALKEY, "hash with field expiry (Valkey)"],
]);

/** How messages call an RDB value type. */
export function rdbValueTypeName(type: number): string {
  return names.get(type) ?? `type ${type}`;
}
