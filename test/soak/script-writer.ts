import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type SeededRandom, seededRandom } from "../traffic/seeded-random.ts";

/** One call of a script: its body, its keys and its arguments. */
export type ScriptCall = {
  readonly body: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
};

/** Takes a call; `bySha` as EVALSHA. Resolves when the next may come. */
export type CallScript = (call: ScriptCall, bySha: boolean) => Promise<void>;

export type ScriptWriterOptions = {
  readonly seed: number;
  /** In front of each key name. */
  readonly prefix: string;
  readonly callsPerSecond: number;
  /** Also scripts that depend on the time, or draw by chance: whoever runs them must be an old master. */
  readonly timed: boolean;
  readonly call: CallScript;
};

const NAMES = 40;

/** Writes by scripts alone, until it is stopped: what an old master hands on as it was called. */
export class ScriptWriter {
  /** Calls so far. */
  commands = 0;
  readonly #options: ScriptWriterOptions;
  readonly #next: () => ScriptCall;
  readonly #random: SeededRandom;
  #running: Promise<void> | null = null;
  #stopping = false;

  constructor(options: ScriptWriterOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#next = scriptCalls(this.#random, options.prefix, options.timed);
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { call, callsPerSecond } = this.#options;
    while (!this.#stopping) {
      const began = performance.now();
      for (let left = Math.ceil(callsPerSecond / 20); left > 0 && !this.#stopping; left--) {
        await call(this.#next(), this.#random.oneIn(2));
        this.commands++;
      }
      await sleep(Math.max(0, 50 - (performance.now() - began)));
    }
  }
}

/** The SHA1 by which EVALSHA names a script. */
export function shaOf(body: string): string {
  return createHash("sha1").update(body).digest("hex");
}

function scriptCalls(random: SeededRandom, prefix: string, timed: boolean): () => ScriptCall {
  const { int, pick } = random;
  const key = (type: string) => `${prefix}${type}:${int(NAMES)}`;
  const n = (below: number) => String(int(below));
  const of = (body: string, keys: readonly string[], ...args: string[]): ScriptCall => ({ body, keys, args });
  const any: (() => ScriptCall)[] = [
    () =>
      of(
        "redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('RPUSH', KEYS[2], ARGV[2]) return redis.call('LTRIM', KEYS[2], -100, -1)",
        [key("counter"), key("list")],
        n(100),
        n(1e6),
      ),
    () =>
      of(
        "for i = 1, tonumber(ARGV[1]) do redis.call('HINCRBY', KEYS[1], 'f' .. i, i) end",
        [key("hash")],
        n(30),
      ),
    // In the order in which an old master answers SMEMBERS.
    () =>
      of(
        "redis.call('SADD', KEYS[1], unpack(ARGV)) redis.call('SET', KEYS[2], table.concat(redis.call('SMEMBERS', KEYS[1]), ',')) return redis.call('SREM', KEYS[1], ARGV[1])",
        [key("set"), key("joined")],
        ...Array.from({ length: 1 + int(5) }, () => `m${int(60)}`),
      ),
    () =>
      of(
        "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[2]) redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[1]) end redis.call('INCR', KEYS[3])",
        [key("there"), key("seen"), key("always")],
        n(1000),
      ),
    // Names that it does not declare.
    () => of("return redis.call('INCR', ARGV[1] .. 'made:' .. ARGV[2])", [], prefix, n(NAMES)),
    () => of("return redis.call('SET', ARGV[1] .. 'temp:' .. ARGV[2], ARGV[2])", [], prefix, n(NAMES)),
    () =>
      of(
        "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. 'temp:*')) do redis.call('DEL', key) end return redis.call('INCR', KEYS[1])",
        [key("counter")],
        prefix,
      ),
    // It ends in an error, after a write that stays.
    () => of("redis.call('INCR', KEYS[1]) return redis.call('LPUSH', KEYS[1], 'x')", [key("always")]),
    () =>
      of(
        "local r = redis.pcall('LPUSH', KEYS[1], 'x') if type(r) == 'table' and r.err then redis.call('INCR', KEYS[2]) end redis.call('SET', KEYS[1], ARGV[1])",
        [key("text"), key("always")],
        n(1000),
      ),
  ];
  const ofTime: (() => ScriptCall)[] = [
    () =>
      of(
        "return redis.call('SETEX', KEYS[1], ARGV[1], ARGV[2])",
        [key("brief")],
        String(1 + int(20)),
        n(1000),
      ),
    () =>
      of(
        "return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])",
        [key("brief")],
        String(200 + int(5000)),
        n(1000),
      ),
    () =>
      of(
        "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[2]) redis.call('EXPIRE', KEYS[1], ARGV[1]) end",
        [key("brief"), key("lived")],
        String(1 + int(10)),
      ),
    () =>
      of(
        "redis.call('RPUSH', KEYS[1], math.random(1000000), math.random()) return redis.call('LTRIM', KEYS[1], -100, -1)",
        [key("drawn")],
      ),
    () => of("return redis.call('PERSIST', KEYS[1])", [key("brief")]),
  ];
  const all = timed ? [...any, ...ofTime] : any;
  return () => pick(all)();
}
