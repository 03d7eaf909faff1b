import * as type from "../rdb/rdb-type.ts";
import { typeOfDump } from "../rdb/rdb-version.ts";

const names = new Map<number, string>();
const name = (called: string, ...kinds: number[]) => {
  for (const kind of kinds) names.set(kind, called);
};
name("string", type.TYPE_STRING);
name("list", type.TYPE_LIST, type.TYPE_LIST_ZIPLIST, type.TYPE_LIST_QUICKLIST, type.TYPE_LIST_QUICKLIST_2);
name("set", type.TYPE_SET, type.TYPE_SET_INTSET, type.TYPE_SET_LISTPACK);
name("zset", type.TYPE_ZSET, type.TYPE_ZSET_2, type.TYPE_ZSET_ZIPLIST, type.TYPE_ZSET_LISTPACK);
name(
  "hash",
  type.TYPE_HASH,
  type.TYPE_HASH_ZIPMAP,
  type.TYPE_HASH_ZIPLIST,
  type.TYPE_HASH_LISTPACK,
  type.TYPE_HASH_METADATA_PRE_GA,
  type.TYPE_HASH_LISTPACK_EX_PRE_GA,
  type.TYPE_HASH_METADATA,
  type.TYPE_HASH_LISTPACK_EX,
  type.TYPE_HASH_2_VALKEY,
  type.TYPE_HASH_TMPL_LP_REF,
  type.TYPE_HASH_TMPL_ARRAY_REF,
);
name(
  "stream",
  type.TYPE_STREAM_LISTPACKS,
  type.TYPE_STREAM_LISTPACKS_2,
  type.TYPE_STREAM_LISTPACKS_3,
  type.TYPE_STREAM_LISTPACKS_4,
  type.TYPE_STREAM_LISTPACKS_5,
);
name("array", type.TYPE_ARRAY);
name("module", type.TYPE_MODULE_PRE_GA, type.TYPE_MODULE_2);

/** What TYPE would say of the value in a DUMP; `module` for any module's, `other` for a type that is not known. */
export function typeOfPayload(payload: Buffer): string {
  return names.get(typeOfDump(payload)) ?? "other";
}
