import { createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { type TributaryError, toReason } from "../../server/errors/tributary-error.ts";
import { openClient } from "../../server/redis/client.ts";
import { connectSocket } from "../../server/redis/connect-socket.ts";
import type { RedisEndpoint } from "../../server/redis/endpoint.ts";
import { openConversation } from "../../server/redis/request-line.ts";

const password = "Tr0ub4dor&3 zürich";

/** A server that answers AUTH as told: with text that no Redis says, which is what a peer can do. */
async function peer(answer: (password: string) => string): Promise<RedisEndpoint> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const text = data.toString("latin1");
      socket.write(/AUTH/i.test(text) ? answer(password) : "+PONG\r\n", "utf8");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { host: "127.0.0.1", port, tls: false, username: null, password, db: null };
}

const spelled = [...password].join(" ");
const answers: [string, (password: string) => string][] = [
  ["in an error", (word) => `-ERR invalid password '${word}'\r\n`],
  ["spelled, which no list of forms has", () => `-ERR ${spelled}\r\n`],
  ["behind WRONGPASS", (word) => `-WRONGPASS ${word}\r\n`],
  ["behind NOAUTH", (word) => `-NOAUTH ${word} is not it\r\n`],
  ["behind LOADING", () => `-LOADING ${spelled}\r\n`],
  ["behind DENIED", () => `-DENIED ${spelled}\r\n`],
  ["behind BUSY", () => `-BUSY ${spelled}\r\n`],
  ["as a command that is unknown", (word) => `-ERR unknown command '${word}'\r\n`],
  ["behind NOPERM", (word) => `-NOPERM this user has no permissions to run the '${word}' command\r\n`],
  ["without a type", (word) => `${word}\r\n`],
];

it.each(answers)("does not show a password that a server repeats %s", async (_, answer) => {
  const endpoint = await peer(answer);
  const role = "shard a";
  const told: TributaryError[] = [];
  const catcher = (error: TributaryError) => void told.push(error);
  await openClient(endpoint, { role, timeoutMs: 2_000 }).then((client) => client.disconnect(), catcher);
  const socket = await connectSocket(endpoint, { role, timeoutMs: 2_000 });
  await openConversation(socket, endpoint, { timeoutMs: 2_000 }).catch(catcher);
  socket.destroy();
  expect(told).toHaveLength(2);
  for (const error of told) {
    const text = JSON.stringify([toReason(error), error.message, error.details]);
    for (const part of [password, "Tr0ub", "T r 0 u b", "TR0UB", "dor&3"]) expect(text).not.toContain(part);
  }
});
