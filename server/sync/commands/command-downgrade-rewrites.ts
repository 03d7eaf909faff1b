import { encodeCommand } from "../../redis/encode-command.ts";
import { word } from "./command-arguments.ts";
import * as script from "./command-downgrade-scripts.ts";

/** What to send for a command that the destination does not have as it is. */
export type Downgraded = {
  /** null where nothing is left to send. */
  readonly bytes: Buffer | null;
  /** It cannot be expressed: this key is to be copied from the source. */
  readonly fetch?: Buffer;
  /** The command can be expressed only in part: the expiry of a hash field is lost. */
  readonly fieldExpiryLost?: boolean;
};

/** A command with its name. */
export type Args = readonly Buffer[];
/** null where the command can stay, or cannot be expressed. */
export type Rewrite = (args: Args) => Downgraded | null;

const sent = (args: readonly (string | Buffer)[]): Downgraded => ({ bytes: encodeCommand(args) });
/**
 * HSETEX without its condition: it is propagated only where that held, and a field that has expired on the destination
 * a moment too early would fail it. Redis keeps FNX and FXX (redis: t_hash.c hsetexCommand); Valkey takes out all four
 * where they are in the case in which it looks for them (valkey: t_hash.c hsetexCommand).
 */
export const unconditional: Readonly<Record<string, Rewrite>> = {
  HSETEX: (args) => {
    const at = args.findIndex((arg, index) => index > 1 && word(arg) === "FIELDS");
    const options = args.slice(2, Math.max(2, at));
    const kept = options.filter((option) => !/^F?(NX|XX)$/.test(word(option)));
    if (kept.length === options.length) return null;
    return sent([args[0]!, args[1]!, ...kept, ...args.slice(at)]);
  },
};

/** The counters of streams and groups came with 7.0. */
export const before70: Readonly<Record<string, Rewrite>> = {
  XSETID: (args) => (args.length > 3 ? sent(args.slice(0, 3)) : null),
  XGROUP: (args) => withoutEntriesRead(args),
};

function withoutEntriesRead(args: Args): Downgraded | null {
  const at = args.findIndex((arg, index) => index > 4 && word(arg) === "ENTRIESREAD");
  return at < 0 ? null : sent([...args.slice(0, at), ...args.slice(at + 2)]);
}

/** What came with Redis 6.2. */
export const before62: Readonly<Record<string, Rewrite>> = {
  LMOVE: ([, from, to, side, otherSide]) => {
    const [pop, push] = [word(side), word(otherSide)];
    if (pop === "RIGHT" && push === "LEFT") return sent(["RPOPLPUSH", from!, to!]);
    return sent([
      ...["EVAL", script.move, "2"],
      ...[from!, to!],
      ...[pop === "LEFT" ? "LPOP" : "RPOP", push === "LEFT" ? "LPUSH" : "RPUSH"],
    ]);
  },
  LPOP: ([, key, count]) => (count === undefined ? null : sent(["LTRIM", key!, count, "-1"])),
  // Past 2^32 it is all of it, and the number is exact.
  RPOP: ([, key, count]) =>
    count === undefined ? null : sent(["LTRIM", key!, "0", `-${1 + Math.min(Number(count), 2 ** 32)}`]),
  ZRANGESTORE: (args) => rangeStore(args),
  ZDIFFSTORE: ([, to, count, ...keys]) =>
    sent(["EVAL", script.difference, String(1 + Number(count)), to!, ...keys]),
  GEOSEARCHSTORE: (args) => searchStore(args),
  ZADD: (args) => conditional(args),
  GEOADD: (args) => added(args),
  XGROUP: (args) => {
    if (word(args[1]) !== "CREATECONSUMER") return withoutEntriesRead(args);
    // To read what it has pending, which is nothing, makes a consumer that is not there.
    const [, , key, group, consumer] = args;
    return sent(["XREADGROUP", "GROUP", group!, consumer!, "COUNT", "1", "STREAMS", key!, "0"]);
  },
};

/** What came with Redis 4.0. */
export const before40: Readonly<Record<string, Rewrite>> = {
  HSET: ([, ...args]) => (args.length > 3 ? sent(["HMSET", ...args]) : null),
  UNLINK: ([, ...keys]) => sent(["DEL", ...keys]),
};

