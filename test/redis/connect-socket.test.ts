import { createServer, type Server, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connectSocket } from "../../server/redis/connect-socket.ts";
import type { RedisEndpoint } from "../../server/redis/endpoint.ts";
import { handshakeLine, openConversation } from "../../server/redis/request-line.ts";
import { until } from "../servers/until.ts";

async function listen(onConnection: (socket: Socket) => void): Promise<RedisEndpoint> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return endpoint(typeof address === "object" && address !== null ? address.port : 0);
}

function endpoint(port: number, more: Partial<RedisEndpoint> = {}): RedisEndpoint {
  return { host: "127.0.0.1", port, tls: false, username: null, password: null, db: null, ...more };
}

async function open(to: RedisEndpoint, more: { signal?: AbortSignal; timeoutMs?: number } = {}) {
  const socket = await connectSocket(to, { role: "shard a", timeoutMs: 2_000, ...more });
  onTestFinished(() => socket.destroy());
  return socket;
}

test("reads nothing before there is a handler, and gives back what the last handler left", async () => {
  const socket = await open(await listen((peer) => peer.write("+first\r\n+second\r\nrest")));
  const line = handshakeLine(socket, ["PING"], 1_000);
  expect(await line).toBe("+first");
  expect(await handshakeLine(socket, ["PING"], 1_000)).toBe("+second");
  let rest = "";
  socket.setOnBytes((chunk) => {
    rest += Buffer.from(chunk).toString();
  });
  await until(async () => rest === "rest", { what: "the rest comes" });
});

test("pause stops the chunks at once, also from within the handler, and resume brings them all", async () => {
  const total = 5_000_000;
  const socket = await open(await listen((peer) => peer.write(Buffer.alloc(total, 7))));
  let got = 0;
  let chunksWhilePaused = 0;
  let paused = false;
  socket.setOnBytes((chunk) => {
    if (paused) chunksWhilePaused++;
    got += chunk.length;
    paused = true;
    socket.pause();
    setImmediate(() => {
      paused = false;
      socket.resume();
    });
  });
  await until(async () => got === total, { what: "all has come" });
  expect(chunksWhilePaused).toBe(0);
  expect(socket.bytesRead).toBe(total);
});

test("write says when the peer is slower, and whenDrained when it has caught up", async () => {
  let peer: Socket | null = null;
  const to = await listen((socket) => {
    peer = socket;
    socket.pause();
  });
  const socket = await open(to);
  const block = Buffer.alloc(1024 * 1024);
  let written = 0;
  let accepted = true;
  for (let count = 0; count < 64 && accepted; count++) accepted = socket.write(block, () => written++);
  expect(accepted).toBe(false);
  let drained = false;
  const waiting = socket.whenDrained().then(() => {
    drained = true;
  });
  for (let more = 0; more < 32; more++) socket.write(block);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(drained).toBe(false);
  await until(async () => peer !== null, { what: "the peer is there" });
  peer!.resume();
  await waiting;
  expect(written).toBeGreaterThan(0);
  const second = socket.whenDrained();
  socket.destroy();
  await second;
  expect(socket.write("late")).toBe(false);
  expect(await socket.closed).toBe("Tributary closed the connection");
});

test("whenDrained ends with the connection", async () => {
  const peers: Socket[] = [];
  const socket = await open(
    await listen((peer) => {
      peer.pause();
      peers.push(peer);
    }),
  );
  for (let count = 0; count < 40; count++) socket.write(Buffer.alloc(1024 * 1024));
  const waiting = socket.whenDrained();
  peers[0]!.resetAndDestroy();
  await waiting;
  expect(await socket.closed).toMatch(/ECONNRESET|EPIPE/);
  expect(socket.open).toBe(false);
});

test("names what kept a connection from being made", async () => {
  await expect(open(endpoint(1))).rejects.toMatchObject({ code: "CONNECT_REFUSED" });
  await expect(open(endpoint(1, { host: "nowhere.invalid" }))).rejects.toMatchObject({
    code: "CONNECT_FAILED",
    message: expect.stringContaining("nowhere.invalid:1"),
  });
  const silent = await listen(() => {});
  await expect(open({ ...silent, tls: true }, { timeoutMs: 100 })).rejects.toMatchObject({
    code: "TLS_FAILED",
  });
  const rude = await listen((peer) => peer.end("-ERR no\r\n"));
  await expect(open({ ...rude, tls: true })).rejects.toMatchObject({ code: "TLS_FAILED" });
  const closing = await listen((peer) => peer.destroy());
  await expect(open({ ...closing, tls: true })).rejects.toMatchObject({ code: "TLS_FAILED" });
});

test("an aborted signal ends the attempt with its reason, and later the connection", async () => {
  const quiet = await listen(() => {});
  await expect(open(quiet, { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  const abort = new AbortController();
  const pending = open({ ...quiet, tls: true }, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(pending).rejects.toThrow("enough");
  const later = new AbortController();
  const socket = await open(quiet, { signal: later.signal });
  later.abort();
  expect(await socket.closed).toBe("Tributary closed the connection");
});

test("the default user's name is left out of AUTH, and a password that is not needed does no harm", async () => {
  const asked: string[] = [];
  const to = await listen((peer) =>
    peer.on("data", (data) => {
      asked.push(data.toString());
      peer.write(data.includes("AUTH") ? "-ERR Client sent AUTH, but no password is set\r\n" : "+PONG\r\n");
    }),
  );
  const socket = await open(to);
  const request = await openConversation(
    socket,
    { ...to, username: "default", password: "pä$$\r\n" },
    { timeoutMs: 1_000 },
  );
  expect(asked[0]).toBe("*2\r\n$4\r\nAUTH\r\n$7\r\npä$$\r\n\r\n");
  expect(await request(["PING"])).toBe("+PONG");
  const named = await open(to);
  await expect(
    openConversation(named, { ...to, username: "copy", password: "x" }, { timeoutMs: 1_000 }),
  ).rejects.toMatchObject({ code: "AUTH_FAILED" });
});
