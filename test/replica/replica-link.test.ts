import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { ReplicaLinkOptions } from "../../server/replica/replica-link.ts";
import { until } from "../servers/index.ts";
import { endpointOf } from "./endpoint-of.ts";
import { type Answer, type FakeConnection, otherReplid, replid, startFakeMaster } from "./fake-master.ts";
import { openLink } from "./link-for-test.ts";

type Answers = Record<string, Answer>;

const fullResync = `+FULLRESYNC ${replid} 1000`;
const mark = "8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0c";
const ping = "*1\r\n$4\r\nPING\r\n";

async function openAgainst(answers: Answers, options: Partial<ReplicaLinkOptions> = {}) {
  const master = await startFakeMaster(answers);
  return { master, ...(await openLink(master.port, options)) };
}

/** The code with which a link is refused. */
async function refusal(answers: Answers, options: Partial<ReplicaLinkOptions> = {}): Promise<string> {
  const master = await startFakeMaster(answers);
  return await openLink(master.port, { handshakeTimeoutMs: 300, saveTimeoutMs: 300, ...options }).then(
    () => "no refusal",
    (error) => error.code,
  );
}

test("asks in Redis' order, one command after the other's answer", async () => {
  const master = await startFakeMaster({ PSYNC: fullResync });
  const endpoint = endpointOf(master.port, { username: "copy", password: "secret" });
  await openLink(master.port, { endpoint, announce: { version: "8.0.1" } });
  expect(master.requests).toEqual([
    ["AUTH", "copy", "secret"],
    ["PING"],
    ["REPLCONF", "capa", "eof", "capa", "psync2"],
    ["REPLCONF", "version", "8.0.1"],
    ["PSYNC", "?", "-1"],
  ]);
});

test("asks for the byte after the last one, and keeps the offset of +CONTINUE", async () => {
  const resume = { replid, offset: 9_007_199_254_740_993n };
  const { master, link, sink } = await openAgainst({ PSYNC: "+CONTINUE" }, { resume });
  expect(master.requests.at(-1)).toEqual(["PSYNC", replid, "9007199254740994"]);
  expect(link).toMatchObject({ kind: "partial", ...resume });
  master.replica().send(ping);
  await until(async () => sink.stream.length === 14, { what: "the stream comes" });
  expect(link.receivedOffset()).toBe(9_007_199_254_741_007n);
});

test("adopts the replid that +CONTINUE names", async () => {
  const resume = { replid, offset: 5n };
  const { link } = await openAgainst({ PSYNC: `+CONTINUE ${otherReplid}` }, { resume });
  expect(link).toMatchObject({ kind: "partial", replid: otherReplid, offset: 5n });
});

test("tolerates a master that knows no capa, no version and no need of a password", async () => {
  const old = "-ERR Unrecognized REPLCONF option: capa";
  const { link } = await openAgainst(
    { AUTH: "-ERR Client sent AUTH, but no password is set", REPLCONF: old, PSYNC: fullResync },
    { announce: { version: "8.0.0" } },
  );
  expect(link.kind).toBe("full");
});

test("newlines keep the link alive wherever they come, and count nowhere", async () => {
  const answer = (connection: FakeConnection) => {
    connection.send(`\n\n${fullResync}\r\n\n\n$EOF:${mark}\r\nREDIS${mark}\n${ping}`);
  };
  const { link, sink } = await openAgainst({ PING: "\n\n+PONG", REPLCONF: "\n+OK", PSYNC: answer });
  await until(async () => sink.stream.length === 14, { what: "the stream comes" });
  expect(sink.rdb.toString()).toBe("REDIS");
  expect(link.receivedOffset()).toBe(1014n);
});

test("gives the sink nothing before its owner has the link", async () => {
  let known = false;
  const seen: boolean[] = [];
  const sink = {
    rdbBegin: () => seen.push(known),
    rdbBytes: () => {},
    rdbEnd: () => {},
    streamBytes: () => {},
  };
  const { link } = await openAgainst({ PSYNC: `${fullResync}\r\n$5\r\nREDIS` }, { sink });
  await Promise.resolve();
  known = link.kind === "full";
  await until(async () => seen.length > 0, { what: "the RDB begins" });
  expect(seen).toEqual([true]);
});

