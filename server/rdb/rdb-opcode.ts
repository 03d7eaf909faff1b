/** What an RDB says between values (redis: rdb.h RDB_OPCODE_*, valkey: rdb.h). Types of values are in rdb-type.ts. */

/** Redis 8.10: field names that hashes share. */
export const OPCODE_HASH_TEMPLATE = 242;
/**
 * Two meanings: under the magic VALKEY (from 9) a slot import that is under way, under REDIS (from 8.6) what
 * modules attach to the key that follows.
 */
export const OPCODE_SLOT_IMPORT_OR_KEY_META = 243;
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
