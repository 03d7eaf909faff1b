import type { Redis } from "ioredis";

/** Where an example runs, beside its shard: `other` is a server that has nothing to do with the sync. */
export type ExampleContext = {
  readonly shard: Redis;
  readonly other: { readonly port: number };
  /** In front of each key's name. */
  readonly prefix: string;
};

/**
 * How a command is tried: texts, in which `$` stands for the prefix of the keys' names, or a function. The last
 * text is the command itself; those before make ready for it.
 */
export type CommandExample = readonly ExampleText[] | ((context: ExampleContext) => Promise<void>);

/** A text that only servers from some version on understand. */
export type ExampleText = string | { readonly text: string; readonly redis: string; readonly valkey: string };

/** @param redis the first version of Redis with it. @param valkey of Valkey; the first was 7.2. */
const since = (redis: string, text: string, valkey = "7.2"): ExampleText => ({ text, redis, valkey });

const library = (name: string) =>
  `#!lua name=${name}\nredis.register_function('${name}f', function(keys, args) return redis.call('SET', keys[1], args[1]) end)`;

const geo = "GEOADD $geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
const zsets = ["ZADD $a 1 one 2 two 3 three", "ZADD $b 2 two 3 three 4 four"];
const sets = ["SADD $a 1 2 3 x", "SADD $b 3 4 x"];
const lex = "ZADD $a 0 a 0 b 0 c 0 d";
const stream = ["XADD $a 1-1 f 1", "XADD $a 2-1 f 2", "XADD $a 3-1 f 3"];
const group = [...stream, "XGROUP CREATE $a group 0"];
const pending = [...group, "XREADGROUP GROUP group consumer COUNT 2 STREAMS $a >"];
const far = String(Date.now() + 1_000_000_000);
const farSeconds = far.slice(0, 10);

