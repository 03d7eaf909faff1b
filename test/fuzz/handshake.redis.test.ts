import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { RedisSocket } from "../../server/redis/redis-socket.ts";
import { psyncHandshake } from "../../server/replica/psync-handshake.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";
import { splitAnyhow } from "./mutate.ts";
import { recordReplication } from "./record-redis.ts";

/** A connection over which the given pieces come while somebody reads, and which then ends. */
function socketWith(pieces: readonly Buffer[]): RedisSocket {
  let next = 0;
  let flowing = false;
  let pumping = false;
  const emitter = new EventEmitter();
  const pump = () => {
    pumping = false;
    if (!flowing) return;
    const piece = pieces[next++];
    if (piece === undefined) {
      emitter.emit("close");
      return;
    }
    socket.take(piece);
    if (flowing) resume();
  };
  const resume = () => {
    flowing = true;
    if (pumping) return;
    pumping = true;
    queueMicrotask(pump);
  };
  const pause = () => {
    flowing = false;
  };
  const net = Object.assign(emitter, { resume, pause, write: () => true, destroy: () => {} });
  const socket = new RedisSocket(net as unknown as Socket, "shard test", "127.0.0.1:6379");
  return socket;
}

const endpoint = { host: "127.0.0.1", port: 6379, tls: false, username: null, db: null };
const replid = "8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0c";

test(`broken answers to the handshake give a position or a TributaryError, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const { answers } = await recordReplication(true, 1);
  expect(answers.toString("latin1")).toMatch(/^\+PONG\r\n\n*\+OK\r\n\n*\+FULLRESYNC [0-9a-f]{40} \d+\r\n$/);
  const other = (text: string) => Buffer.from(text.replaceAll("\n", "\r\n"));
  const corpus = [
    answers,
    answers,
    other(`+PONG\n+OK\n+CONTINUE ${replid}\n`),
    other("+PONG\n+OK\n+CONTINUE\n"),
    other(`+OK\n+PONG\n-ERR Unrecognized REPLCONF option: capa\n+FULLRESYNC ${replid} 1\n`),
    other("-NOAUTH Authentication required.\n"),
    other("-LOADING Redis is loading the dataset in memory\n"),
    other("+PONG\n+OK\n-NOMASTERLINK Can't SYNC while not connected with my master\n"),
    other(
      "+PONG\n+OK\n-ERR unknown command 'PSYNC'\n-ERR wrong number of arguments for 'sentinel' command\n",
    ),
    other("\n\n+PONG\n\n+OK\n\n\n-ERR Unable to perform background save\n"),
    other("-NOPERM this user has no permissions to run the 'ping' command\n+OK\n-NOPERM no psync\n"),
  ];
  await fuzz({
    name: "handshake",
    corpus,
    fields: "decimal",
    refuses: true,
    // What one read brings too much is put together with the next, byte by byte at the worst.
    mayAllocate: (bytes) => 16 * 1024 + 64 * bytes + bytes ** 2,
    read: async (input, random) => {
      const socket = socketWith(splitAnyhow(input, random));
      const resume = random.oneIn(2) ? { replid, offset: 7n } : null;
      try {
        const answer = await psyncHandshake(
          socket,
          { ...endpoint, password: random.oneIn(4) ? "s3cret" : null },
          { resume, version: random.oneIn(2) ? "8.1.0" : null, timeoutMs: 60_000, psyncTimeoutMs: 60_000 },
        );
        expect(answer.replid).toMatch(/^[0-9A-Za-z]{40}$/);
        expect(answer.offset).toBeGreaterThanOrEqual(0n);
        if (answer.kind === "partial") expect([resume !== null, answer.offset]).toEqual([true, 7n]);
        return false;
      } catch (error) {
        if (!(error instanceof TributaryError)) throw error;
        expect(error.message).not.toContain("s3cret");
        expect(error.message.length).toBeLessThan(1_000);
        return true;
      }
    },
  });
});
