import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalValue } from "../digest/canonical-value.ts";
import { startRedis, until } from "../servers/index.ts";
import { commandExamples, internalCommands, requiredCommands, skippedCommands } from "./command-examples.ts";
import { endpointAt, SyncForTest } from "./sync-for-test.ts";

const shard = await startRedis();
const destination = await startRedis();
const other = await startRedis();
const reader = destination.client;
const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
const writeCommands = await writeCommandsOf(shard.client);

beforeAll(async () => {
  sync.start();
  await sync.reaches("synchronizing");
});
afterAll(() => sync.stop());

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

async function run(text: string, prefix: string): Promise<void> {
  const words = text.split(" ").map((word) => (word === "$" ? word : word.replace("$", prefix)));
  const before = await offset();
  await shard.client.call(...(words as [string, ...string[]]));
  expect(await offset(), `${text} is in the stream`).toBeGreaterThan(before);
}

/** Every key with the prefix, in three databases: value, expiry. */
async function contents(client: Redis, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for (const db of [0, 1, 2]) {
    await client.select(db);
    for (const key of (await client.keys(`${prefix}*`)).sort()) {
      const digest = String(await client.call("DEBUG", "DIGEST-VALUE", key));
      const expiry = await client.call("PEXPIRETIME", key);
      const more = (await client.type(key)) === "stream" ? await canonicalValue(client, key) : "";
      found.push(`db${db} ${key} ${digest} ${expiry} ${more}`);
    }
  }
  await client.select(0);
  // The order of the libraries is that of a hash table.
  const libraries = (await client.call("FUNCTION", "LIST", "WITHCODE")) as unknown[];
  return [...found, ...libraries.map((library) => JSON.stringify(library)).sort()];
}

const names = [...new Set([...requiredCommands, ...writeCommands, ...Object.keys(commandExamples)])].filter(
  (name) => !(name in skippedCommands) && !internalCommands.includes(name) && name !== "PUBLISH",
);

test.each(names)("%s on a shard gives the same value on the destination", async (name) => {
  const example = commandExamples[name];
  if (example === undefined) expect.fail(`there is no example of ${name} in command-examples.ts`);
  const prefix = `${name.toLowerCase().replace(" ", "-")}:`;
  const context = { shard: shard.client, other, prefix };
  if (typeof example === "function") await example(context);
  else {
    expect(example.at(-1)?.startsWith(`${name} `)).toBe(true);
    for (const text of example) await run(text, prefix);
  }
  await sync.caughtUp(shard.client, reader);
  const [here, there] = [await contents(shard.client, prefix), await contents(reader, prefix)];
  expect(here.some((line) => line.includes(prefix)) || name.startsWith("FUNCTION")).toBe(true);
  expect(there).toEqual(here);
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

test.each(Object.keys(skippedCommands))("%s on a shard is not applied and is in the log", async (name) => {
  await shard.client.set("stays", "on the destination");
  await shard.client.call(
    "FUNCTION",
    "LOAD",
    "REPLACE",
    "#!lua name=stays\nredis.register_function('f', function() end)",
  );
  await sync.caughtUp(shard.client, reader);
  for (const text of skippedCommands[name]!) await run(text, "");
  await shard.client.set("after", name);
  await sync.caughtUp(shard.client, reader);
  expect(await reader.get("stays")).toBe("on the destination");
  expect(await reader.get("after")).toBe(name);
  expect(JSON.stringify(await reader.call("FUNCTION", "LIST"))).toContain("stays");
  const code = name.replace(" ", "_");
  await until(() => sync.refused().some((one) => one.kind === "skipped" && one.reasonCode === code), {
    what: `${code} is in the log`,
  });
});

test("no command was rejected by the destination", async () => {
  await sync.stop();
  expect(sync.refused().filter(({ kind }) => kind === "rejected")).toEqual([]);
});
