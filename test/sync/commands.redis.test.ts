import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalValue } from "../digest/canonical-value.ts";
import { startRedis, until } from "../servers/index.ts";
import {
  commandExamples,
  type ExampleText,
  internalCommands,
  requiredCommands,
  skippedCommands,
} from "./command-examples.ts";
import { endpointAt, SyncForTest } from "./sync-for-test.ts";

// Another server can be tried: TEST_REDIS_SERVER=<path>.
const binary = process.env.TEST_REDIS_SERVER ?? "redis-server";
const shard = await startRedis({ binary });
const destination = await startRedis({ binary });
const other = await startRedis({ binary });
const version = await versionOf(shard.client);
const reader = destination.client;
const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
const writeCommands = await writeCommandsOf(shard.client);

beforeAll(async () => {
  sync.start();
  await sync.reaches("synchronizing");
});
afterAll(() => sync.stop());

type Version = { readonly flavor: "redis" | "valkey"; readonly number: string };

async function versionOf(client: Redis): Promise<Version> {
  const info = await client.info("server");
  const valkey = /valkey_version:([\d.]+)/.exec(info)?.[1];
  if (valkey !== undefined) return { flavor: "valkey", number: valkey };
  return { flavor: "redis", number: /redis_version:([\d.]+)/.exec(info)![1]! };
}

