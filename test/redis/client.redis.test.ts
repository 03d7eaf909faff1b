import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { type ClientOptions, openClient, toTributaryError } from "../../server/redis/client.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import { freePort, startRedis, until } from "../servers/index.ts";

async function open(url: string, options: Partial<ClientOptions> = {}): Promise<Redis> {
  const client = await openClient(parseEndpoint(url), { role: "shard a", timeoutMs: 1000, ...options });
  onTestFinished(() => client.disconnect());
  return client;
}

async function codeOf(opening: Promise<Redis>): Promise<string> {
  return await opening.then(
    () => "opened",
    (error: { code: string }) => error.code,
  );
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

/** A server that says one thing to whoever connects. */
const saying = (text: string | Buffer) => listening(createServer((socket) => void socket.write(text)));

test("opens a named connection to the database of the address", async () => {
  const redis = await startRedis();
  const client = await open(`${redis.url}/3`, { connectionName: "tributary:test" });
  const info = String(await redis.client.call("CLIENT", "LIST"));
  expect(info).toMatch(/name=tributary:test db=3|name=tributary:test .* db=3/);
  expect(await client.ping()).toBe("PONG");
});

test("tells a missing password from a wrong one, and takes one that is not needed", async () => {
  const [open1, locked] = [await startRedis(), await startRedis({ conf: { requirepass: "pw" } })];
  const at = `127.0.0.1:${locked.port}`;
  expect(await codeOf(open(at))).toBe("AUTH_REQUIRED");
  expect(await codeOf(open(`redis://:no@${at}`))).toBe("AUTH_FAILED");
  expect(await codeOf(open(`redis://bob:pw@${at}`))).toBe("AUTH_FAILED");
  expect(await codeOf(open(`redis://:pw@${at}`))).toBe("opened");
  expect(await codeOf(open(`redis://default:pw@${at}`))).toBe("opened");
  expect(await codeOf(open(`redis://:needless@127.0.0.1:${open1.port}`))).toBe("opened");
});

test("opens for an ACL user that may call next to nothing", async () => {
  const redis = await startRedis();
  await redis.client.call("ACL", "SETUSER", "least", "on", ">pw", "-@all", "+get", "~*");
  const url = `redis://least:pw@127.0.0.1:${redis.port}`;
  expect(await codeOf(open(url, { connectionName: "x" }))).toBe("opened");
  expect(await codeOf(open(`${url}/3`))).toBe("SOURCE_COMMAND_DENIED");
});

test("says how many databases there are when one is missing", async () => {
  const redis = await startRedis({ conf: { databases: "5" } });
  await expect(open(`${redis.url}/7`)).rejects.toMatchObject({
    code: "DATABASE_MISSING",
    details: { db: 7, count: 5 },
  });
  const cluster = await startRedis({ conf: { "cluster-enabled": "yes" } });
  await expect(open(`${cluster.url}/1`)).rejects.toMatchObject({ details: { db: 1, count: 1 } });
});

test("names what listens there when it is no Redis, at once", async () => {
  const started = performance.now();
  expect(await codeOf(open(await listening(createHttpServer())))).toBe("NOT_REDIS");
  expect(await codeOf(open(await saying("SSH-2.0-OpenSSH_9.2\r\n")))).toBe("NOT_REDIS");
  expect(await codeOf(open(await saying("220 mail ESMTP\r\n")))).toBe("NOT_REDIS");
  expect(await codeOf(open(await saying("+OK POP3 ready\r\n")))).toBe("NOT_REDIS");
  expect(await codeOf(open(await saying(Buffer.from([0x15, 3, 1, 0, 2, 2, 70]))))).toBe("TLS_FAILED");
  expect(performance.now() - started).toBeLessThan(900);
});

test("passes on why a Redis turns a connection away", async () => {
  const opening = open(await saying("-DENIED Redis is running in protected mode because …\r\n"));
  await expect(opening).rejects.toMatchObject({ code: "CONNECT_FAILED", message: /protected mode/ });
  expect(await codeOf(open(await saying("-ERR max number of clients reached\r\n")))).toBe("CONNECT_FAILED");
  expect(await codeOf(open(await saying("-LOADING Redis is loading the dataset in memory\r\n")))).toBe(
    "SERVER_LOADING",
  );
});

test("names a port that refuses, hangs up or never answers, and a host that does not exist", async () => {
  expect(await codeOf(open(`127.0.0.1:${await freePort()}`))).toBe("CONNECT_REFUSED");
  expect(await codeOf(open(await listening(createServer((socket) => socket.end()))))).toBe("CONNECT_FAILED");
  expect(await codeOf(open(await listening(createServer()), { timeoutMs: 200 }))).toBe("CONNECT_TIMEOUT");
  expect(await codeOf(open("nowhere.invalid:6379"))).toBe("CONNECT_FAILED");
});

test("ends with the signal's reason when it is aborted", async () => {
  const controller = new AbortController();
  const opening = open(await listening(createServer()), { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(opening).rejects.toThrow("enough");
  await expect(open("127.0.0.1:1", { signal: controller.signal })).rejects.toThrow("enough");
});

test("fails the commands of a broken connection and does not come back by itself", async () => {
  const redis = await startRedis();
  const client = await open(redis.url);
  const blocked = client.blpop("nothing", 0).catch((error: unknown) => error);
  await until(async () => /blocked_clients:1/.test(await redis.client.info("clients")), {
    what: "BLPOP blocks",
  });
  await redis.kill();
  const error = toTributaryError(await blocked, { role: "the destination", address: "h:1" });
  expect(error.code).toBe("DESTINATION_LINK_LOST");
  await redis.restart();
  await expect(client.get("a")).rejects.toThrow();
  expect(client.status).toBe("end");
});

test("ends at an answer beyond its limit, and says so to all commands that wait", async () => {
  const redis = await startRedis();
  await redis.client.set("large", randomBytes(20 * 1024 * 1024));
  const larger = await open(redis.url, { answerBytes: 32 * 1024 * 1024 });
  expect(await larger.getBuffer("large")).toHaveLength(20 * 1024 * 1024);
  for (const ask of [
    (client: Redis) => client.getBuffer("large"),
    (client: Redis) => client.multi().ping().dumpBuffer("large").exec(),
    (client: Redis) => Promise.all([client.getBuffer("large"), client.ping()]),
  ]) {
    const client = await open(redis.url);
    await expect(ask(client)).rejects.toMatchObject({ code: "ANSWER_REFUSED", message: /larger than/ });
    await expect(client.ping()).rejects.toThrow();
  }
});

test("ends with the signal under which it was opened: a peer that hangs holds up nobody", async () => {
  const redis = await startRedis();
  const controller = new AbortController();
  const client = await open(redis.url, { signal: controller.signal });
  const blocked = client.blpop("nothing", 0);
  controller.abort();
  await expect(blocked).rejects.toThrow();
});

test("speaks TLS, and says why it cannot", async () => {
  // A certificate for localhost that is good for a hundred years and for nothing but this test.
  const [key, cert] = ["key", "cert"].map((kind) =>
    join(import.meta.dirname, "tls", `localhost.${kind}.pem`),
  );
  const tlsPort = await freePort();
  const redis = await startRedis({
    conf: {
      "tls-port": String(tlsPort),
      "tls-cert-file": cert!,
      "tls-key-file": key!,
      "tls-auth-clients": "no",
    },
  });
  await expect(open(`rediss://127.0.0.1:${tlsPort}`)).rejects.toMatchObject({ code: "TLS_FAILED" });
  expect(await codeOf(open(`rediss://127.0.0.1:${redis.port}`, { timeoutMs: 300 }))).toBe("TLS_FAILED");
  expect(await codeOf(open(`127.0.0.1:${tlsPort}`))).toMatch(/TLS_FAILED|CONNECT_FAILED/);
  // A process of its own, since NODE_EXTRA_CA_CERTS is read at the start.
  const script = `
    import { openClient } from "./server/redis/client.ts";
    import { parseEndpoint } from "./server/redis/endpoint.ts";
    const client = await openClient(parseEndpoint("rediss://localhost:${tlsPort}"), { role: "shard a" });
    console.log(await client.ping());
    client.disconnect();`;
  const output = execFileSync("npx", ["tsx", "--input-type=module", "-e", script], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: cert },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(output.trim()).toBe("PONG");
});

test("maps error replies by their first word, for the source and for the destination", () => {
  const source = (text: string, command = "SET") =>
    toTributaryError(new Error(text), { role: "shard a", address: "h:1", command }).code;
  const destination = (text: string) =>
    toTributaryError(new Error(text), { role: "the destination", address: "h:1", command: "SET" }).code;
  expect(source("NOPERM this user has no permissions", "psync")).toBe("SOURCE_PSYNC_DENIED");
  expect(source("ERR unknown command 'PSYNC'", "PSYNC")).toBe("SOURCE_PSYNC_DENIED");
  expect(source("NOPERM this user has no permissions")).toBe("SOURCE_COMMAND_DENIED");
  expect(source("LOADING Redis is loading")).toBe("SERVER_LOADING");
  expect(source("MASTERDOWN Link with MASTER is down")).toBe("SOURCE_NOT_READY");
  expect(source("ERR Can't SYNC while not connected with my master")).toBe("SOURCE_NOT_READY");
  expect(source("ERR operation not permitted")).toBe("AUTH_REQUIRED");
  expect(destination("OOM command not allowed when used memory > 'maxmemory'.")).toBe("DESTINATION_FULL");
  expect(destination("READONLY You can't write against a read only replica.")).toBe("DESTINATION_READONLY");
  expect(destination("NOPERM No permissions to access a key")).toBe("DESTINATION_DENIED");
  expect(destination("BUSY Redis is busy running a script")).toBe("DESTINATION_BUSY");
  expect(destination("NOAUTH Authentication required.")).toBe("AUTH_REQUIRED");
  expect(destination("WRONGTYPE Operation against a key")).toBe("INTERNAL");
});