/** An example of every write command, by the name that COMMAND gives it, in upper case. */
export const commandExamples: Readonly<Record<string, CommandExample>> = {
  APPEND: ["SET $a Hello", "APPEND $a World"],
  BITFIELD: ["BITFIELD $a SET u8 0 200 INCRBY i5 100 1 OVERFLOW FAIL INCRBY u2 102 3"],
  BITOP: ["SET $a foobar", "SET $b abcdef", "BITOP XOR $c $a $b"],
  BLMOVE: ["RPUSH $a 1 2 3", "BLMOVE $a $b LEFT RIGHT 1"],
  BLMPOP: ["RPUSH $a 1 2 3", "BLMPOP 1 2 $b $a RIGHT COUNT 2"],
  BLPOP: ["RPUSH $a 1 2 3", "BLPOP $b $a 1"],
  BRPOP: ["RPUSH $a 1 2 3", "BRPOP $b $a 1"],
  BRPOPLPUSH: ["RPUSH $a 1 2 3", "BRPOPLPUSH $a $b 1"],
  BZMPOP: [...zsets, "BZMPOP 1 2 $a $b MAX COUNT 2"],
  BZPOPMAX: [...zsets, "BZPOPMAX $a $b 1"],
  BZPOPMIN: [...zsets, "BZPOPMIN $a $b 1"],
  COPY: ["RPUSH $a 1 2 3", "SET $b old", "COPY $a $c DB 2", "COPY $a $b REPLACE"],
  DELEX: ["SET $a 1", "SET $b 1", "DELEX $a IFEQ 1"],
  DELIFEQ: ["SET $a 1", "SET $b 1", "DELIFEQ $a 1"],
  DECR: ["SET $a 10", "DECR $a"],
  DECRBY: ["SET $a 10", "DECRBY $a 3"],
  DEL: ["SET $a 1", "SET $b 1", "SET $c 1", "DEL $a $b"],
  EVAL: ["EVAL return(redis.call('INCRBY',KEYS[1],ARGV[1])) 1 $a 5"],
  EVALSHA: async ({ shard, prefix }) => {
    const script = "redis.call('RPUSH', KEYS[1], ARGV[1], 'x'); return redis.call('SADD', KEYS[2], 'y')";
    const sha = String(await shard.call("SCRIPT", "LOAD", script));
    await shard.call("EVALSHA", sha, "2", `${prefix}a`, `${prefix}b`, "1");
  },
  EXEC: async ({ shard, prefix }) => {
    await shard
      .multi()
      .incr(`${prefix}a`)
      .rpush(`${prefix}b`, "1", "2")
      .select(2)
      .set(`${prefix}c`, 1)
      .select(0)
      .exec();
  },
  EXPIRE: ["SET $a 1", "EXPIRE $a 1000000"],
  EXPIREAT: ["SET $a 1", `EXPIREAT $a ${farSeconds}`],
  FCALL: async ({ shard, prefix }) => {
    await shard.call("FUNCTION", "LOAD", "REPLACE", library("called"));
    await shard.call("FCALL", "calledf", "1", `${prefix}a`, "by a function");
  },
  "FUNCTION DELETE": async ({ shard }) => {
    await shard.call("FUNCTION", "LOAD", "REPLACE", library("deleted"));
    await shard.call("FUNCTION", "DELETE", "deleted");
  },
  "FUNCTION FLUSH": async ({ shard }) => {
    await shard.call("FUNCTION", "LOAD", library("flushed"));
    await shard.call("FUNCTION", "FLUSH");
  },
  "FUNCTION LOAD": async ({ shard }) => {
    await shard.call("FUNCTION", "LOAD", library("loaded"));
  },
  "FUNCTION RESTORE": async ({ shard }) => {
    await shard.call("FUNCTION", "LOAD", library("restored"));
    const payload = (await shard.callBuffer("FUNCTION", "DUMP")) as Buffer;
    await shard.call("FUNCTION", "DELETE", "restored");
    await shard.call("FUNCTION", "RESTORE", payload, "REPLACE");
  },
  GEOADD: [geo, since("6.2", "GEOADD $geo XX CH 13.5 38 Palermo"), "GEOADD $geo 13 38 Trapani"],
  GEORADIUS: [geo, "GEORADIUS $geo 15 37 200 km STORE $a"],
  GEORADIUSBYMEMBER: [geo, "GEORADIUSBYMEMBER $geo Palermo 200 km STOREDIST $a"],
  GEOSEARCHSTORE: [
    geo,
    "GEOSEARCHSTORE $b $geo FROMMEMBER Palermo BYBOX 400 400 km",
    "GEOSEARCHSTORE $a $geo FROMLONLAT 15 37 BYRADIUS 200 km ASC STOREDIST",
  ],
  GETDEL: ["SET $a 1", "SET $b 1", "GETDEL $a"],
  GETEX: ["SET $a 1", "SET $b 1 EX 1000000", "GETEX $b PERSIST", "GETEX $a EX 1000000"],
  GETSET: ["SET $a 1", "GETSET $a 2"],
  HDEL: ["HSET $a f 1 g 2", "HDEL $a f"],
  HEXPIRE: ["HSET $a f 1 g 2", "HEXPIRE $a 1000000 FIELDS 1 f"],
  HEXPIREAT: ["HSET $a f 1 g 2", `HEXPIREAT $a ${farSeconds} FIELDS 2 f g`],
  HGETDEL: ["HSET $a f 1 g 2", "HGETDEL $a FIELDS 1 f"],
  HGETEX: ["HSET $a f 1 g 2", "HGETEX $a EX 1000000 FIELDS 1 f"],
  HINCRBY: ["HSET $a f 1", "HINCRBY $a f 41"],
  HINCRBYFLOAT: ["HSET $a f 0.1", "HINCRBYFLOAT $a f 0.2"],
  HMSET: ["HMSET $a f 1 g 2"],
  HPERSIST: ["HSET $a f 1 g 2", "HEXPIRE $a 1000000 FIELDS 2 f g", "HPERSIST $a FIELDS 1 f"],
  HPEXPIRE: ["HSET $a f 1 g 2", "HPEXPIRE $a 1000000000 FIELDS 1 f"],
  HPEXPIREAT: ["HSET $a f 1 g 2", `HPEXPIREAT $a ${far} FIELDS 1 f`],
  HSET: ["HSET $a f 1", "HSET $a f 2 g 3"],
  HSETEX: ["HSET $a f 1 g 2", "HSETEX $a EX 1000000 FIELDS 2 f 3 h 4", "HSETEX $a KEEPTTL FIELDS 1 f 5"],
  HSETNX: ["HSET $a f 1", "HSETNX $a g 2"],
  INCR: ["SET $a 10", "INCR $a"],
  INCRBY: ["SET $a 10", "INCRBY $a 1000"],
  INCRBYFLOAT: ["SET $a 0.1", "INCRBYFLOAT $a 0.2"],
  LINSERT: ["RPUSH $a 1 3", "LINSERT $a BEFORE 3 2"],
  LMOVE: ["RPUSH $a 1 2 3", "LMOVE $a $b LEFT LEFT", "LMOVE $a $b RIGHT LEFT"],
  LMPOP: ["RPUSH $a 1 2 3", "LMPOP 2 $b $a LEFT COUNT 2"],
  LPOP: ["RPUSH $a 1 2 3 4", since("6.2", "LPOP $a 2"), "LPOP $a"],
  LPUSH: ["LPUSH $a 1", "LPUSH $a 2 3"],
  LPUSHX: ["LPUSH $a 1", "LPUSHX $a 2"],
  LREM: ["RPUSH $a 1 2 1 3 1", "LREM $a -2 1"],
  LSET: ["RPUSH $a 1 2 3", "LSET $a 1 two"],
  LTRIM: ["RPUSH $a 1 2 3 4", "LTRIM $a 1 2"],
  MIGRATE: async ({ shard, other, prefix }) => {
    await shard.mset(`${prefix}a`, "goes", `${prefix}b`, "stays");
    const answer = await shard.call("MIGRATE", "127.0.0.1", other.port, `${prefix}a`, 0, 5_000);
    if (answer !== "OK") throw new Error(String(answer));
  },
  MOVE: ["RPUSH $a 1 2 3", "MOVE $a 2"],
  MSET: ["MSET $a 1 $b 2"],
  MSETEX: ["SET $a 1", "MSETEX 2 $a 2 $b 3 EX 1000000"],
  MSETNX: ["MSETNX $a 1 $b 2"],
  MULTI: async ({ shard, prefix }) => {
    await shard.multi().set(`${prefix}a`, 1).incr(`${prefix}a`).exec();
  },
  PERSIST: ["SET $a 1 EX 1000000", "PERSIST $a"],
  PEXPIRE: ["SET $a 1", "PEXPIRE $a 1000000000"],
  PEXPIREAT: ["SET $a 1", `PEXPIREAT $a ${far}`],
  PFADD: ["PFADD $a 1 2 3", "PFADD $a 4"],
  PFCOUNT: ["PFADD $a 1 2 3", "PFCOUNT $a"],
  PFMERGE: ["PFADD $a 1 2 3", "PFADD $b 3 4", "PFMERGE $c $a $b"],
  PSETEX: ["PSETEX $a 1000000000 value"],
  PUBLISH: ["PUBLISH $channel message"],
  RENAME: ["SET $a 1", "SET $b 2", "RENAME $a $b"],
  RENAMENX: ["SET $a 1", "RENAMENX $a $b"],
  RESTORE: async ({ shard, prefix }) => {
    await shard.call("ZADD", `${prefix}a`, 1, "one");
    const payload = (await shard.callBuffer("DUMP", `${prefix}a`)) as Buffer;
    await shard.call("RESTORE", `${prefix}b`, 0, payload);
    const server = await shard.info("server");
    const major = Number(/redis_version:(\d+)/.exec(server)![1]);
    if (major >= 3) await shard.call("RESTORE", `${prefix}c`, 1_000_000_000, payload, "REPLACE");
    if (major >= 5) await shard.call("RESTORE", `${prefix}d`, far, payload, "ABSTTL", "FREQ", "5");
  },
  RPOP: ["RPUSH $a 1 2 3 4", since("6.2", "RPOP $a 2"), "RPOP $a"],
  RPOPLPUSH: ["RPUSH $a 1 2 3", "RPOPLPUSH $a $a"],
  RPUSH: ["RPUSH $a 1", "RPUSH $a 2 3"],
  RPUSHX: ["RPUSH $a 1", "RPUSHX $a 2"],
  SADD: ["SADD $a 1 2 3", "SADD $a x"],
  // Until 6.2 it is one command, and the replicas are told what is loaded.
  SCRIPT: ["SCRIPT LOAD return(1)"],
  SDIFFSTORE: [...sets, "SDIFFSTORE $c $a $b"],
  SELECT: async ({ shard, prefix }) => {
    await shard.select(2);
    await shard.set(`${prefix}a`, "in database 2");
    await shard.select(0);
  },
  SET: [
    "SET $a 1",
    since("8.4", "SET $a 2 IFEQ 1", "8.1"),
    since("6.2", "SET $a 3 EX 1000000 GET"),
    since("6.2", `SET $b 1 PXAT ${far}`),
    "SET $c 1 EX 1000000 NX",
    since("6.0", "SET $c 2 XX KEEPTTL"),
  ],
  SETBIT: ["SETBIT $a 7 1", "SETBIT $a 1000 1"],
  SETEX: ["SETEX $a 1000000 value"],
  SETNX: ["SETNX $a 1"],
  SETRANGE: ["SET $a Hello-World", "SETRANGE $a 6 Redis"],
  SINTERSTORE: [...sets, "SINTERSTORE $c $a $b"],
  SMOVE: [...sets, "SMOVE $a $b 1"],
  SORT: ["RPUSH $a 3 1 2", "SORT $a STORE $b"],
  SPOP: ["SADD $a 1 2 3 4 5 6 7 8 9", since("3.2", "SPOP $a 4"), "SPOP $a"],
  SPUBLISH: ["SPUBLISH $channel message"],
  SREM: ["SADD $a 1 2 3", "SREM $a 2 3"],
  SUNIONSTORE: [...sets, "SUNIONSTORE $c $a $b"],
  UNLINK: ["SET $a 1", "SET $b 1", "UNLINK $a"],
  VADD: ["VADD $a VALUES 3 0.1 0.2 0.3 one", "VADD $a VALUES 3 0.2 0.3 0.4 two"],
  VREM: ["VADD $a VALUES 3 0.1 0.2 0.3 one", "VADD $a VALUES 3 0.2 0.3 0.4 two", "VREM $a one"],
  VSETATTR: ["VADD $a VALUES 3 0.1 0.2 0.3 one", "VSETATTR $a one {}"],
  XACK: [...pending, "XACK $a group 1-1"],
  XADD: [
    ...stream,
    since("6.2", "XADD $a MINID 2 4-1 f 4"),
    since("6.2", "XADD $a NOMKSTREAM MAXLEN 3 * f 5"),
    "XADD $a MAXLEN 3 * f 6",
  ],
  XAUTOCLAIM: [...pending, "XAUTOCLAIM $a group other 0 0 COUNT 1"],
  XCLAIM: [...pending, "XCLAIM $a group other 0 1-1 2-1"],
  XDEL: [...stream, "XDEL $a 2-1"],
  // Until 6.2 it is one command, whatever it does.
  XGROUP: [...group, "XGROUP SETID $a group 2-1"],
  "XGROUP CREATE": [
    ...stream,
    since("7.0", "XGROUP CREATE $a counted 2-1 ENTRIESREAD 2"),
    "XGROUP CREATE $b group $ MKSTREAM",
  ],
  "XGROUP CREATECONSUMER": [...group, since("6.2", "XGROUP CREATECONSUMER $a group consumer")],
  "XGROUP DELCONSUMER": [...pending, "XGROUP DELCONSUMER $a group consumer"],
  "XGROUP DESTROY": [...group, "XGROUP DESTROY $a group"],
  "XGROUP SETID": [...group, "XGROUP SETID $a group 2-1"],
  XREADGROUP: [...group, "XREADGROUP GROUP group consumer COUNT 2 STREAMS $a >"],
  XSETID: [...stream, since("7.0", "XSETID $a 8-2 ENTRIESADDED 20 MAXDELETEDID 8-1"), "XSETID $a 9-1"],
  XTRIM: [...stream, since("6.2", "XTRIM $a MINID 2"), "XTRIM $a MAXLEN 1"],
  ZADD: [
    "ZADD $a 0.1 x 2 y",
    since("6.2", "ZADD $a GT CH 5.25 x 1 y -inf z"),
    since("6.2", "ZADD $a LT XX 3 x"),
    since("3.2", "ZADD $a CH 6.5 x"),
    "ZADD $a 7.5 x",
  ],
  ZDIFFSTORE: [...zsets, "ZDIFFSTORE $c 2 $a $b"],
  ZINCRBY: ["ZADD $a 0.1 x", "ZINCRBY $a 0.2 x"],
  ZINTERSTORE: [...zsets, "ZINTERSTORE $c 2 $a $b WEIGHTS 2 3 AGGREGATE SUM"],
  ZMPOP: [...zsets, "ZMPOP 2 $a $b MIN COUNT 2"],
  ZPOPMAX: [...zsets, "ZPOPMAX $a 2"],
  ZPOPMIN: [...zsets, "ZPOPMIN $a"],
  ZRANGESTORE: [...zsets, "ZRANGESTORE $d $a (1 +inf BYSCORE LIMIT 0 1", "ZRANGESTORE $c $a 1 2"],
  ZREM: [...zsets, "ZREM $a one two"],
  ZREMRANGEBYLEX: [lex, "ZREMRANGEBYLEX $a [b (d"],
  ZREMRANGEBYRANK: [...zsets, "ZREMRANGEBYRANK $a 0 1"],
  ZREMRANGEBYSCORE: [...zsets, "ZREMRANGEBYSCORE $a (1 +inf"],
  ZUNIONSTORE: [...zsets, "ZUNIONSTORE $c 2 $a $b AGGREGATE MAX"],
};