for (const framing of ["$<length>", "$EOF:"]) {
  test(`${framing}: receives the same in writes of one byte`, async () => {
    const { master, link, sink } = await openAgainst({ PSYNC: fullResync });
    const content = `REDIS0011${mark.slice(0, 39)}\n${mark.slice(0, 8)}`;
    const rdb =
      framing === "$EOF:" ? `$EOF:${mark}\r\n${content}${mark}` : `$${content.length}\r\n${content}`;
    await master.replica().sendInPieces(Buffer.from(`\n${rdb}\n${ping}`), () => 1);
    await until(async () => sink.stream.length === ping.length, { what: "all has come" });
    expect(sink.rdb.toString()).toBe(content);
    expect(sink.rdbEnds).toBe(1);
    expect(link.receivedOffset()).toBe(1014n);
  });
}

test("acknowledges at once after the RDB, once a second, and when it is told to", async () => {
  const { master, link } = await openAgainst({ PSYNC: fullResync });
  const { acks } = master.replica();
  await until(async () => acks.length === 1, { what: "the first ACK" });
  master.replica().send("$5\r\nREDIS");
  await until(async () => acks.length === 2, { what: "the ACK after the RDB", timeoutMs: 700 });
  master.replica().send(ping);
  await until(async () => link.receivedOffset() === 1014n, { what: "the stream comes" });
  link.sendAck();
  await until(async () => acks.at(-1) === 1014n, { what: "the ACK that was asked for", timeoutMs: 700 });
  const before = acks.length;
  await until(async () => acks.length >= before + 2, { what: "an ACK each second", timeoutMs: 3_000 });
});

