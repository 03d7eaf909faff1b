import { connect } from "node:net";
import type { Redis } from "ioredis";
import { encodeCommand } from "../../server/redis/encode-command.ts";
import { startRedis, until } from "../servers/index.ts";
import { type Command, mixedCommands } from "../traffic/mixed-commands.ts";
import { seededRandom } from "../traffic/seeded-random.ts";

/** What a real master says to a replica: its answers up to that to PSYNC, then the RDB and the stream. */
export type Replication = { readonly answers: Buffer; readonly transfer: Buffer; readonly stream: Buffer };

/** @param diskless whether the RDB comes with a mark at its end, or with its length in front. */
export async function recordReplication(diskless: boolean, commands: number): Promise<Replication> {
  const server = await startRedis({ conf: { "repl-diskless-sync": diskless ? "yes" : "no" } });
  const run = writerOf(server.client);
  await run(60);
  const link = await converse(server.port);
  let answers = 0;
  for (const [request, answer] of [
    [["PING"], "+PONG"],
    [["REPLCONF", "capa", "eof", "capa", "psync2"], "+OK"],
    [["PSYNC", "?", "-1"], "+FULLRESYNC"],
  ] as const) {
    link.send(encodeCommand(request));
    const all = await link.received((bytes) => endOfLine(bytes, answer) > 0);
    answers = endOfLine(all, answer);
  }
  // With diskless synchronization the master begins its stream at the first acknowledgement after the RDB's end.
  await until(
    async () => {
      link.send(encodeCommand(["REPLCONF", "ACK", "0"]));
      return /state=online/.test(await server.client.info("replication"));
    },
    { what: "the recorded replica is online" },
  );
  const start = link.bytes().length;
  await run(commands);
  await server.client.set("the last", "command");
  const all = await link.received((bytes) => bytes.includes("the last\r\n$7\r\ncommand\r\n"));
  link.close();
  return { answers: all.subarray(0, answers), transfer: all.subarray(answers), stream: all.subarray(start) };
}

/** The answers of a real server to mixed commands, to wrong ones, and to some whose answers are nested. */
export async function recordReplies(commands: number): Promise<Buffer> {
  const server = await startRedis();
  const link = await converse(server.port);
  const next = mixedCommands(seededRandom(1), { ...traffic, through: "direct" });
  for (let n = 0; n < commands; n++) for (const command of next()) link.send(encodeCommand(command));
  const others: Command[] = [
    ["NOSUCHCOMMAND"],
    ["LPUSH", "string:0"],
    ["XGROUP", "CREATE", "stream:1", "g", "0", "MKSTREAM"],
    ["XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "stream:1", ">"],
    ["XINFO", "STREAM", "stream:1", "FULL"],
    ["COMMAND", "INFO", "get", "xadd", "nosuch"],
    ["MULTI"],
    ["HGETALL", "hash:1"],
    ["INCR", "hash:1"],
    ["EXEC"],
    ["EVAL", "return {1, {2, {3, {false, 'x'}}}, {}}", "0"],
    ["EVAL", "return redis.error_reply('MY error')", "0"],
    ["SLOWLOG", "GET"],
    ["CONFIG", "GET", "*"],
    ["ECHO", "the last answer"],
  ];
  for (const command of others) link.send(encodeCommand(command));
  const all = await link.received((bytes) => bytes.includes("the last answer\r\n"));
  link.close();
  return all;
}

const traffic = { keysPerType: 4, prefix: "" } as const;

function writerOf(client: Redis): (commands: number) => Promise<void> {
  const next = mixedCommands(seededRandom(2), { ...traffic, through: "direct" });
  return async (commands) => {
    for (let n = 0; n < commands; n++) {
      for (const [name, ...args] of next()) {
        // A command for a key of another type is answered with an error, which is no matter here.
        await client.call(name, ...args.map((arg) => Buffer.from(arg, "latin1"))).catch(() => {});
      }
    }
  };
}

/** After the line that begins so; 0 while it is not here. */
function endOfLine(bytes: Buffer, beginning: string): number {
  const start = bytes.indexOf(beginning);
  return start < 0 ? 0 : bytes.indexOf("\n", start) + 1;
}

async function converse(port: number) {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let all: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    all = Buffer.concat([all, chunk]);
  });
  socket.on("error", () => {});
  return {
    bytes: () => all,
    send: (bytes: Buffer) => void socket.write(bytes),
    received: async (enough: (all: Buffer) => boolean) => {
      await until(() => enough(all), { what: "the recorded server has answered" });
      return all;
    },
    close: () => void socket.destroy(),
  };
}
