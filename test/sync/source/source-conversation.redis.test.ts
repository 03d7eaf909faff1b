import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { after, afterLength, afterMark, type Direction, type Find } from "../harness/proxy-trap.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

const random = seededRandom(seed);
const psync = /PSYNC\r\n\$\d+\r\n\S+\r\n\$\d+\r\n\S+\r\n/;
const markHeader = /\$EOF:[\s\S]{40}\r\n/;
const lengthHeader = /\+FULLRESYNC [^\r]*\r\n\n*\$\d+\r\n/;

/** A place in the conversation with a master at which the connection breaks. */
type State = {
  readonly at: string;
  readonly direction: Direction;
  readonly find: Find;
  /** Where the facts of the source are asked for in the same words, this many connections are broken. */
  readonly times?: number;
};
const down = (at: string, find: Find, times = 1): State => ({ at, direction: "down", find, times });
const up = (at: string, find: Find): State => ({ at, direction: "up", find });

const handshake: State[] = [
  down("before PING is answered", () => 0, 2),
  down("within the answer to PING", after("+PO"), 2),
  down("after the answer to PING", after("+PONG\r\n"), 2),
  up("within REPLCONF", after("capa")),
  down("after the answer to REPLCONF", after("+PONG\r\n", "+OK\r\n")),
  up("within PSYNC", after("PSYNC")),
  up("after PSYNC", after(psync)),
];
const transferWithMark: State[] = [
  down("within +FULLRESYNC", after("+FULLRES")),
  down("after +FULLRESYNC", after(/\+FULLRESYNC [^\r]*\r\n/)),
  down("within $EOF", after("$EO")),
  down("within the announced mark", after("$EOF:", 20)),
  down("after the announced mark", after(markHeader)),
  down("within the RDB", after(markHeader, 1 + random.int(20_000))),
  down("within the mark at the RDB's end", afterMark(-1 - random.int(39))),
  down("after the RDB, before the stream", afterMark()),
  down("after the stream's first byte", afterMark(1)),
  down("within the stream's first commands", afterMark(2 + random.int(300))),
];
const transferWithLength: State[] = [
  down("within $<length>", after(/\+FULLRESYNC [^\r]*\r\n\n*\$\d/)),
  down("after $<length>", after(lengthHeader)),
  down("within the RDB of known length", after(lengthHeader, 1 + random.int(20_000))),
  down("before the last byte of the RDB", afterLength(-1)),
  down("after the last byte of the RDB", afterLength()),
  down("after the stream's first byte behind a length", afterLength(1)),
];
const resumption: State[] = [
  up("within PSYNC of a resumption", after("PSYNC\r\n", 10)),
  down("within +CONTINUE", after("+CONT")),
  down("after +CONTINUE", after(/\+CONTINUE[^\r]*\r\n/)),
  down("after the resumed stream's first byte", after(/\+CONTINUE[^\r]*\r\n/, 1)),
  down("within the resumed stream", after(/\+CONTINUE[^\r]*\r\n/, 2 + random.int(500))),
];
const stream: State[] = [
  down("within MULTI", after("MULTI", -2)),
  down("after MULTI", after("MULTI\r\n")),
  down("within a transaction", after("MULTI\r\n", 1 + random.int(60))),
  down("within EXEC", after("EXEC", -1)),
  down("after EXEC", after("EXEC\r\n")),
  down("within a length", after(/\r\n\$\d/)),
  down("between CR and LF", after("\r\n$", /\d+\r/)),
  up("within REPLCONF ACK", after("ACK")),
];

async function fullSyncs(shard: RedisServer): Promise<number> {
  return Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1]);
}

/** Breaks the link at `state`, under load, and compares. */
async function breakAt(
  state: State,
  options: { diskless: "yes" | "no"; begin: "full" | "resume" | "stream" },
): Promise<void> {
  const shard = await startRedis({
    conf: {
      "repl-backlog-size": "64mb",
      "repl-diskless-sync": options.diskless,
    },
  });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 500, seed });
  const proxy = await TcpProxy.start(shard.port);
  const sync = new SyncForTest({ source: endpointAt(proxy), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const writer = new TrafficWriter(shard.client, {
    seed,
    keysPerType: 40,
    through: "direct",
    commandsPerSecond: 2_000,
  }).start();
  const before = await fullSyncs(shard);
  const { direction, find, times = 1 } = state;
  const trap = proxy.trap({ direction, find, act: "cut", times });
  if (options.begin === "full") await shard.client.call("DEBUG", "CHANGE-REPL-ID");
  if (options.begin !== "stream") proxy.cut();
  await until(() => trap.hits > 0, { what: "the link breaks" });
  const written = writer.commands;
  await until(() => writer.commands > written + 100, { what: "there is traffic after the break" });
  trap.release();
  await writer.stop();
  expect([...writer.errors]).toEqual([]);
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination);
  const full = (await fullSyncs(shard)) - before;
  if (options.begin === "full") expect(full).toBeGreaterThan(0);
  else expect(full).toBe(0);
}

const repeated = (states: readonly State[]) => Array.from({ length: rounds(1) }, () => states).flat();

test.each(repeated(handshake))("a link that breaks in the handshake, $at, is made again", (state) =>
  breakAt(state, { diskless: "yes", begin: "full" }),
);

test.each(repeated(transferWithMark))(
  "an initial sync from an RDB with a mark whose link breaks $at is made again",
  (state) => breakAt(state, { diskless: "yes", begin: "full" }),
);

test.each(repeated(transferWithLength))(
  "an initial sync from an RDB of known length whose link breaks $at is made again",
  (state) => breakAt(state, { diskless: "no", begin: "full" }),
);

test.each(repeated(resumption))(
  "a link that breaks $at while it is resumed is resumed again, without a full resynchronization",
  (state) => breakAt(state, { diskless: "yes", begin: "resume" }),
);

test.each(repeated(stream))("a link that breaks $at is resumed, without a full resynchronization", (state) =>
  breakAt(state, { diskless: "yes", begin: "stream" }),
);
