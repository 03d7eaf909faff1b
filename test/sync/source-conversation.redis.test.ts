import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { seed } from "./check-property.ts";
import { expectUnion } from "./expect-union.ts";
import { rounds } from "./fault-rounds.ts";
import { after, afterLength, afterMark, type Direction, type Find } from "./proxy-trap.ts";
import { endpointAt, SyncForTest } from "./sync-for-test.ts";
import { TcpProxy } from "./tcp-proxy.ts";

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

/** Breaks the link at each state in turn, under load, and compares after each. */
async function breakAtEach(
  states: readonly State[],
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
  for (const [number, state] of states.entries()) {
    const writer = new TrafficWriter(shard.client, {
      seed: seed + number,
      keysPerType: 40,
      through: "direct",
      commandsPerSecond: 2_000,
    }).start();
    const before = await fullSyncs(shard);
    const { direction, find, times = 1 } = state;
    const trap = proxy.trap({ direction, find, act: "cut", times });
    if (options.begin === "full") await shard.client.call("DEBUG", "CHANGE-REPL-ID");
    if (options.begin !== "stream") proxy.cut();
    await until(() => trap.hits > 0, { what: `the link breaks ${state.at}` });
    const written = writer.commands;
    await until(() => writer.commands > written + 100, {
      what: `there is traffic after a break ${state.at}`,
    });
    trap.release();
    await writer.stop();
    expect([...writer.errors]).toEqual([]);
    await sync.caughtUp(shard.client, destination.client);
    await sync.stop();
    await expectUnion([shard], destination).catch((error: Error) => {
      throw new Error(`after a break ${state.at}: ${error.message}`);
    });
    const full = (await fullSyncs(shard)) - before;
    if (options.begin === "full") expect(full, state.at).toBeGreaterThan(0);
    else expect(full, state.at).toBe(0);
    sync.start();
    await sync.reaches("synchronizing");
  }
}

const repeated = (states: readonly State[]) => Array.from({ length: rounds(1) }, () => states).flat();

test("a link that breaks in the handshake is made again", async () => {
  await breakAtEach(repeated(handshake), { diskless: "yes", begin: "full" });
}, 120_000);

test("an initial sync whose link breaks before, within or right behind an RDB with a mark is made again", async () => {
  await breakAtEach(repeated(transferWithMark), { diskless: "yes", begin: "full" });
}, 120_000);

test("an initial sync whose link breaks before, within or right behind an RDB of known length is made again", async () => {
  await breakAtEach(repeated(transferWithLength), { diskless: "no", begin: "full" });
}, 120_000);

test("a link that breaks while it is resumed is resumed again, without a full resynchronization", async () => {
  await breakAtEach(repeated(resumption), { diskless: "yes", begin: "resume" });
}, 120_000);

test("a link that breaks within a command or a transaction is resumed, without a full resynchronization", async () => {
  await breakAtEach(repeated(stream), { diskless: "yes", begin: "stream" });
}, 120_000);
