import type { SeededRandom } from "./seeded-random.ts";

/** One command: its name and its arguments, as latin1 text. */
export type Command = readonly [string, ...string[]];

export type MixedCommandsOptions = {
  /** Number of key names of each type, at least 2; writes come back to them again and again. */
  readonly keysPerType: number;
  /** In front of each key name. */
  readonly prefix: string;
  /**
   * Through nutcracker only what it forwards; directly also streams, MULTI/EXEC, RENAME, COPY, EVAL and other
   * databases' commands.
   */
  readonly through: "nutcracker" | "direct";
};

/**
 * A source of random writes that never end in an error. Half of them do not bear being applied twice (INCR,
 * APPEND, RPUSH, LPOP, SPOP, HINCRBYFLOAT …): they are what shows a lost or a doubled write. Some keys of every type
 * live for seconds only, and are changed and renewed meanwhile: they are what shows one that has expired too early.
 */
export function mixedCommands(random: SeededRandom, options: MixedCommandsOptions): () => Command[] {
  const { int, pick, text } = random;
  const key = (type: string) => `${options.prefix}${type}:${int(options.keysPerType)}`;
  const n = (below: number) => String(int(below));
  const short = () => text(1 + int(12));
  const score = () => (random.oneIn(3) ? String(random.next() * 1e6 - 5e5) : n(1000));

  /** ms. */
  const life = (shortest: number, spread: number) => shortest + int(spread);

  const string = (): Command =>
    pick<() => Command>([
      () => ["SET", key("string"), text(int(100))],
      () => ["SET", key("brief"), text(5 + int(3000)), "PX", String(500 + int(20_000))],
      () => ["SETEX", key("brief"), String(1 + int(30)), short()],
      () => ["GETSET", key("string"), n(1e9)],
      () => ["MSET", key("string"), short(), key("string"), short()],
      () => ["APPEND", key("log"), short()],
      () => ["SETRANGE", key("log"), n(200), short()],
      // Keeps what is appended to bounded.
      () => (random.oneIn(4) ? ["SET", key("log"), ""] : ["APPEND", key("log"), short()]),
      () => ["GETDEL", key("string")],
      () => ["GETEX", key("string"), "PX", String(life(1000, 20_000))],
    ])();
  const counter = (): Command =>
    pick<() => Command>([
      () => ["INCR", key("counter")],
      () => ["INCRBY", key("counter"), n(1000)],
      () => ["DECR", key("counter")],
      () => ["INCRBYFLOAT", key("float"), String(int(2000) / 8 - 100)],
    ])();
  const list = (): Command =>
    pick<() => Command>([
      () => ["RPUSH", key("list"), short(), n(1e6)],
      () => ["RPUSH", key("list"), short()],
      () => ["LPUSH", key("list"), short()],
      () => ["LPOP", key("list")],
      () => ["RPOP", key("list")],
      () => ["LTRIM", key("list"), "-300", "-1"],
      () => ["LREM", key("list"), "1", n(1e6)],
      () => ["LINSERT", key("list"), "BEFORE", n(1e6), short()],
    ])();
  const hash = (): Command =>
    pick<() => Command>([
      () => ["HSET", key("hash"), `f${int(300)}`, text(int(80))],
      () => ["HSET", key("hash"), `f${int(300)}`, short(), `f${int(300)}`, n(1e6)],
      () => ["HINCRBY", key("hash"), `n${int(20)}`, n(100)],
      () => ["HINCRBYFLOAT", key("hash"), `x${int(20)}`, String(int(1000) / 16)],
      () => ["HDEL", key("hash"), `f${int(300)}`],
    ])();
  const set = (): Command =>
    pick<() => Command>([
      () => ["SADD", key("intset"), n(400), n(400)],
      () => ["SADD", key("set"), short(), short()],
      () => ["SPOP", key("set")],
      () => ["SPOP", key("intset"), "2"],
      () => ["SREM", key("intset"), n(400)],
    ])();
  const zset = (): Command =>
    pick<() => Command>([
      () => ["ZADD", key("zset"), score(), `m${int(300)}`],
      () => ["ZADD", key("zset"), score(), `m${int(300)}`, score(), `m${int(300)}`],
      () => ["ZINCRBY", key("zset"), score(), `m${int(300)}`],
      () => ["ZREM", key("zset"), `m${int(300)}`],
      () => ["ZPOPMIN", key("zset")],
      () => ["GEOADD", key("geo"), String(int(3600) / 10 - 180), String(int(1600) / 10 - 80), `p${int(200)}`],
    ])();
  const bits = (): Command =>
    pick<() => Command>([
      () => ["SETBIT", key("bits"), n(4000), n(2)],
      () => ["BITFIELD", key("bits"), "INCRBY", "u8", n(800), n(10)],
      () => ["PFADD", key("hll"), short(), short()],
      () => ["PFCOUNT", key("hll")],
    ])();
  const anyType = ["string", "counter", "list", "hash", "set", "zset", "bits", "float", "intset"];
  const ending = (): Command =>
    pick<() => Command>([
      () => ["EXPIRE", key(pick(anyType)), String(Math.ceil(life(1000, 60_000) / 1000))],
      () => ["PEXPIRE", key(pick(anyType)), String(life(200, 10_000))],
      () => ["PEXPIREAT", key(pick(anyType)), String(Date.now() + life(200, 30_000))],
      () => ["PERSIST", key(pick(anyType))],
      () => ["DEL", key(pick(anyType))],
      () => ["UNLINK", key(pick(anyType)), key(pick(anyType))],
    ])();

  const kinds = [string, string, counter, counter, list, list, hash, hash, set, zset, zset, bits, ending];
  const one = (): Command => pick(kinds)();
  if (options.through === "nutcracker") return () => [one()];

  const stream = (): Command =>
    pick<() => Command>([
      () => ["XADD", key("stream"), "*", "f", short(), "g", n(1e6)],
      () => ["XADD", key("stream"), "MAXLEN", "~", "200", "*", "f", short()],
      () => ["XTRIM", key("stream"), "MAXLEN", "150"],
    ])();
  /** Two different names: COPY refuses to copy a key onto itself. */
  const pairOf = (type: string): [string, string] => {
    const first = int(options.keysPerType);
    const second = (first + 1 + int(options.keysPerType - 1)) % options.keysPerType;
    return [`${options.prefix}${type}:${first}`, `${options.prefix}${type}:${second}`];
  };
  const script = "return redis.call('INCRBY', KEYS[1], ARGV[1]) + redis.call('RPUSH', KEYS[2], ARGV[2])";
  const direct: (() => Command[])[] = [
    () => [stream()],
    () => [["MULTI"], ...Array.from({ length: 1 + int(6) }, one), ["EXEC"]],
    () => [["EVAL", script, "2", key("counter"), key("list"), n(100), short()]],
    () => [["COPY", ...pairOf(pick(["hash", "list", "zset"])), "REPLACE"]],
    // RENAME of a key that is not there is an error: it is written in the same breath.
    () => {
      const [from, to] = pairOf("string");
      return [
        ["SET", from, short()],
        ["RENAME", from, to],
      ];
    },
    () => {
      const [a, b] = pairOf("intset");
      return [["SMOVE", a, b, n(400)]];
    },
    () => [["BITOP", pick(["AND", "OR", "XOR"]), key("bits"), key("bits"), key("bits")]],
    () => [["LMOVE", ...pairOf("list"), "LEFT", "RIGHT"]],
    () => [["ZUNIONSTORE", key("zset"), "2", key("zset"), key("zset")]],
  ];
  return () => (random.oneIn(5) ? pick(direct)() : [one()]);
}