/** Commands that are never applied, and the code in the log. */
export const skippedCommands: Readonly<Record<string, readonly string[]>> = {
  FLUSHALL: ["FLUSHALL"],
  FLUSHDB: ["FLUSHDB"],
  SWAPDB: ["SWAPDB 7 8"],
};

/** Examples that leave no key behind. */
export const keylessExamples: ReadonlySet<string> = new Set(["PUBLISH", "SPUBLISH", "SCRIPT"]);

/** Commands that no client sends to a shard, and what they are. */
export const internalCommands: Readonly<Record<string, string>> = {
  PFDEBUG: "of Redis's own tests",
  PFSELFTEST: "of Redis's own tests",
  "RESTORE-ASKING": "of a cluster, which a shard of Twemproxy is not",
  "CLUSTER FLUSHSLOT": "of a cluster, which a shard of Twemproxy is not",
  XIDMPRECORD: "from a master to its replicas, with idempotent producers of Redis 8.6",
};

/**
 * How the commands of modules begin that a server may be built with and that no server of the tests has. Their values and commands go as they
 * are where the destination has the module, and are in the log where it has not: test/sync and test/rdb try that
 * with modules in general. Vector sets have examples.
 */
export const moduleCommands = ["JSON.", "FT.", "_FT.", "BF.", "CF.", "CMS.", "TOPK.", "TDIGEST.", "TS."];

