import { writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { PrecheckInput } from "../../server/precheck/precheck-input.ts";
import type { CheckResult, PrecheckReport } from "../../server/precheck/precheck-report.ts";
import { runPrechecks } from "../../server/precheck/run-prechecks.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import { Child } from "../servers/child.ts";
import {
  freePort,
  type RedisServer,
  startNutcracker,
  startRedis,
  temporaryFolder,
  until,
} from "../servers/index.ts";
import { requiredBinary } from "../servers/required-binary.ts";
import { plainQuestion } from "./merge-question.ts";

let one: RedisServer;
let two: RedisServer;
let destination: RedisServer;

beforeAll(async () => {
  const conf = { "repl-backlog-size": "64mb" };
  [one, two, destination] = await Promise.all([startRedis({ conf }), startRedis({ conf }), startRedis()]);
});

type Given = Partial<Omit<PrecheckInput, "shards" | "destination">>;

function check(shards: readonly string[], to: string, given: Given = {}): Promise<PrecheckReport> {
  return runPrechecks({
    shards: shards.map((url, index) => ({
      id: `s${index + 1}`,
      name: `alpha-${index + 1}`,
      endpoint: parseEndpoint(url),
    })),
    destination: parseEndpoint(to),
    databases: null,
    heartbeatDb: 0,
    merge: plainQuestion,
    ...given,
  });
}

function result(report: PrecheckReport, id: string, subject?: string): CheckResult {
  const found = report.checks.find(
    (entry) => entry.id === id && (subject ?? entry.subject) === entry.subject,
  );
  if (found === undefined)
    throw new Error(`There is no ${id} among ${report.checks.map((entry) => entry.id)}`);
  return found;
}

function errorsOf(report: PrecheckReport) {
  return report.checks.filter((entry) => entry.level === "error").map((entry) => [entry.subject, entry.code]);
}

async function serverWithUser(rules: string) {
  const server = await startRedis({ args: [] });
  await server.client.call("ACL", "SETUSER", "sync", "on", ">secret", ...rules.split(" "));
  return { server, url: `redis://sync:secret@127.0.0.1:${server.port}` };
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("passes two masters and an empty destination, and begins no synchronization", async () => {
  const report = await check([one.url, two.url], destination.url);
  expect(report.checks.filter((entry) => entry.level !== "ok")).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.shards.map((shard) => [shard.id, shard.reachable, shard.role])).toEqual([
    ["s1", true, "master"],
    ["s2", true, "master"],
  ]);
  const stats = await one.client.info("stats");
  expect(stats).toMatch(/sync_full:0\r/);
  expect(stats).toMatch(/sync_partial_err:0\r/);
  expect(await destination.client.dbsize()).toBe(0);
  expect(await one.client.dbsize()).toBe(0);
});

test("checks the other servers when one does not answer", async () => {
  const report = await check([`127.0.0.1:${await freePort()}`, two.url], destination.url);
  expect(errorsOf(report)).toEqual([["shard alpha-1", "CONNECT_REFUSED"]]);
  expect(result(report, "psync-permitted", "shard alpha-2").level).toBe("ok");
  expect(report.shards.map((shard) => shard.reachable)).toEqual([false, true]);
});

test("says that a port belongs to a web server", async () => {
  const report = await check([await listening(createHttpServer())], destination.url);
  expect(errorsOf(report)).toEqual([["shard alpha-1", "NOT_REDIS"]]);
});

test("gives up on a port that accepts and never answers", async () => {
  const report = await check([await listening(createServer())], destination.url);
  expect(errorsOf(report)).toEqual([["shard alpha-1", "CONNECT_TIMEOUT"]]);
});

test("ends at once when it is aborted", async () => {
  const controller = new AbortController();
  const running = check([await listening(createServer())], destination.url, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
});

test("tells a nutcracker from a Redis-Server, as a shard and as the destination, with and without a password", async () => {
  const servers = [{ port: one.port }, { port: two.port }];
  const [open, locked] = [
    await startNutcracker({ servers }),
    await startNutcracker({ servers, redisAuth: "pw" }),
  ];
  const report = await check([open.url, locked.url, `redis://:pw@127.0.0.1:${locked.port}`], open.url);
  expect(errorsOf(report).filter(([, code]) => code !== "DESTINATION_IS_SHARD")).toEqual([
    ["shard alpha-1", "IS_NUTCRACKER"],
    ["shard alpha-2", "IS_NUTCRACKER"],
    ["shard alpha-3", "IS_NUTCRACKER"],
    ["destination", "DESTINATION_IS_NUTCRACKER"],
    ["task", "SHARD_DUPLICATE"],
  ]);
});

test("tells a Sentinel from a Redis-Server", async () => {
  const [folder, port] = [temporaryFolder(), await freePort()];
  await writeFile(join(folder, "sentinel.conf"), `port ${port}\nbind 127.0.0.1\ndir ${folder}\n`);
  const child = new Child(
    requiredBinary("redis-server", "redis-server"),
    [join(folder, "sentinel.conf"), "--sentinel"],
    {
      logFile: join(folder, "sentinel.log"),
      directory: folder,
    },
  );
  onTestFinished(() => child.kill());
  await until(async () => /Sentinel ID is/.test(await child.log()), { what: "the Sentinel runs" });
  const report = await check([`127.0.0.1:${port}/3`], destination.url, { heartbeatDb: 3 });
  expect(errorsOf(report)).toEqual([["shard alpha-1", "IS_SENTINEL"]]);
});

test("asks for a password that is missing and refuses a wrong one, without repeating it", async () => {
  const locked = await startRedis({ conf: { requirepass: "s3cret" } });
  const report = await check([locked.url, `redis://:wr0ng@127.0.0.1:${locked.port}`], destination.url);
  expect(errorsOf(report).slice(0, 2)).toEqual([
    ["shard alpha-1", "AUTH_REQUIRED"],
    ["shard alpha-2", "AUTH_FAILED"],
  ]);
  expect(JSON.stringify(report)).not.toMatch(/s3cret|wr0ng/);
  const right = await check([`redis://:s3cret@127.0.0.1:${locked.port}`], destination.url);
  expect(right.ok).toBe(true);
});

test.each(["~* &* +@all -psync", "~* &* +@all -replconf", "~* &* +@all -multi -psync"])(
  "sees that an ACL user may not replicate: %s",
  async (rules) => {
    const { server, url } = await serverWithUser(rules);
    const report = await check([url], destination.url);
    expect(errorsOf(report)).toEqual([["shard alpha-1", "SOURCE_PSYNC_DENIED"]]);
    expect(await server.client.info("stats")).toMatch(/sync_full:0\r/);
  },
);

test("sees that PSYNC is renamed", async () => {
  const renamed = await startRedis({ conf: { "rename-command": 'PSYNC ""' } });
  const report = await check([renamed.url], destination.url);
  expect(errorsOf(report)).toEqual([["shard alpha-1", "SOURCE_PSYNC_DENIED"]]);
});

test("passes the least user that may replicate, and says what stays unknown", async () => {
  const { url } = await serverWithUser("+psync +replconf +ping +info +select +dbsize");
  const report = await check([url], destination.url);
  expect(report.ok).toBe(true);
  expect(result(report, "psync-permitted").current).toBeNull();
  expect(result(report, "heartbeat").current).toBe("unknown");
});

test("passes a user without INFO with a warning", async () => {
  const { url } = await serverWithUser("~* &* +@all -info");
  const report = await check([url], destination.url);
  expect(report.ok).toBe(true);
  expect(result(report, "reachable", "shard alpha-1").level).toBe("warning");
});

test("warns when the heartbeat cannot be written", async () => {
  const { url } = await serverWithUser("~app:* &* +@all");
  const report = await check([url], destination.url);
  expect(report.ok).toBe(true);
  expect(result(report, "heartbeat")).toMatchObject({ level: "warning" });
  expect(result(await check([url], destination.url, { heartbeatDb: 3 }), "heartbeat").level).toBe("warning");
});

test("finds one server under two addresses, and a shard as the destination", async () => {
  const report = await check([one.url, `redis://localhost:${one.port}`, two.url], two.url);
  expect(errorsOf(report)).toEqual([
    ["task", "SHARD_DUPLICATE"],
    ["destination", "DESTINATION_IS_SHARD"],
  ]);
});

test("finds a master and its replica among the shards, and a replica as a read-only destination", async () => {
  const replica = await startRedis({ replicaOf: one.port });
  await until(async () => /master_link_status:up/.test(await replica.client.info("replication")), {
    what: "the replica follows",
  });
  const report = await check([one.url, replica.url], destination.url);
  expect(errorsOf(report)).toEqual([["task", "SHARD_DUPLICATE"]]);
  expect(result(report, "source-role", "shard alpha-2").level).toBe("warning");
  expect(errorsOf(await check([two.url], replica.url))).toEqual([["destination", "DESTINATION_READONLY"]]);
});

test("refuses a destination that is full, and warns of one that is too small or evicts", async () => {
  const full = await startRedis({ conf: { maxmemory: "1mb" } });
  await full.client.set("big", "x".repeat(200_000)).catch(() => {});
  await full.client.config("SET", "maxmemory", "1024");
  const report = await check([one.url], full.url);
  expect(errorsOf(report)).toEqual([["destination", "DESTINATION_FULL"]]);

  const used = Number(/used_memory:(\d+)/.exec(await full.client.info("memory"))?.[1]);
  await full.client.config("SET", "maxmemory", String(used + 500_000));
  await two.client.set("big", "x".repeat(1_000_000));
  const small = await check([two.url], full.url);
  await two.client.flushall();
  expect(small.ok).toBe(true);
  expect(result(small, "destination-memory")).toMatchObject({ level: "warning" });

  await full.client.config("SET", "maxmemory-policy", "allkeys-lru");
  const evicting = await check([one.url], full.url);
  expect(result(evicting, "destination-eviction")).toMatchObject({
    level: "warning",
    current: "allkeys-lru",
  });
});

test("warns of a destination that takes smaller values than the shards hold", async () => {
  const small = await startRedis({
    conf: { "proto-max-bulk-len": "1mb", "client-query-buffer-limit": "2mb" },
  });
  const report = await check([one.url], small.url);
  expect(errorsOf(report)).toEqual([]);
  const warnings = report.checks.filter(({ id }) => id === "destination-limits");
  expect(warnings.map(({ level, current }) => [level, current])).toEqual([
    ["warning", "1 MiB"],
    ["warning", "2 MiB"],
  ]);
  expect(result(await check([one.url], destination.url), "destination-limits").level).toBe("ok");
});

test("refuses a cluster as destination", async () => {
  const cluster = await startRedis({ conf: { "cluster-enabled": "yes" } });
  expect(errorsOf(await check([one.url], cluster.url))).toEqual([["destination", "DESTINATION_UNSUPPORTED"]]);
});

test("names the command that the destination's user lacks", async () => {
  const { url } = await serverWithUser("~* &* +@all -hset -restore -client|kill -eval");
  const report = await check([one.url], url);
  expect(errorsOf(report)).toEqual([["destination", "DESTINATION_DENIED"]]);
  expect(report.checks.find(({ level }) => level === "error")).toMatchObject({
    id: "destination-writable",
    message: expect.stringContaining("HSET"),
  });
  const killless = report.checks.filter(
    (entry) => entry.id === "destination-writable" && entry.level === "warning",
  );
  expect(killless.map((entry) => /CLIENT KILL|EVAL|RESTORE/.exec(entry.message)?.[0])).toEqual([
    "RESTORE",
    "EVAL",
    "CLIENT KILL",
  ]);
});

test("refuses databases that do not exist or are mapped twice", async () => {
  const small = await startRedis({ conf: { databases: "4" } });
  const pairs = [
    { source: 0, destination: 3 },
    { source: 1, destination: 4 },
    { source: 2, destination: 3 },
    { source: 16, destination: 0 },
  ];
  const report = await check([one.url], small.url, { databases: pairs });
  expect(errorsOf(report)).toEqual([
    ["task", "DATABASE_MAPPED_TWICE"],
    ["shard alpha-1", "DATABASE_MISSING"],
    ["destination", "DATABASE_MISSING"],
  ]);
  expect(result(report, "databases-present", "destination").message).toContain("has no database 4: it has 4");

  await two.client.select(9);
  await two.client.set("a", "1");
  const all = await check([two.url], small.url);
  await two.client.flushall();
  await two.client.select(0);
  expect(errorsOf(all)).toEqual([["destination", "DATABASE_MISSING"]]);
});

test("counts the keys of a destination that is not empty, without Tributary's own", async () => {
  const used = await startRedis();
  await one.client.set("a", "1");
  await used.client.hset("tributary:checkpoint:t1", "s1", "x");
  expect(result(await check([one.url], used.url), "destination-empty").level).toBe("ok");
  await used.client.mset("a", "1", "b", "2");
  const report = await check([one.url], used.url);
  await one.client.flushall();
  expect(report.ok).toBe(true);
  expect(result(report, "destination-empty")).toMatchObject({ level: "warning", current: "db0: 2 keys" });
});

test("warns of small buffers and of replicas that are counted, with the command that changes it", async () => {
  const tight = await startRedis({
    conf: { "client-output-buffer-limit": "replica 1mb 1mb 60", "min-replicas-to-write": "0" },
  });
  await tight.client.config("SET", "min-replicas-to-write", "2");
  const report = await check([tight.url], destination.url);
  expect(result(report, "backlog-size")).toMatchObject({ level: "warning", current: "1 MiB" });
  expect(result(report, "backlog-size").remedy).toContain("CONFIG SET repl-backlog-size");
  expect(result(report, "output-buffer")).toMatchObject({ level: "warning" });
  expect(result(report, "min-replicas")).toMatchObject({ level: "warning", current: "2" });
});

test("wants at least one shard", async () => {
  expect(errorsOf(await check([], destination.url))).toEqual([["task", "SHARD_MISSING"]]);
});
