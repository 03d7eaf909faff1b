import type { Redis } from "ioredis";
import { commandExamples } from "../sync/command-examples.ts";
import { fieldsExpireAt } from "./fill-matrix.ts";

/** In front of the names of the keys that a command's example writes. */
export const examplePrefix = (name: string) => `${name.toLowerCase().replace(" ", "-")}:`;

/** Examples that another server takes part in. */
const withOthers = ["MIGRATE"];

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
`;

const fieldChanges = `
HSET fields:small new 1
HPEXPIREAT fields:small ${fieldsExpireAt + 5} FIELDS 1 new
HPERSIST fields:table FIELDS 1 f300
HDEL fields:table f699
HPEXPIRE fields:table 1 FIELDS 1 f4
HEXPIRE hash:listpack 1000000 FIELDS 1 name
HSETEX fields:set PXAT ${fieldsExpireAt} FIELDS 2 a 1 b 2
`;

/** Runs an example of every write command that the server has, and changes what it was filled with. */
export async function changeEverything(client: Redis, fieldExpiry: boolean): Promise<void> {
  const known = await writeCommandsOf(client);
  for (const [name, example] of Object.entries(commandExamples)) {
    if (withOthers.includes(name) || !known.has(name.split(" ")[0]!)) continue;
    const prefix = examplePrefix(name);
    if (typeof example === "function") {
      await example({ shard: client, other: { port: 0 }, prefix });
      continue;
    }
    for (const one of example) {
      const text = typeof one === "string" ? one : one.text;
      await runIfKnown(client, text.replace(/\$(?=\S)/g, prefix));
    }
  }
  const lines = [...changes.split("\n"), ...(fieldExpiry ? fieldChanges.split("\n") : [])];
  for (const line of lines.filter((one) => one !== "")) await runIfKnown(client, line);
}

/** Old servers lack some of the options, and say so: what they refuse is not in their stream. */
async function runIfKnown(client: Redis, line: string): Promise<void> {
  const [name, ...args] = line.split(" ");
  await client.call(name!, ...args).catch((error: Error) => {
    if (!/syntax|unknown|wrong number|stream ID|not a valid float|no such key/i.test(error.message))
      throw new Error(`${line}: ${error.message}`);
  });
}

async function writeCommandsOf(client: Redis): Promise<ReadonlySet<string>> {
  const specs = (await client.call("COMMAND")) as [string, number, string[]][];
  return new Set(specs.map(([name]) => name.toUpperCase()));
}