/**
 * Commands that neither say that they read only nor that they are an administrator's, and yet never reach a
 * replica: of the connection, questions to the server, waiting. All of a command's subcommands by its first word.
 */
export const neverReplicated: ReadonlySet<string> = new Set(
  `ACL ASKING AUTH HOST: POST CLIENT CLUSTER COMMAND DISCARD ECHO HELLO INFO LASTSAVE MEMORY PING PSUBSCRIBE PUBSUB PUNSUBSCRIBE
  QUIT READONLY READWRITE RESET ROLE SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE TIME UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH`
    .trim()
    .split(/\s+/)
    // Scripts stay where they are loaded, from the version on that has them as subcommands (7.0).
    .concat(["SCRIPT DEBUG", "SCRIPT EXISTS", "SCRIPT FLUSH", "SCRIPT KILL", "SCRIPT LOAD", "SCRIPT SHOW"])
    .concat(["FUNCTION DUMP", "FUNCTION KILL", "FUNCTION LIST", "FUNCTION STATS"]),
);

/** What the requirement says can be synchronized. */
export const requiredCommands = `
APPEND BITOP BLPOP BRPOP BRPOPLPUSH DECR DECRBY DEL EVAL EVALSHA EXEC EXPIRE EXPIREAT GEOADD GETSET
HDEL HINCRBY HINCRBYFLOAT HMSET HSET HSETNX INCR INCRBY INCRBYFLOAT LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM
MOVE MSET MSETNX MULTI PERSIST PEXPIRE PEXPIREAT PFADD PFMERGE PSETEX PUBLISH RENAME RENAMENX RESTORE
RPOP RPOPLPUSH RPUSH RPUSHX SADD SDIFFSTORE SELECT SET SETBIT SETEX SETNX SETRANGE SINTERSTORE SMOVE SPOP SREM
SUNIONSTORE ZADD ZINCRBY ZINTERSTORE ZREM ZREMRANGEBYLEX ZUNIONSTORE ZREMRANGEBYRANK ZREMRANGEBYSCORE`
  .trim()
  .split(/\s+/);
