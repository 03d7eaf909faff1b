import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, startNutcracker, startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { plainClient } from "../../servers/plain-client.ts";
import { EngineRun } from "../harness/engine-run.ts";
import { expectUnion } from "../harness/expect-union.ts";

const certificates = join(import.meta.dirname, "..", "..", "redis", "tls");

test("the database of a pool with redis_db 3 is synchronized, and no other", async () => {
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  const nutcracker = await startNutcracker({
    redisDb: 3,
    servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
  });
  for (const shard of shards) await shard.client.set("in database 0", "is not the pool's");
  for (let n = 0; n < 200; n++) await nutcracker.client.set(`before:${n}`, n);
  const engine = new EngineRun(
    ["--nutcracker", nutcracker.configFile, "--destination", `${destination.url}/5`],
    temporaryFolder(),
  );
  engine.start();
  for (let n = 0; n < 200; n++) await nutcracker.client.rpush(`list:${n % 20}`, n);
  const reader = plainClient({ port: destination.port });
  try {
    await reader.select(5);
    for (const [index, shard] of shards.entries()) {
      await engine.caughtUp(`alpha-${index + 1}`, shard.client, reader, 30_000);
    }
  } finally {
    reader.disconnect();
  }
  await engine.drain();
  expect(await expectUnion(shards, destination, [{ source: 3, destination: 5 }])).toBe(220);
  expect(await destination.client.dbsize()).toBe(0);
}, 60_000);

test("shard and destination may want TLS and an ACL user", async () => {
  const start = async (user: string) => {
    const tlsPort = await freePort();
    const server = await startRedis({
      conf: {
        "tls-port": String(tlsPort),
        "tls-cert-file": join(certificates, "localhost.cert.pem"),
        "tls-key-file": join(certificates, "localhost.key.pem"),
        "tls-auth-clients": "no",
        user,
      },
    });
    return { server, tlsPort };
  };
  const shard = await start(
    "replica on >s%ret ~* resetchannels -@all +psync +replconf +ping +info +select +dbsize",
  );
  const destination = await start("writer on >p@ss:word ~* &* +@all");
  await shard.server.client.mset("a", 1, "b", 2);
  process.env.NODE_EXTRA_CA_CERTS = join(certificates, "localhost.cert.pem");
  const engine = new EngineRun(
    [
      ...["--shard", `rediss://replica:${encodeURIComponent("s%ret")}@localhost:${shard.tlsPort}`],
      ...[
        "--destination",
        `rediss://writer:${encodeURIComponent("p@ss:word")}@localhost:${destination.tlsPort}`,
      ],
    ],
    temporaryFolder(),
  );
  engine.start();
  delete process.env.NODE_EXTRA_CA_CERTS;
  await until(async () => (await destination.server.client.get("b")) === "2", {
    what: "the initial sync has come",
    timeoutMs: 20_000,
  });
  await shard.server.client.incr("a");
  await until(async () => (await destination.server.client.get("a")) === "2", {
    what: "the stream has come",
  });
  const clients = String(await destination.server.client.client("LIST"));
  expect(clients).toMatch(/name=tributary:\S+ .*user=writer/);
  const log = await engine.log();
  expect(log).not.toContain("s%ret");
  expect(log).not.toContain("p@ss");
  expect(log).not.toContain(encodeURIComponent("s%ret"));
  await engine.drain();
}, 60_000);
