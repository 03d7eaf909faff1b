/** What an RDB says between values (redis: rdb.h RDB_OPCODE_*, valkey: rdb.h). Types of values are in rdb-type.ts. */

/** Redis 8.10: field names that template hashes share. */
export const OPCODE_HASH_TEMPLATES = 242;
/** Valkey 9 under the magic VALKEY: a slot import that is under way. */
export const OPCODE_SLOT_IMPORT = 243;
/** Redis 8.6 under the magic REDIS: what modules attach to the key that follows. */
export const OPCODE_KEY_META = 243;
export const OPCODE_SLOT_INFO = 244;
export const OPCODE_FUNCTION2 = 245;
/** Functions as the release candidates of 7.0 wrote them. */
export const OPCODE_FUNCTION_PRE_GA = 246;
export const OPCODE_MODULE_AUX = 247;
export const OPCODE_IDLE = 248;
export const OPCODE_FREQ = 249;
export const OPCODE_AUX = 250;
export const OPCODE_RESIZEDB = 251;
export const OPCODE_EXPIRETIME_MS = 252;
export const OPCODE_EXPIRETIME = 253;
export const OPCODE_SELECTDB = 254;
export const OPCODE_EOF = 255;
