import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Crc64 } from "../../server/redis/crc64.ts";
import type { ReplicaLink } from "../../server/replica/replica-link.ts";
import {
  freePort,
  type RedisServer,
  startNutcracker,
  startRedis,
  temporaryFolder,
  until,
} from "../servers/index.ts";
import { endpointOf } from "./endpoint-of.ts";
import { openLink } from "./link-for-test.ts";

async function masterOffset(redis: RedisServer): Promise<bigint> {
  return BigInt(await replicationFact(redis, "master_repl_offset"));
}

async function replicationFact(redis: RedisServer, name: string): Promise<string> {
  const info = await redis.client.info("replication");
  return new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1] ?? "";
}

/** Waits until the link has received as much as the master has sent, which pings now and then by itself. */
async function caughtUp(redis: RedisServer, link: ReplicaLink): Promise<void> {
  await until(async () => (await masterOffset(redis)) === link.receivedOffset(), {
    what: "the link's offset equals master_repl_offset",
  });
}

async function fill(redis: RedisServer, keys: number): Promise<void> {
  const pipeline = redis.client.pipeline();
  for (let key = 0; key < keys; key++) pipeline.set(`key:${key}`, "v".repeat(key % 500));
  await pipeline.exec();
}

/** A whole RDB ends in 0xff and the CRC-64 of all before (redis: rdb.c rdbSaveRio). */
function expectWholeRdb(rdb: Buffer): void {
  expect(rdb.subarray(0, 5).toString()).toBe("REDIS");
  expect(rdb.at(-9)).toBe(0xff);
  const checksum = new Crc64();
  checksum.update(rdb, 0, rdb.length - 8);
  expect(checksum.matches(rdb, rdb.length - 8)).toBe(true);
}

for (const diskless of ["no", "yes"]) {
  test(`receives the whole RDB and the stream behind it, repl-diskless-sync ${diskless}`, async () => {
    const redis = await startRedis({ conf: { "repl-diskless-sync": diskless } });
    await fill(redis, 20_000);
    let waited = 0;
    const { link, sink } = await openLink(redis.port, { onWaitingForRdb: () => waited++ });
    expect(link.kind).toBe("full");
    expect(link.replid).toBe(await replicationFact(redis, "master_replid"));
    await until(async () => sink.rdbEnds === 1, { what: "the RDB is whole" });
    expect(waited).toBeGreaterThan(0);
    expectWholeRdb(sink.rdb);
    if (diskless === "yes") {
      expect(sink.totals).toEqual([null]);
    } else {
      expect(sink.totals).toEqual([sink.rdb.length]);
      expect(sink.rdb.equals(readFileSync(join(redis.directory, "dump.rdb")))).toBe(true);
    }
    await redis.client.set("after", "the RDB");
    await fill(redis, 5_000);
    await caughtUp(redis, link);
    expect(sink.stream.toString("latin1")).toContain("$5\r\nafter\r\n$7\r\nthe RDB\r\n");
    expect(BigInt(sink.stream.length)).toBe(link.receivedOffset() - link.offset);
    expect(await redis.log()).not.toContain("ERR");
  });
}

test("tells the master the applied offset at least once a second", async () => {
  const redis = await startRedis();
  const { link } = await openLink(redis.port);
  await redis.client.set("a", "1");
  await until(
    async () => (await replicationFact(redis, "slave0")).includes(`offset=${link.receivedOffset()},`),
    { what: "the master knows the offset" },
  );
  expect(await redis.client.wait(1, 5_000)).toBe(1);
  const line = await replicationFact(redis, "slave0");
  expect(line).toContain("port=0,state=online");
});

test("continues after a cut at the very next byte", async () => {
  const redis = await startRedis();
  const first = await openLink(redis.port);
  await fill(redis, 100);
  await caughtUp(redis, first.link);
  await redis.client.call("CLIENT", "KILL", "TYPE", "replica");
  expect((await first.link.closed)?.code).toBe("SOURCE_LINK_LOST");
  await redis.client.rpush("list", "missed");
  const resume = { replid: first.link.replid, offset: first.link.receivedOffset() };
  const second = await openLink(redis.port, { resume });
  expect(second.link).toMatchObject({ kind: "partial", ...resume });
  await caughtUp(redis, second.link);
  expect(second.sink.totals).toEqual([]);
  expect(second.sink.stream.toString()).toContain("*3\r\n$5\r\nrpush\r\n$4\r\nlist\r\n$6\r\nmissed\r\n");
});

test("asks for a new RDB where the backlog was outrun", async () => {
  const redis = await startRedis({ conf: { "repl-backlog-size": "16384" } });
  const first = await openLink(redis.port);
  await caughtUp(redis, first.link);
  await first.link.close();
  expect(await first.link.closed).toBeNull();
  await fill(redis, 2_000);
  const resume = { replid: first.link.replid, offset: first.link.receivedOffset() };
  const second = await openLink(redis.port, { resume });
  expect(second.link.kind).toBe("full");
  expect(second.link.offset).toBeGreaterThan(resume.offset);
  await until(async () => second.sink.rdbEnds === 1, { what: "the RDB is whole" });
  await caughtUp(redis, second.link);
});

