import { encodeCommand } from "../redis/encode-command.ts";
import * as script from "./command-downgrade-scripts.ts";

/** What to send for a command that the destination does not have as it is. */
export type Downgraded = {
  /** null where nothing is left to send. */
  readonly bytes: Buffer | null;
  /** The command can be expressed only in part: the expiry of a hash field is lost. */
  readonly fieldExpiryLost?: boolean;
};

/** A command with its name. */
export type Args = readonly Buffer[];
/** null where the command can stay, or cannot be expressed. */
export type Rewrite = (args: Args) => Downgraded | null;

const sent = (args: readonly (string | Buffer)[]): Downgraded => ({ bytes: encodeCommand(args) });
/** An option, whatever its case. */
export const word = (arg: Buffer | undefined) => arg?.toString("latin1").toUpperCase() ?? "";

/**
 * A master propagates `~` as `=` and keeps LIMIT, which only `~` may have unless a master says it (redis:
 * t_stream.c streamRewriteApproxSpecifier, streamParseAddOrTrimArgsOrReply).
 */
function withoutLimit(args: Args, first: number): Args | null {
  for (let index = first; index + 1 < args.length; index++) {
    const option = word(args[index]);
    if (option === "MAXLEN" || option === "MINID") {
      const exact = word(args[index + 1]) === "=";
      const after = index + (/^[=~]$/.test(word(args[index + 1])) ? 3 : 2);
      if (!exact || word(args[after]) !== "LIMIT") return null;
      return [...args.slice(0, after), ...args.slice(after + 2)];
    }
    if (option !== "NOMKSTREAM") return null;
  }
  return null;
}

/** XADD or XTRIM as a client may send it. @param first where the options begin. */
export function trimmed(args: Args, first: number): Downgraded | null {
  const exact = withoutLimit(args, first);
  return exact === null ? null : sent(exact);
}

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
  RPOP: ([, key, count]) =>
    count === undefined ? null : sent(["LTRIM", key!, "0", `-${1 + Number(count)}`]),
  ZRANGESTORE: (args) => rangeStore(args),
  ZDIFFSTORE: ([, to, count, ...keys]) =>
    sent(["EVAL", script.difference, String(1 + Number(count)), to!, ...keys]),
  GEOSEARCHSTORE: (args) => searchStore(args),
  ZADD: (args) => conditional(args),
  GEOADD: (args) => added(args),
  XADD: (args) => addedToStream(args),
  XTRIM: (args) => {
    const exact = withoutLimit(args, 2) ?? args;
    if (word(exact[2]) !== "MINID") return exact === args ? null : sent(exact);
    return sent(["EVAL", script.trimBelow, "1", exact[1]!, exact.at(-1)!]);
  },
  XGROUP: (args) => {
    if (word(args[1]) !== "CREATECONSUMER") return withoutEntriesRead(args);
    // To read what it has pending, which is nothing, makes a consumer that is not there.
    const [, , key, group, consumer] = args;
    return sent(["XREADGROUP", "GROUP", group!, consumer!, "COUNT", "1", "STREAMS", key!, "0"]);
  },
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
function searchStore([, to, from, ...options]: Args): Downgraded | null {
  const words = options.map(word);
  const option = (name: string, count: number) => {
    const at = words.indexOf(name);
    return at < 0 ? null : options.slice(at + 1, at + 1 + count);
  };
  const radius = option("BYRADIUS", 2);
  const member = option("FROMMEMBER", 1);
  const place = option("FROMLONLAT", 2);
  if (radius === null || (member === null && place === null) || words.includes("ANY")) return null;
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

/** XADD with NOMKSTREAM, which is propagated only where the stream was there, or with MINID. */
function addedToStream(args: Args): Downgraded | null {
  const exact = withoutLimit(args, 2) ?? args;
  const bare = exact.filter((arg, index) => index !== 2 || word(arg) !== "NOMKSTREAM");
  if (word(bare[2]) !== "MINID") return bare.length === args.length ? null : sent(bare);
  const at = /^[=~]$/.test(word(bare[3])) ? 4 : 3;
  return sent(["EVAL", script.addAndTrimBelow, "1", bare[1]!, bare[at]!, ...bare.slice(at + 1)]);
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
    return { ...sent(["HSET", args[1]!, ...args.slice(at + 2)]), fieldExpiryLost: true };
  },
};

/** Both are propagated only where their condition held. */
export const withoutMsetex: Readonly<Record<string, Rewrite>> = {
  DELIFEQ: ([, key]) => sent(["DEL", key!]),
  MSETEX: ([, count, ...rest]) => {
    const pairs = rest.slice(0, 2 * Number(count));
    const keys = pairs.filter((_, index) => index % 2 === 0);
    const values = pairs.filter((_, index) => index % 2 === 1);
    const options = rest.slice(pairs.length).filter((arg) => !/^(NX|XX)$/.test(word(arg)));
    return sent(["EVAL", script.setAll, count!, ...keys, ...values, ...options]);
  },
};