const refusals: [string, string][] = [
  ["-NOMASTERLINK Can't SYNC while not connected with my master", "SOURCE_NOT_READY"],
  ["-ERR Can't SYNC while not connected with my master", "SOURCE_NOT_READY"],
  ["-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "SOURCE_NOT_READY"],
  ["-BUSY Redis is busy running a script.", "SOURCE_NOT_READY"],
  ["-LOADING Redis is loading the dataset in memory", "SERVER_LOADING"],
  ["-NOPERM this user has no permissions to run the 'psync' command", "SOURCE_PSYNC_DENIED"],
  ["-NOAUTH Authentication required.", "AUTH_REQUIRED"],
  ["-ERR unknown command 'PSYNC', with args beginning with: '?' '-1' ", "SOURCE_PSYNC_DENIED"],
  ["-ERR Unable to perform background save", "SOURCE_BGSAVE_FAILED"],
  ["+FULLRESYNC short 12", "SOURCE_PROTOCOL"],
  ["+CONTINUE", "SOURCE_PROTOCOL"],
  ["$5", "SOURCE_PROTOCOL"],
];
for (const [reply, code] of refusals) {
  test(`PSYNC answered with ${reply} is ${code}`, async () => {
    const unknown = "-ERR unknown command 'SENTINEL', with args beginning with: ";
    expect(await refusal({ PSYNC: reply, SENTINEL: unknown })).toBe(code);
  });
}

test("says what else listens there: a Sentinel, a web server, a port with TLS, nobody who answers", async () => {
  const unknown = "-ERR unknown command";
  const sentinel = {
    REPLCONF: unknown,
    PSYNC: unknown,
    SENTINEL: "-ERR wrong number of arguments for 'sentinel'",
  };
  expect(await refusal(sentinel)).toBe("IS_SENTINEL");
  expect(await refusal({ PING: "HTTP/1.1 400 Bad Request" })).toBe("NOT_REDIS");
  expect(await refusal({ PING: ":5" })).toBe("NOT_REDIS");
  expect(await refusal({ PING: (connection) => connection.send(Buffer.from([0x15, 3, 3, 0, 2, 2])) })).toBe(
    "TLS_FAILED",
  );
  expect(await refusal({ PING: () => {} })).toBe("CONNECT_TIMEOUT");
  expect(await refusal({ PSYNC: () => {} })).toBe("CONNECT_TIMEOUT");
  expect(await refusal({ PING: "-DENIED Redis is running in protected mode" })).toBe("CONNECT_FAILED");
  expect(await refusal({ PING: ({ socket }) => socket.destroy() })).toBe("CONNECT_FAILED");
});

test("takes a server that hangs up on REPLCONF for a nutcracker, unless it does so only twice", async () => {
  expect(await refusal({ REPLCONF: ({ socket }) => socket.destroy() })).toBe("IS_NUTCRACKER");
  let times = 0;
  const twice: Answers = {
    REPLCONF: (connection) => (times++ < 2 ? connection.socket.destroy() : connection.send("+OK\r\n")),
    PSYNC: fullResync,
  };
  expect(await refusal(twice)).toBe("no refusal");
});

test("a server of which a stream is to be resumed is no nutcracker, though it hangs up on REPLCONF", async () => {
  const resume = { replid, offset: 1000n };
  expect(await refusal({ REPLCONF: ({ socket }) => socket.destroy() }, { resume })).toBe("SOURCE_LINK_LOST");
});

test("never repeats a password", async () => {
  const master = await startFakeMaster({ AUTH: "-ERR no such thing as hunter2" });
  const endpoint = endpointOf(master.port, { password: "hunter2" });
  const error: Error = await openLink(master.port, { endpoint }).then(
    () => new Error(),
    (reason) => reason,
  );
  expect(error).toMatchObject({ code: "AUTH_FAILED" });
  expect(JSON.stringify([error.message, error])).not.toContain("hunter2");
});

test("-ERR where the RDB should begin is a BGSAVE that failed", async () => {
  const { master, link } = await openAgainst({ PSYNC: fullResync });
  master.replica().send("\n-ERR BGSAVE failed, replication can't continue\r\n");
  expect(await link.closed).toMatchObject({ code: "SOURCE_BGSAVE_FAILED" });
});

test("garbage where the RDB should begin is a protocol error", async () => {
  const { master, link } = await openAgainst({ PSYNC: fullResync });
  master.replica().send("REDIS0011");
  expect(await link.closed).toMatchObject({ code: "SOURCE_PROTOCOL" });
});

test("says in which part a link was lost", async () => {
  const lostAfter = async (bytes: string) => {
    const { master, link, sink } = await openAgainst({ PSYNC: fullResync });
    master.replica().send(bytes);
    await until(async () => bytes === "" || sink.totals.length > 0, { what: "the bytes come" });
    master.replica().socket.end();
    return (await link.closed)?.message;
  };
  expect(await lostAfter("")).toMatch(/the other side closed the connection while the master made its RDB/);
  expect(await lostAfter("$50\r\nREDIS")).toMatch(/during the RDB/);
  expect(await lostAfter("$5\r\nREDIS")).toMatch(/during the stream/);
});

test("a master that goes silent is left, in the stream soon, while it saves only much later", async () => {
  const { master, link, sink } = await openAgainst(
    { PSYNC: fullResync },
    { timeoutMs: 150, saveTimeoutMs: 60_000 },
  );
  const started = performance.now();
  await until(async () => performance.now() - started > 400, { what: "the save takes its time" });
  master.replica().send("$5\r\nREDIS");
  const error = await link.closed;
  expect(sink.rdbEnds).toBe(1);
  expect(error).toMatchObject({ code: "SOURCE_LINK_TIMEOUT" });
});

test("newlines keep a master alive that takes long to save", async () => {
  const { master, link } = await openAgainst({ PSYNC: fullResync }, { saveTimeoutMs: 200 });
  const timer = setInterval(() => master.replica().send("\n"), 40);
  onTestFinished(() => clearInterval(timer));
  const started = performance.now();
  await until(async () => performance.now() - started > 700, { what: "the save takes its time" });
  clearInterval(timer);
  expect(await link.closed).toMatchObject({ code: "SOURCE_LINK_TIMEOUT" });
});

test("says that the master saves when PSYNC's answer is held back", async () => {
  const master = await startFakeMaster({ PSYNC: () => {} });
  let waiting = 0;
  const opening = openLink(master.port, { onWaitingForRdb: () => waiting++ });
  await until(async () => waiting === 1, { what: "waiting is told" });
  master.replica().send(`\n${fullResync}\r\n`);
  expect((await opening).link.kind).toBe("full");
});

test("ends with null when it is closed or aborted here, also in the handshake", async () => {
  const abort = new AbortController();
  const { link } = await openAgainst({ PSYNC: fullResync }, { signal: abort.signal });
  abort.abort();
  expect(await link.closed).toBeNull();
  const second = await openAgainst({ PSYNC: fullResync });
  await second.link.close();
  expect(await second.link.closed).toBeNull();
  const early = new AbortController();
  const master = await startFakeMaster({ PSYNC: () => early.abort(new Error("enough")) });
  await expect(openLink(master.port, { signal: early.signal })).rejects.toThrow("enough");
});

test("a sink that throws ends the link and not the process", async () => {
  const sink = {
    rdbBegin: () => {
      throw new Error("a bug in the sink");
    },
    rdbBytes: () => {},
    rdbEnd: () => {},
    streamBytes: () => {},
  };
  const { master, link } = await openAgainst({ PSYNC: fullResync }, { sink });
  master.replica().send("$5\r\nREDIS");
  expect(await link.closed).toMatchObject({ code: "INTERNAL" });
});

test("a port on which nobody listens refuses", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(openLink(port)).rejects.toMatchObject({ code: "CONNECT_REFUSED" });
});
