import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

/**
 * What becomes of a task whose destination has all commands but one: it works by another way, or it waits before it
 * has written anything, and names the command.
 */
const commands: Readonly<Record<string, "works" | "waits">> = {
  RESTORE: "works",
  EVAL: "works",
  SCRIPT: "works",
  CLIENT: "works",
  CONFIG: "works",
  WATCH: "works",
  DEBUG: "works",
  TIME: "works",
  INFO: "waits",
  SELECT: "waits",
  MULTI: "waits",
  EXEC: "waits",
  SCAN: "waits",
  HSET: "waits",
  HGET: "waits",
  HMGET: "waits",
  HSETNX: "waits",
  HINCRBY: "waits",
  HGETALL: "waits",
  DEL: "waits",
  PEXPIREAT: "waits",
  SADD: "waits",
  SREM: "waits",
};

/** Those that a stream cannot do without: withdrawn while it runs, they are waited for. */
const withdrawn = ["MULTI", "EXEC", "HSET", "DEL", "RESTORE", "EVAL", "SCAN", "CLIENT", "INFO", "SADD"];
const streamNeeds = new Set(["MULTI", "EXEC", "HSET", "DEL"]);

/** A destination on which the engine lacks a command, and how it gets it. */
type Lacking = { readonly destination: RedisServer; readonly give: () => Promise<void> };
const ways: Readonly<Record<string, (command: string) => Promise<Lacking>>> = {
  renamed: async (command) => {
    const conf = { "rename-command": `${command} ""`, appendonly: "yes", appendfsync: "always" };
    const destination = await startRedis({ conf });
    const give = async () => {
      const file = join(destination.directory, "redis.conf");
      await writeFile(file, (await readFile(file, "utf8")).replace(/^rename-command.*$/m, ""));
      await destination.restart();
    };
    return { destination, give };
  },
  "forbidden to its user": async (command) => {
    const destination = await startRedis();
    await destination.client.call(
      "ACL",
      "SETUSER",
      "engine",
      "on",
      ">secret",
      "~*",
      "&*",
      "+@all",
      `-${command}`,
    );
    const give = async () => {
      await destination.client.call("ACL", "SETUSER", "engine", `+${command}`);
    };
    return { destination, give };
  },
};

const asEngine = { username: "engine", password: "secret" };

async function shardWithTraffic() {
  const shard = await startRedis();
  await fillMixed(shard.client, { keys: 200, seed });
  const writer = new TrafficWriter(shard.client, {
    seed,
    keysPerType: 40,
    through: "direct",
    commandsPerSecond: 500,
  });
  const equal = async (sync: SyncForTest, destination: RedisServer) => {
    await writer.stop();
    expect([...writer.errors]).toEqual([]);
    await sync.caughtUp(shard.client, destination.client);
    await sync.stop();
    // The commands of streams do not say all that a value holds of consumers.
    expect(sync.refused().filter(({ reasonCode }) => reasonCode !== "NOT_EXPRESSIBLE")).toEqual([]);
    await expectUnion([shard], destination);
  };
  return { shard, writer, equal };
}

const denied = ({ latest }: SyncForTest, command: string) =>
  latest?.status === "retrying" &&
  latest.reason?.code === "DESTINATION_DENIED" &&
  latest.reason.message.includes(`does not permit ${command}:`);

const applied = (sync: SyncForTest) => sync.latest?.stream?.commandsApplied ?? 0;

/** Four at a time, each error with the command that it is about. */
async function ofEach(all: readonly string[], one: (command: string) => Promise<void>): Promise<void> {
  const left = [...all];
  const lane = async () => {
    for (let command = left.shift(); command !== undefined; command = left.shift()) {
      const about = command;
      await one(about).catch((error: Error) => {
        throw new Error(`${about}: ${error.message}`);
      });
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

test.each(Object.keys(ways))(
  "a command that is %s from the start is done without or waited for by its name, and nothing is lost",
  async (way) => {
    await ofEach(Object.keys(commands), async (command) => {
      const { destination, give } = await ways[way]!(command);
      const { shard, writer, equal } = await shardWithTraffic();
      const credentials = way === "renamed" ? {} : asEngine;
      const sync = new SyncForTest({
        source: endpointAt(shard),
        destination: endpointAt(destination, credentials),
      }).start();
      if (commands[command] === "waits") {
        await until(() => denied(sync, command), {
          what: `it waits for ${command} (${sync.latest?.reason?.message})`,
          timeoutMs: 20_000,
        });
        // Its entry among the tasks, and its checkpoint.
        expect(await destination.client.dbsize(), command).toBeLessThanOrEqual(2);
      } else {
        writer.start();
        await sync.reaches("synchronizing", 30_000);
        await until(() => applied(sync) > 200, { what: "it is applied", timeoutMs: 20_000 });
        expect(sync.reasons, command).toEqual(new Set());
      }
      await give();
      writer.start();
      const before = applied(sync);
      await until(() => applied(sync) > before + 100, { what: "it goes on", timeoutMs: 30_000 });
      await equal(sync, destination);
    });
  },
  120_000,
);

test("a command that is withdrawn from a running task is done without or waited for by its name, and nothing is lost or doubled", async () => {
  await ofEach(withdrawn, async (command) => {
    const { destination, give } = await ways["forbidden to its user"]!("debug");
    await give();
    const { shard, writer, equal } = await shardWithTraffic();
    const sync = new SyncForTest({
      source: endpointAt(shard),
      destination: endpointAt(destination, asEngine),
    }).start();
    await sync.reaches("synchronizing", 30_000);
    writer.start();
    await until(() => applied(sync) > 200, { what: "it is applied", timeoutMs: 20_000 });
    await destination.client.call("ACL", "SETUSER", "engine", `-${command}`);
    const before = applied(sync);
    await until(() => denied(sync, command) || (!streamNeeds.has(command) && applied(sync) > before + 600), {
      what: `it goes on or waits for ${command} (${sync.latest?.reason?.message})`,
      timeoutMs: 20_000,
    });
    await destination.client.call("ACL", "SETUSER", "engine", `+${command}`);
    await sync.reaches("synchronizing", 30_000);
    const then = applied(sync);
    await until(() => applied(sync) > then + 100, { what: "it goes on", timeoutMs: 30_000 });
    await equal(sync, destination);
  });
}, 120_000);
