import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { runPrechecks } from "../../server/precheck/run-prechecks.ts";
import { openClient } from "../../server/redis/client.ts";
import { isHarmless } from "../../server/redis/harmless-commands.ts";
import { FactsPoller } from "../../server/sync/report/facts-poller.ts";
import { matrixServers } from "../matrix/matrix-servers.ts";
import { CommandRecorder } from "../servers/command-recorder.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { plainQuestion } from "./merge-question.ts";

/** One by one: `npm run test:matrix` has all that were fetched, and those of TRIBUTARY_SERVERS. */
const servers = matrixServers();

/** Those that have nothing to do with Tributary: a replica, an application, one that waits, one that watches. */
async function withBystanders(binary: string) {
  const server = await startRedis({ binary, conf: { "repl-ping-slave-period": "3600" } });
  await server.client.mset("a", 1, "b", 2);
  await server.client.rpush("list", "x");
  const replica = await startRedis({ binary, replicaOf: server.port });
  await until(async () => (await replica.client.info("replication")).includes("master_link_status:up"), {
    what: "the replica is linked",
    timeoutMs: 30_000,
  });
  const bystanders = await Promise.all([1, 2, 3].map(() => bystander(server)));
  // It is answered within the test only if something is written.
  bystanders[1]!.blpop("nothing comes", 0).catch(() => {});
  await bystanders[2]!.subscribe("channel");
  const facts = async () => {
    const stats = await server.client.info("stats");
    return {
      offset: /master_repl_offset:(\d+)/.exec(await server.client.info("replication"))?.[1],
      syncs: stats.match(/sync_(full|partial_ok|partial_err):\d+/g),
      evicted: stats.match(/(evicted|expired)_keys:\d+/g),
      keys: (await server.client.keys("*")).sort(),
    };
  };
  const before = await facts();
  return {
    server,
    /** What has been changed or disturbed since. */
    async disturbed(): Promise<unknown> {
      const closed = bystanders.filter(({ status }) => status !== "ready").length;
      const link = /master_link_status:\w+/.exec(await replica.client.info("replication"))?.[0];
      const connections = (await server.client.info("replication")).includes("connected_slaves:1");
      expect({ closed, link, connections }).toEqual({
        closed: 0,
        link: "master_link_status:up",
        connections: true,
      });
      return { before, after: await facts() };
    },
  };
}

async function bystander(server: RedisServer): Promise<Redis> {
  const options = { port: server.port, protocol: 2, disableClientInfo: true, retryStrategy: null } as const;
  const client = new Redis({ ...options, host: "127.0.0.1", lazyConnect: true, enableReadyCheck: false });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  await client.connect();
  await client.ping();
  return client;
}

/** What is said beyond the list, outside of a MULTI that is discarded. */
function notHarmless(conversations: readonly string[][][]): string[][] {
  return conversations.flatMap((commands) => {
    const found: string[][] = [];
    let queued: string[][] | null = null;
    for (const args of commands) {
      const name = args[0]!.toUpperCase();
      if (name === "MULTI") queued = [];
      else if (name === "DISCARD") queued = null;
      else if (name === "EXEC") {
        found.push(...(queued ?? []));
        queued = null;
      } else if (!isHarmless(args)) (queued ?? found).push(args);
    }
    return [...found, ...(queued ?? [])];
  });
}

test.each(servers)(
  "the checks disturb nothing and nobody on $title, as a shard or as the destination",
  async ({ binary }) => {
    const [source, destination] = [await withBystanders(binary), await withBystanders(binary)];
    const [toSource, toDestination] = [
      await CommandRecorder.start(source.server.port),
      await CommandRecorder.start(destination.server.port),
    ];
    for (let round = 0; round < 2; round++) {
      await runPrechecks({
        shards: [{ id: "s1", name: "s1", endpoint: endpointAt(toSource) }],
        destination: endpointAt(toDestination),
        databases: [{ source: 0, destination: 3 }],
        heartbeatDb: 0,
        merge: plainQuestion,
      });
    }
    for (const [recorder, { disturbed }] of [
      [toSource, source],
      [toDestination, destination],
    ] as const) {
      expect(notHarmless(recorder.conversations)).toEqual([]);
      expect(recorder.conversations.flat().length).toBeGreaterThan(20);
      const { before, after } = (await disturbed()) as { before: unknown; after: unknown };
      expect(after).toEqual(before);
    }
  },
);

test.each(servers)("a poller disturbs nothing and nobody on $title", async ({ binary }) => {
  const looked = await withBystanders(binary);
  const recorder = await CommandRecorder.start(looked.server.port);
  const poller = new FactsPoller({
    endpoint: () => endpointAt(recorder),
    role: "the destination",
    intervalMs: 1000,
    ownKeys: [{ key: "tributary:own", db: 0, expires: false }],
    onFacts: () => {},
    signal: new AbortController().signal,
  });
  expect(await poller.ask()).toBe(true);
  expect(notHarmless(recorder.conversations)).toEqual([]);
  const { before, after } = (await looked.disturbed()) as { before: unknown; after: unknown };
  expect(after).toEqual(before);
});

test.each(servers)(
  "a session takes over on $title without a change but to keys of its own",
  async ({ binary }) => {
    const [shard, destination] = [await startRedis({ binary }), await withBystanders(binary)];
    const recorder = await CommandRecorder.start(destination.server.port);
    const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(recorder) }).start();
    await sync.reaches("synchronizing");
    await sync.stop();
    sync.start();
    await sync.reaches("synchronizing");
    await sync.stop();
    // Keys of its own, a script that is given no key, and the GET without a key that discards what was queued.
    const own = ([name, first = "", keys]: readonly string[]) =>
      first.startsWith("tributary:") || (name === "eval" && keys === "0") || (name === "get" && first === "");
    expect(notHarmless(recorder.conversations).filter((args) => !own(args))).toEqual([]);
    const { before, after } = (await destination.disturbed()) as { before: Facts; after: Facts };
    const others = after.keys.filter((key) => !key.startsWith("tributary:"));
    expect({ ...after, keys: others, offset: null }).toEqual({ ...before, offset: null });
  },
);

type Facts = { readonly keys: readonly string[] };

test("a client that only looks refuses, before a byte is sent, what is not known to be harmless", async () => {
  const server = await startRedis();
  const recorder = await CommandRecorder.start(server.port);
  const client = await openClient(endpointAt(recorder), { role: "the destination", looksOnly: true });
  onTestFinished(() => client.disconnect());
  const before = recorder.conversations.flat().length;
  const refused = [
    ["CLIENT", "KILL", "ID", "0"],
    ["CLIENT", "KILL", "TYPE", "normal"],
    ["client", "kill", "id", "7"],
    ["FLUSHALL"],
    ["SET", "a", "1"],
    ["REPLCONF", "listening-port", "1"],
    ["PSYNC", "?", "-1"],
    ["CONFIG", "SET", "save", ""],
    ["DEBUG", "SLEEP", "1"],
    ["KEYS", "*"],
  ] as const;
  for (const [name, ...args] of refused) {
    await expect(async () => await client.call(name, ...args), name).rejects.toThrow(/only looked at/);
  }
  await client.call("MULTI");
  await client.call("SET", "a", "1");
  await expect(async () => await client.call("EXEC")).rejects.toThrow(/may not be run/);
  await client.call("DISCARD");
  expect(await client.exists("a")).toBe(0);
  const said = recorder.conversations.flat().slice(before);
  expect(said.map((args) => args.join(" ").toUpperCase())).toEqual([
    "MULTI",
    "SET A 1",
    "DISCARD",
    "EXISTS A",
  ]);
});
