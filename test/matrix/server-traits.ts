/** What a server of the matrix has, as far as it decides what it can be filled with and what it can take. */
export type ServerTraits = {
  /** Quick lists, GEOADD, BITFIELD. */
  readonly since32: boolean;
  /** Scores as doubles, HSET with several fields, UNLINK, replids. */
  readonly since40: boolean;
  /** Streams. */
  readonly since50: boolean;
  /** XINFO STREAM … FULL. */
  readonly since60: boolean;
  /** COPY, LMOVE, ZRANGESTORE, XGROUP CREATECONSUMER and others. */
  readonly since62: boolean;
  /** Functions, counters of streams, listpacks, plain nodes of lists. */
  readonly since70: boolean;
  /** Small sets as listpack. */
  readonly since72: boolean;
  /** HPEXPIREAT, HSETEX. */
  readonly fieldExpiry: boolean;
  readonly valkeyHash: boolean;
  readonly vectorSets: boolean;
  /** Valkey 9: MSETEX, DELIFEQ. */
  readonly since90: boolean;
};

export function traitsOf(flavor: "redis" | "valkey", version: string): ServerTraits {
  const match = /^(\d+)\.(\d+)/.exec(version);
  const release = Number(match?.[1]) * 100 + Number(match?.[2]);
  const valkey = flavor === "valkey";
  return {
    since32: release >= 302,
    since40: release >= 400,
    since50: release >= 500,
    since60: release >= 600,
    since62: release >= 602,
    since70: release >= 700,
    since72: release >= 702,
    fieldExpiry: release >= (valkey ? 900 : 800),
    valkeyHash: valkey && release >= 900,
    vectorSets: !valkey && release >= 800,
    since90: valkey && release >= 900,
  };
}

/** The types of value (redis: rdb.h RDB_TYPE_*) that a server must have written when every encoding is there. */
export function rdbTypesOf(traits: ServerTraits): number[] {
  // Strings, hash tables of sets, skip lists, tables of hashes, sets of integers.
  const always = [0, 2, traits.since40 ? 5 : 3, 4, 11];
  if (!traits.since70) {
    const lists = traits.since32 ? [14] : [1, 10];
    return [...always, ...lists, 12, 13, ...(traits.since50 ? [15] : [])].sort((a, b) => a - b);
  }
  const types = [...always, 16, 17, 18, traits.since72 ? 21 : 19];
  if (traits.since72) types.push(20);
  if (traits.valkeyHash) types.push(22);
  else if (traits.fieldExpiry) types.push(24, 25);
  if (traits.vectorSets) types.push(7);
  return types.sort((a, b) => a - b);
}