function isAtLeast(wanted: string): boolean {
  const [major = 0, minor = 0] = version.number.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

const hasFunctions = version.flavor === "valkey" || isAtLeast("7.0");

/** All commands that the server says may change data, with their subcommands. */
async function writeCommandsOf(client: Redis): Promise<string[]> {
  type Spec = [name: string, arity: number, flags: string[], ...rest: unknown[]];
  const names: string[] = [];
  const gather = (spec: Spec) => {
    const [name, , flags] = spec;
    if (flags.includes("write")) names.push(name.toUpperCase().replace("|", " "));
    for (const sub of (spec[9] as Spec[] | undefined) ?? []) gather(sub);
  };
  for (const spec of (await client.call("COMMAND")) as Spec[]) gather(spec);
  return names.sort();
}

async function offset(): Promise<number> {
  return Number(/master_repl_offset:(\d+)/.exec(await shard.client.info("replication"))![1]);
}

async function run(example: ExampleText, prefix: string): Promise<void> {
  if (typeof example !== "string" && !isAtLeast(example[version.flavor])) return;
  const text = typeof example === "string" ? example : example.text;
  const words = text.split(" ").map((word) => (word === "$" ? word : word.replace("$", prefix)));
  const before = await offset();
  await shard.client.call(...(words as [string, ...string[]]));
  expect(await offset(), `${text} is in the stream`).toBeGreaterThan(before);
}

/** When a key expires, ms since the epoch; masters before 7.0 cannot say it to the millisecond. */
async function expiryOf(client: Redis, key: string): Promise<number> {
  if (hasFunctions) return Number(await client.call("PEXPIRETIME", key));
  const ttl = await client.pttl(key);
  return ttl < 0 ? ttl : Date.now() + ttl;
}

/** What DEBUG DIGEST-VALUE leaves out. */
async function more(client: Redis, key: string): Promise<string> {
  const type = await client.type(key);
  if (type === "stream") return canonicalValue(client, key);
  if (type === "vectorset") {
    const about = await Promise.all(
      ["one", "two"].flatMap((element) => [
        client.call("VEMB", key, element),
        client.call("VGETATTR", key, element),
      ]),
    );
    return JSON.stringify([await client.call("VCARD", key), about]);
  }
  if (type !== "hash" || !writeCommands.includes("HPEXPIRE")) return "";
  const fields = (await client.hkeys(key)).sort();
  const expiries = await client.call("HPEXPIRETIME", key, "FIELDS", fields.length, ...fields);
  return JSON.stringify([fields, expiries]);
}

/** Every key with the prefix, in three databases: value, expiry. */
async function contents(
  client: Redis,
  prefix: string,
): Promise<{ lines: string[]; expiries: Record<string, number> }> {
  const lines: string[] = [];
  const expiries: Record<string, number> = {};
  for (const db of [0, 1, 2]) {
    await client.select(db);
    for (const key of (await client.keys(`${prefix}*`)).sort()) {
      const digest = String(await client.call("DEBUG", "DIGEST-VALUE", key));
      lines.push(`db${db} ${key} ${digest} ${await more(client, key)}`);
      expiries[`db${db} ${key}`] = await expiryOf(client, key);
    }
  }
  await client.select(0);
  if (!hasFunctions) return { lines, expiries };
  // The order of the libraries is that of a hash table.
  const libraries = (await client.call("FUNCTION", "LIST", "WITHCODE")) as unknown[];
  return { lines: [...lines, ...libraries.map((library) => JSON.stringify(library)).sort()], expiries };
}

const names = [...new Set([...requiredCommands, ...writeCommands])].filter(
  (name) => !(name in skippedCommands) && !internalCommands.includes(name) && name !== "PUBLISH",
);
if (hasFunctions) names.push("FCALL");

test.each(names)("%s on a shard gives the same value on the destination", async (name) => {
  const example = commandExamples[name];
  if (example === undefined) expect.fail(`there is no example of ${name} in command-examples.ts`);
  const prefix = `${name.toLowerCase().replace(" ", "-")}:`;
  const context = { shard: shard.client, other, prefix };
  if (typeof example === "function") await example(context);
  else {
    expect(String(example.at(-1)).startsWith(`${name} `)).toBe(true);
    for (const text of example) await run(text, prefix);
  }
  await sync.caughtUp(shard.client, reader);
  const [here, there] = [await contents(shard.client, prefix), await contents(reader, prefix)];
  expect(here.lines.some((line) => line.includes(prefix)) || name.startsWith("FUNCTION")).toBe(true);
  expect(there.lines).toEqual(here.lines);
  expect(Object.keys(there.expiries)).toEqual(Object.keys(here.expiries));
  for (const [key, expiry] of Object.entries(here.expiries)) {
    const off = Math.abs(there.expiries[key]! - expiry);
    // Older masters send SETEX and EXPIRE as they are: the moment is known by the time the command took to come.
    expect(off, `the expiry of ${key}`).toBeLessThanOrEqual(hasFunctions ? 0 : 2000);
  }
});

test("PUBLISH on a shard reaches a subscriber of the destination", async () => {
  const subscriber = reader.duplicate();
  const heard: string[] = [];
  subscriber.on("message", (channel: string, message: string) => heard.push(`${channel} ${message}`));
  await subscriber.subscribe("news", "__sentinel__:hello");
  await shard.client.publish("__sentinel__:hello", "127.0.0.1,26379,…");
  await shard.client.publish("news", "flows");
  await until(() => heard.length > 0, { what: "the message has come" });
  subscriber.disconnect();
  expect(heard).toEqual(["news flows"]);
});

const skipped = Object.keys(skippedCommands).filter((name) => hasFunctions || !name.startsWith("FUNCTION"));

test.each(skipped)("%s on a shard is not applied and is in the log", async (name) => {
  await shard.client.set("stays", "on the destination");
  const library = "#!lua name=stays\nredis.register_function('f', function() end)";
  if (hasFunctions) await shard.client.call("FUNCTION", "LOAD", "REPLACE", library);
  await sync.caughtUp(shard.client, reader);
  for (const text of skippedCommands[name]!) await run(text, "");
  await shard.client.set("after", name);
  await sync.caughtUp(shard.client, reader);
  expect(await reader.get("stays")).toBe("on the destination");
  expect(await reader.get("after")).toBe(name);
  if (hasFunctions) expect(JSON.stringify(await reader.call("FUNCTION", "LIST"))).toContain("stays");
  const code = name.replace(" ", "_");
  await until(() => sync.refused().some((one) => one.kind === "skipped" && one.reasonCode === code), {
    what: `${code} is in the log`,
  });
});

test("no command was rejected by the destination", async () => {
  await sync.stop();
  expect(sync.refused().filter(({ kind }) => kind === "rejected")).toEqual([]);
});
