import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { freePort, type RedisServer, startNutcracker, startRedis, until } from "./index.ts";
import { requiredBinary } from "./required-binary.ts";

let shared: RedisServer;
beforeAll(async () => {
  shared = await startRedis();
});

test("a server started in a hook serves all tests of the file", async () => {
  expect(await shared.client.ping()).toBe("PONG");
  expect(await shared.client.call("DEBUG", "DIGEST-VALUE", "no-such-key")).toEqual(["0".repeat(40)]);
});

test("the settings of a test win over the defaults", async () => {
  const redis = await startRedis({ conf: { requirepass: "secret", databases: "3" } });
  expect(await redis.client.config("GET", "databases")).toEqual(["databases", "3"]);
});

test("a restarted server has its port and its folder again", async () => {
  const redis = await startRedis({ conf: { appendonly: "yes", appendfsync: "always" } });
  await redis.client.set("k", "v");
  const before = redis.pid;
  await redis.kill();
  await redis.restart();
  expect(redis.pid).not.toBe(before);
  expect(await redis.client.get("k")).toBe("v");
});

test("a server that cannot start says what its log says", async () => {
  await expect(startRedis({ conf: { port: "nonsense" } })).rejects.toThrow(/FATAL CONFIG FILE ERROR/);
});

test("twenty servers started at once do not fight over ports", async () => {
  const servers = await Promise.all(Array.from({ length: 20 }, () => startRedis()));
  expect(new Set(servers.map((server) => server.port)).size).toBe(20);
});

test("a port that is taken is reported when the test insisted on it", async () => {
  await expect(startRedis({ port: shared.port })).rejects.toThrow(/Address already in use/);
});

test("a replica follows its master", async () => {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: master.port });
  await master.client.set("k", "v");
  await until(async () => (await replica.client.get("k")) === "v", { what: "the replica has the key" });
});

test("nutcracker spreads keys over its servers", async () => {
  const shards = await Promise.all([startRedis(), startRedis()]);
  const proxy = await startNutcracker({
    servers: shards.map((shard, i) => ({ port: shard.port, name: `shard${i + 1}` })),
    hashTag: "{}",
  });
  for (let i = 0; i < 200; i++) await proxy.client.set(`key:${i}`, i);
  const sizes = await Promise.all(shards.map((shard) => shard.client.dbsize()));
  expect(sizes[0]! + sizes[1]!).toBe(200);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
});

test("nutcracker writes into redis_db", async () => {
  const shard = await startRedis();
  const proxy = await startNutcracker({ servers: [{ port: shard.port }], redisDb: 3 });
  await proxy.client.set("k", "v");
  await shard.client.select(3);
  expect(await shard.client.get("k")).toBe("v");
});

test("nutcracker enters a shard with redis_auth", async () => {
  const shard = await startRedis({ conf: { requirepass: "secret" } });
  const proxy = await startNutcracker({ servers: [{ port: shard.port }], redisAuth: "secret" });
  await proxy.client.set("k", "v");
  expect(await shard.client.get("k")).toBe("v");
});

test("a missing program fails with the command that installs it", () => {
  expect(() => requiredBinary("no-such-server", "no-such-package")).toThrow(
    "sudo apt-get install -y --no-install-recommends no-such-package",
  );
});

test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
  "servers die with a runner that gets %s",
  async (signal) => {
    const port = await freePort();
    const script = `
    import { RedisServer } from ${JSON.stringify(new URL("./redis-server.ts", import.meta.url).href)};
    const server = await RedisServer.start({ port: ${port} });
    console.log(JSON.stringify({ pid: server.pid, directory: server.directory }));
    setInterval(() => {}, 1000);`;
    const runner = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(runner.stdout, "data");
    const { pid, directory } = JSON.parse(String(line));
    runner.kill(signal);
    await until(() => !isAlive(pid), { what: "redis-server is gone" });
    if (signal !== "SIGKILL") await until(() => !existsSync(directory), { what: "its folder is gone" });
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("what a client had on its way when its server was killed is rejected, and what came later is answered", async () => {
  const redis = await startRedis();
  for (const client of [redis.client, redis.client.duplicate()]) {
    await client.ping();
    const sleeping = client.call("DEBUG", "SLEEP", "30");
    const waiting = client.incr("counter");
    const outcomes = Promise.allSettled([sleeping, waiting]);
    await redis.restart();
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await client.incr("counter")).toBe(1);
    client.disconnect();
  }
});
