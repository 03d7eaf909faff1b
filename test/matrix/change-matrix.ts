import type { Redis } from "ioredis";
import { fieldsExpireAt } from "./fill-matrix.ts";
import { examplesFor, runExample, runText, versionOf } from "./run-example.ts";
import { commandsOf, untested } from "./server-commands.ts";
import type { ServerTraits } from "./server-traits.ts";

/** Changes to the keys that were there before: one line for each command. */
const changes = `
APPEND string:0 more
INCR string:2
SETRANGE string:lzf 3 xyz
LPUSH list:small first
RPOP list:nodes
LSET list:plain 1 other
SADD set:int16 text
SREM set:large member-7
ZADD zset:listpack 7.25 added
ZINCRBY zset:skiplist 0.1 m3${"n".repeat(100)}
HSET hash:listpack added 1
HDEL hash:large field-1
HINCRBYFLOAT hash:listpack age 0.1
XADD stream:full 99000-1 temperature 99
XADD stream:full MAXLEN ~ 1000 99000-2 temperature 99
XREADGROUP GROUP workers carol COUNT 2 STREAMS stream:full >
XREADGROUP GROUP late erin NOACK COUNT 1 STREAMS stream:full >
XACK stream:full workers 6000-0
XCLAIM stream:full workers alice 0 8000-2 RETRYCOUNT 3
XDEL stream:full 23000-2
XSETID stream:full 99999-9
XGROUP CREATE stream:full new 0
XGROUP SETID stream:full late 5000-2
XGROUP DELCONSUMER stream:full workers bob
XGROUP DESTROY stream:full middle
XTRIM stream:trimmed MAXLEN 0
PEXPIREAT hash:table 4102444800777
PERSIST expires
RENAME set:int64 set:renamed
DEL set:table
`
  .trim()
  .split("\n");

const fieldChanges = `
HSET fields:small new 1
HPEXPIREAT fields:small ${fieldsExpireAt + 5} FIELDS 1 new
HPERSIST fields:table FIELDS 1 f300
HDEL fields:table f699
HPEXPIRE fields:table 1 FIELDS 1 f4
HEXPIRE hash:listpack 1000000 FIELDS 1 name
HSETEX fields:set PXAT ${fieldsExpireAt} FIELDS 2 a 1 b 2
`
  .trim()
  .split("\n");

/**
 * Runs an example of every command that the server may hand on to a replica, and changes what it was filled with.
 * @param other a server that has nothing to do with the sync.
 * @throws Error where the server refuses one, or has a command without an example.
 */
export async function changeEverything(
  shard: Redis,
  other: { readonly port: number },
  { fieldExpiry, since50 }: ServerTraits,
): Promise<void> {
  const commands = await commandsOf(shard);
  const missing = untested(commands);
  if (missing.length > 0) throw new Error(`no example in command-examples.ts of ${missing.join(", ")}`);
  const version = await versionOf(shard);
  for (const name of examplesFor(commands)) await runExample(name, { shard, other }, version);
  const known = changes.filter((text) => since50 || !text.startsWith("X"));
  for (const text of [...known, ...(fieldExpiry ? fieldChanges : [])]) {
    await runText(shard, text, "", version);
  }
}
