import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalValue } from "../../digest/canonical-value.ts";
import {
  examplePrefix,
  examplesFor,
  isAtLeast,
  runExample,
  runText,
  versionOf,
} from "../../matrix/run-example.ts";
import { commandsOf, replicatedCommands, untested } from "../../matrix/server-commands.ts";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { keylessExamples, requiredCommands, skippedCommands } from "./command-examples.ts";

// Another server can be tried: TEST_REDIS_SERVER=<path>.
const binary = process.env.TEST_REDIS_SERVER ?? "redis-server";
const shard = await startRedis({ binary });
const destination = await startRedis({ binary });
const other = await startRedis({ binary });
const version = await versionOf(shard.client);
const reader = destination.client;
const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
const commands = await commandsOf(shard.client);

beforeAll(async () => {
  sync.start();
  await sync.reaches("synchronizing");
});
afterAll(() => sync.stop());

const hasFunctions = version.flavor === "valkey" || isAtLeast(version, "7.0");

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
  if (type !== "hash" || !commands.some(({ name }) => name === "HPEXPIRE")) return "";
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

test("every command that the server may hand on to a replica has an example", () => {
  expect(replicatedCommands(commands).length).toBeGreaterThan(80);
  expect(untested(commands)).toEqual([]);
});

const names = [...new Set([...requiredCommands, ...examplesFor(commands)])].filter(
  (name) => !keylessExamples.has(name),
);

test.each(names)("%s on a shard gives the same value on the destination", async (name) => {
  const prefix = examplePrefix(name);
  await runExample(name, { shard: shard.client, other }, version);
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

test.runIf(hasFunctions)("SPUBLISH on a shard reaches a subscriber of the destination", async () => {
  const subscriber = reader.duplicate();
  const heard: string[] = [];
  subscriber.on("smessage", (channel: string, message: string) => heard.push(`${channel} ${message}`));
  await subscriber.ssubscribe("sharded");
  await shard.client.spublish("sharded", "flows");
  await until(() => heard.length > 0, { what: "the message has come" });
  subscriber.disconnect();
  expect(heard).toEqual(["sharded flows"]);
});

test.each(Object.keys(skippedCommands))("%s on a shard is not applied and is in the log", async (name) => {
  await shard.client.set("stays", "on the destination");
  await sync.caughtUp(shard.client, reader);
  for (const text of skippedCommands[name]!) await runText(shard.client, text, "", version);
  await shard.client.set("after", name);
  await sync.caughtUp(shard.client, reader);
  expect(await reader.get("stays")).toBe("on the destination");
  expect(await reader.get("after")).toBe(name);
  const code = name.replace(" ", "_");
  await until(() => sync.refused().some((one) => one.kind === "skipped" && one.reasonCode === code), {
    what: `${code} is in the log`,
  });
});

test("no command was rejected by the destination", async () => {
  await sync.stop();
  expect(sync.refused().filter(({ kind }) => kind === "rejected")).toEqual([]);
});