test("adopts the new replid of a replica that became master", async () => {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: master.port });
  await until(async () => (await replicationFact(replica, "master_link_status")) === "up", {
    what: "the replica follows",
  });
  const first = await openLink(master.port);
  await fill(master, 50);
  await caughtUp(master, first.link);
  await until(async () => (await masterOffset(replica)) === first.link.receivedOffset(), {
    what: "the replica has all",
  });
  await first.link.close();
  await master.kill();
  await replica.client.call("REPLICAOF", "NO", "ONE");
  await replica.client.set("after", "failover");
  const resume = { replid: first.link.replid, offset: first.link.receivedOffset() };
  const second = await openLink(replica.port, { resume });
  expect(second.link.kind).toBe("partial");
  expect(second.link.replid).toBe(await replicationFact(replica, "master_replid"));
  expect(second.link.replid).not.toBe(resume.replid);
  await caughtUp(replica, second.link);
  expect(second.sink.stream.toString()).toContain("failover");
});

test("enters with an ACL user and says which permission is missing", async () => {
  const redis = await startRedis();
  await redis.client.call("ACL", "SETUSER", "copy", "on", ">s3 cret", "+psync", "+replconf", "+ping");
  await redis.client.call("ACL", "SETUSER", "weak", "on", ">weak", "+ping", "+info");
  await redis.client.call("CONFIG", "SET", "requirepass", "other");
  const open = (username: string | null, password: string | null) =>
    openLink(redis.port, { endpoint: endpointOf(redis.port, { username, password }) });
  expect((await open("copy", "s3 cret")).link.kind).toBe("full");
  await expect(open("weak", "weak")).rejects.toMatchObject({ code: "SOURCE_PSYNC_DENIED" });
  await expect(open("copy", "wrong")).rejects.toMatchObject({ code: "AUTH_FAILED" });
  await expect(open(null, null)).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
  expect((await open(null, "other")).link.kind).toBe("full");
});

test("replicates over TLS, and names a certificate that nobody vouches for", async () => {
  const directory = temporaryFolder();
  const file = (name: string) => join(directory, name);
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"].concat([
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      ...["-keyout", file("key.pem"), "-out", file("cert.pem")],
    ]),
    { stdio: "ignore" },
  );
  const tlsPort = await freePort();
  const redis = await startRedis({
    conf: {
      "tls-port": String(tlsPort),
      "tls-cert-file": file("cert.pem"),
      "tls-key-file": file("key.pem"),
      "tls-ca-cert-file": file("cert.pem"),
      "tls-auth-clients": "no",
      "repl-diskless-sync": "yes",
    },
  });
  await fill(redis, 20_000);
  const endpoint = endpointOf(tlsPort, { tls: true });
  await expect(openLink(tlsPort, { endpoint })).rejects.toMatchObject({ code: "TLS_FAILED" });
  await expect(
    openLink(redis.port, { endpoint: endpointOf(redis.port, { tls: true }), handshakeTimeoutMs: 500 }),
  ).rejects.toMatchObject({ code: "TLS_FAILED" });
  const program = [
    "--import",
    "tsx",
    fileURLToPath(new URL("./count-over-tls.ts", import.meta.url)),
    String(tlsPort),
  ];
  // The remedy that TLS_FAILED names; it is read when a process starts.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: file("cert.pem") };
  const counted = spawn(process.execPath, program, { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    counted.kill("SIGKILL");
  });
  let said = "";
  counted.stdout.on("data", (data) => {
    said += data;
  });
  await until(async () => said.includes("rdb whole"), { what: "the RDB is whole" });
  await fill(redis, 1_000);
  await redis.client.set("last", "the end");
  await until(async () => said.includes("the end"), { what: "the stream comes" });
});

test("holds the master back while it is paused, and loses nothing", async () => {
  const redis = await startRedis();
  const { link, sink } = await openLink(redis.port, { timeoutMs: 400 });
  await until(async () => sink.rdbEnds === 1, { what: "the RDB is whole" });
  await caughtUp(redis, link);
  link.pause();
  const before = link.receivedOffset();
  await fill(redis, 20_000);
  await until(async () => (await masterOffset(redis)) > before + 1_000_000n, { what: "the master runs on" });
  expect(link.receivedOffset()).toBe(before);
  link.resume();
  await caughtUp(redis, link);
});

test("names a nutcracker for what it is", async () => {
  const redis = await startRedis();
  const nutcracker = await startNutcracker({ servers: [{ port: redis.port }] });
  await expect(openLink(nutcracker.port)).rejects.toMatchObject({ code: "IS_NUTCRACKER" });
});