/** ZRANGESTORE destination source min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]. */
function rangeStore([, to, from, min, max, ...options]: Args): Downgraded {
  const words = options.map(word);
  const by = words.includes("BYSCORE") ? "BYSCORE" : words.includes("BYLEX") ? "BYLEX" : "";
  const limit = words.indexOf("LIMIT");
  const command = `Z${words.includes("REV") ? "REV" : ""}RANGE${by}`;
  const more = limit < 0 ? [] : options.slice(limit, limit + 3);
  return sent(["EVAL", script.rangeStore, "2", to!, from!, command, min!, max!, ...more]);
}

/** GEOSEARCHSTORE as GEORADIUS, which knows no boxes. */
function searchStore([, to, from, ...options]: Args): Downgraded {
  const words = options.map(word);
  const option = (name: string, count: number) => {
    const at = words.indexOf(name);
    return at < 0 ? null : options.slice(at + 1, at + 1 + count);
  };
  const radius = option("BYRADIUS", 2);
  const member = option("FROMMEMBER", 1);
  const place = option("FROMLONLAT", 2);
  if (radius === null || (member === null && place === null) || words.includes("ANY")) {
    return { bytes: null, fetch: to! };
  }
  const count = option("COUNT", 1);
  return sent([
    member === null ? "GEORADIUS" : "GEORADIUSBYMEMBER",
    from!,
    ...(member ?? place ?? []),
    ...radius,
    ...(count === null ? [] : ["COUNT", ...count]),
    ...["ASC", "DESC"].filter((order) => words.includes(order)),
    words.includes("STOREDIST") ? "STOREDIST" : "STORE",
    to!,
  ]);
}

/** ZADD with GT or LT. */
function conditional([, key, ...rest]: Args): Downgraded | null {
  let first = 0;
  const options = new Set<string>();
  while (/^(NX|XX|GT|LT|CH|INCR)$/.test(word(rest[first]))) options.add(word(rest[first++]));
  if (!options.has("GT") && !options.has("LT")) return null;
  const flags = ["GT", "XX", "INCR"].map((option) => (options.has(option) ? "1" : "0"));
  return sent(["EVAL", script.addIf, "1", key!, ...flags, ...rest.slice(first)]);
}

/** GEOADD with NX, XX or CH. */
function added([, key, ...rest]: Args): Downgraded | null {
  let first = 0;
  const options = new Set<string>();
  while (/^(NX|XX|CH)$/.test(word(rest[first]))) options.add(word(rest[first++]));
  if (options.size === 0) return null;
  const when = options.has("NX") ? "NX" : options.has("XX") ? "XX" : "";
  return sent(["EVAL", script.geoAddIf, "1", key!, when, ...rest.slice(first)]);
}

const lost: Rewrite = () => ({ bytes: null, fieldExpiryLost: true });

/** The source removes a field that has expired by HDEL: only what is still to come is lost. */
export const withoutFieldExpiry: Readonly<Record<string, Rewrite>> = {
  HEXPIRE: lost,
  HPEXPIRE: lost,
  HEXPIREAT: lost,
  HPEXPIREAT: lost,
  HGETEX: lost,
  HPERSIST: () => ({ bytes: null }),
  // HGETDEL key FIELDS n field…
  HGETDEL: ([, key, , , ...fields]) => sent(["HDEL", key!, ...fields]),
  HSETEX: (args) => {
    const at = args.findIndex((arg, index) => index > 1 && word(arg) === "FIELDS");
    if (at < 0) return null;
    const expires = args.slice(2, at).some((arg) => /^(EX|PX|EXAT|PXAT)$/.test(word(arg)));
    return { ...sent(["HMSET", args[1]!, ...args.slice(at + 2)]), fieldExpiryLost: expires };
  },
};

/** Redis 7.4 has expiries of fields, but not these. */
export const before80: Readonly<Record<string, Rewrite>> = {
  HGETDEL: withoutFieldExpiry.HGETDEL!,
  HSETEX: (args) => {
    const at = args.findIndex((arg, index) => index > 1 && word(arg) === "FIELDS");
    if (at < 0) return null;
    const options = args.slice(2, at).map(word);
    const expiry = options.indexOf("PXAT");
    const [option, number] =
      expiry < 0 ? [options.includes("KEEPTTL") ? "KEEPTTL" : "", ""] : options.slice(expiry);
    return sent(["EVAL", script.setFields, "1", args[1]!, option!, number!, ...args.slice(at + 2)]);
  },
};

/** It is propagated only where its condition held. */
export const withoutDelifeq: Readonly<Record<string, Rewrite>> = {
  DELIFEQ: ([, key]) => sent(["DEL", key!]),
};
