import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../traffic/seeded-random.ts";

/** A connection of the engine that a hostile peer holds. */
export type Victim = {
  /** What the real server has answered. */
  readonly answer: Buffer;
  readonly socket: Socket;
  readonly open: boolean;
  /** Resolves when the kernel takes more. */
  send(bytes: string | Buffer): Promise<void>;
};

export type Behavior = { readonly name: string; readonly act: (victim: Victim) => Promise<void> };

const MiB = 1024 * 1024;

/** Says one thing and nothing more. */
const says = (name: string, ...bytes: (string | Buffer)[]): Behavior => ({
  name,
  act: async (victim) => {
    for (const piece of bytes) await victim.send(piece);
  },
});

/** Says the same for ever, at most so many bytes. */
const floods = (
  name: string,
  piece: string | Buffer,
  most = 64 * MiB,
  head: string | Buffer = "",
): Behavior => ({
  name,
  act: async (victim) => {
    await victim.send(head);
    const unit = Buffer.from(piece);
    const chunk = Buffer.concat(Array.from({ length: Math.ceil(65_536 / unit.length) }, () => unit));
    for (let sent = 0; sent < most && victim.open; sent += chunk.length) await victim.send(chunk);
  },
});

const does = (name: string, act: Behavior["act"]): Behavior => ({ name, act });
const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

const noise = (seed: number, length: number) => {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length }, () => random.int(256)));
};

const errors = [
  "NOAUTH Authentication required.",
  "WRONGPASS invalid username-password pair",
  "LOADING Redis is loading the dataset in memory",
  "MASTERDOWN Link with MASTER is down",
  "MOVED 1 10.0.0.1:6379",
  "ASK 1 10.0.0.1:6379",
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  "NOPERM this user has no permissions",
  "MISCONF Redis is configured to save RDB snapshots",
  "BUSY Redis is busy running a script.",
  "EXECABORT Transaction discarded because of previous errors.",
  "NOREPLICAS Not enough good replicas to write.",
  "ERR unknown command 'x', with args beginning with: ",
];

/** What any peer may do in the place of any answer. */
export const behaviors: readonly Behavior[] = [
  says("a null string", "$-1\r\n"),
  says("a null array", "*-1\r\n"),
  does("the answer and a null string", (victim) =>
    victim.send(Buffer.concat([victim.answer, Buffer.from("$-1\r\n")])),
  ),
  does("the answer and a push of null", (victim) =>
    victim.send(Buffer.concat([victim.answer, Buffer.from(">1\r\n_\r\n")])),
  ),
  does("the answer and a subscribe push without a channel", (victim) =>
    victim.send(Buffer.concat([victim.answer, Buffer.from(">1\r\n$9\r\nsubscribe\r\n")])),
  ),
  does("the answer twice", (victim) => victim.send(Buffer.concat([victim.answer, victim.answer]))),
  does("the answer a byte at a time", async (victim) => {
    for (const byte of victim.answer.subarray(0, 4000)) await victim.send(Buffer.from([byte]));
  }),
  does("half of the answer and the end", async (victim) => {
    await victim.send(victim.answer.subarray(0, victim.answer.length >> 1));
    victim.socket.end();
  }),
  does("the answer with a bit turned", (victim) => {
    const turned = Buffer.from(victim.answer);
    turned[turned.length >> 1]! ^= 4;
    return victim.send(turned);
  }),
  does("the answer with its lengths raised", (victim) =>
    victim.send(victim.answer.toString("latin1").replace(/\$(\d+)/g, "$$9$1")),
  ),
  says("a null of RESP3", "_\r\n"),
  says("a push of null", ">1\r\n_\r\n"),
  says("a subscribe push without a channel", ">1\r\n$9\r\nsubscribe\r\n"),
  says("a subscribe answer of nulls", "*3\r\n$9\r\nsubscribe\r\n$-1\r\n:1\r\n"),
  says("an unsubscribe answer of nulls", "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n$-1\r\n"),
  says("a message of nulls", "*3\r\n$7\r\nmessage\r\n$-1\r\n$-1\r\n"),
  says("eight nested arrays of 33,000,000", "*33000000\r\n".repeat(8)),
  says("100,000 nested arrays", "*1\r\n".repeat(100_000)),
  says("an array of 2,147,483,647", "*2147483647\r\n"),
  says("an array with a length of 20 digits", "*99999999999999999999\r\n"),
  says("an array of -2", "*-2\r\n"),
  says("a string of -2", "$-2\r\n"),
  says("a string with a length of 400 digits", `$${"9".repeat(400)}\r\n`),
  says("a string longer than any", "$99999999999\r\nx"),
  floods("a string of 512 MiB", "x", 64 * MiB, "$536870912\r\n"),
  floods(
    "an array of strings of 8 MiB",
    Buffer.concat([Buffer.from("$8388608\r\n"), Buffer.alloc(8 * MiB), Buffer.from("\r\n")]),
    128 * MiB,
    "*1000\r\n",
  ),
  floods("an array of a million empty strings", "$0\r\n\r\n", 6 * MiB, "*1000000\r\n"),
  says("a string without its end", "$3\r\nabcdef\r\n"),
  floods("a status without end", "x", 64 * MiB, "+"),
  floods("an error without end", "x", 64 * MiB, "-"),
  floods("an integer without end", "1", 64 * MiB, ":"),
  floods("a length without end", "1", 64 * MiB, "$"),
  says("an integer of letters", ":abc\r\n"),
  says("an integer of nothing", ":\r\n"),
  says("a double", ",nan\r\n"),
  says("a map of 1,000,000,000", "%1000000000\r\n"),
  says("a set of 1,000,000,000", "~1000000000\r\n"),
  says("an attribute", "|1\r\n+a\r\n+b\r\n+c\r\n"),
  floods("a big number without end", "1", 16 * MiB, "("),
  says("a bulk error", "!5\r\nERR x\r\n"),
  says("a verbatim string", "=7\r\ntxt:abc\r\n"),
  says("a boolean of x", "#x\r\n"),
  says("a streamed string", "$?\r\n;4\r\nabcd\r\n;0\r\n"),
  says("zeros", Buffer.alloc(MiB)),
  says("bytes of 255", Buffer.alloc(MiB, 255)),
  ...[1, 2, 3].map((seed) => says(`noise ${seed}`, noise(seed, 65_536))),
  says("an HTTP server", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
  says("a TLS alert", Buffer.from([0x15, 3, 1, 0, 2, 2, 70])),
  says("an SSH banner", "SSH-2.0-OpenSSH_9.2\r\n"),
  says("a command instead of an answer", "*1\r\n$8\r\nFLUSHALL\r\n"),
  says("lines without CR", "+OK\n+OK\n"),
  says("CR without LF", "+OK\r+OK\r"),
  floods("newlines without end", "\n", 8 * MiB),
  floods("CRLF without end", "\r\n", 8 * MiB),
  does("the end", async (victim) => void victim.socket.end()),
  does("a reset", async (victim) => void victim.socket.resetAndDestroy()),
  says("nothing"),
  does("a byte now and then", async (victim) => {
    for (const byte of Buffer.from("+PONG\r\n".repeat(20))) {
      await victim.send(Buffer.from([byte]));
      await sleep(20);
    }
  }),
  says("10,000 answers", "+OK\r\n".repeat(10_000)),
  floods("OK without end", "+OK\r\n"),
  floods("integers without end", ":1\r\n"),
  floods("nulls without end", "$-1\r\n"),
  floods("errors without end", "-ERR no\r\n"),
  floods("errors that all differ", "-ERR no\r\n-LOADING a\r\n-READONLY b\r\n-NOPERM c\r\n"),
  says("an error that a terminal obeys", "-ERR \x1b[2J\x1b]0;owned\x07\x9b31m\r\n"),
  says("an error written backwards", "-ERR \u202egnp.exe\u2066\r\n"),
  says("an error of 60 KB", `-ERR ${"long ".repeat(12_000)}\r\n`),
  ...errors.map((text) => says(`-${text.split(" ", 1)[0]}`, `-${text}\r\n`)),
  says("an INFO of 20 MB", bulk("a:b\r\n".repeat(4_000_000))),
  says("an INFO of 300,000 sections", bulk("#a\n".repeat(300_000))),
  says("an INFO of one field again and again", bulk(`# Modules\n${"module:name=a\n".repeat(70_000)}`)),
  says(
    "an INFO of 40,000 databases",
    bulk(`# Keyspace\n${Array.from({ length: 40_000 }, (_, db) => `db${db}:keys=1`).join("\n")}`),
  ),
  says(
    "an INFO that a terminal obeys",
    bulk("redis_version:\x1b[2J7\nrun_id:\u202e\nrole:slave\nmaster_host:\x1b]\n"),
  ),
  says("an INFO of prototypes", bulk("__proto__:1\nconstructor:2\n# __proto__\ntoString:1\n")),
  says("+OK to everything", "+OK\r\n"),
  says("a full resynchronization that was not asked for", `+FULLRESYNC ${"a".repeat(40)} 1\r\n$-1\r\n`),
];

const fullsync = `+FULLRESYNC ${"0123456789".repeat(4)} 1000\r\n`;
const rdb = (...bytes: (number | string | Buffer)[]) =>
  Buffer.concat([
    Buffer.from("REDIS0012"),
    ...bytes.map((piece) =>
      typeof piece === "number" ? Buffer.from([piece]) : Buffer.from(piece as string),
    ),
  ]);
/** A length of 32 bits, as an RDB has it. */
const length32 = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0x80;
  bytes.writeUInt32BE(value, 1);
  return bytes;
};
const eof = "$EOF:0123456789012345678901234567890123456789\r\n";
const mark = "0123456789012345678901234567890123456789";
/** An RDB of one database with nothing in it; zeros stand for a checksum that is not made. */
const emptyRdb = rdb(0xff, Buffer.alloc(8));
const streamOf = (name: string, piece: string | Buffer, most: number) =>
  floods(
    `an RDB, then ${name}`,
    piece,
    most,
    Buffer.concat([Buffer.from(fullsync + eof), emptyRdb, Buffer.from(mark)]),
  );
const rdbOf = (name: string, head: Buffer, piece: string | Buffer = "", most = 16 * MiB) =>
  piece === ""
    ? says(`an RDB with ${name}`, fullsync + eof, head)
    : floods(`an RDB with ${name}`, piece, most, Buffer.concat([Buffer.from(fullsync + eof), head]));

/** What a master may do beside, in answer to PSYNC. */
export const masterBehaviors: readonly Behavior[] = [
  says("a null where the RDB should begin", `${fullsync}$-1\r\n`),
  says("nested arrays where the RDB should begin", fullsync, "*33000000\r\n".repeat(8)),
  says("garbage where the RDB should begin", fullsync, "PING\r\nSET a b\r\n"),
  floods("a header of the RDB without end", "1", 16 * MiB, `${fullsync}$`),
  says("an RDB of length 0", `${fullsync}$0\r\n`),
  says("an RDB of 10^15 bytes that is none", `${fullsync}$999999999999999\r\n`, Buffer.alloc(MiB)),
  says("a mark that is too short", `${fullsync}$EOF:abc\r\n`),
  says("+CONTINUE that was not asked for", "+CONTINUE\r\n"),
  says("a replid of other letters", `+FULLRESYNC ${"\x1b".repeat(40)} 1\r\n`),
  says("an offset of 30 digits", `+FULLRESYNC ${"a".repeat(40)} ${"9".repeat(30)}\r\n`),
  rdbOf("a key name of 512 MB", rdb(0xfe, 0, 0, length32(536_870_912)), "k", 64 * MiB),
  rdbOf("an AUX of 512 MB", rdb(0xfa, length32(536_870_912)), "k", 64 * MiB),
  rdbOf("a function library of 512 MB", rdb(0xf5, length32(536_870_912)), "k", 64 * MiB),
  rdbOf("a value of 4 GB", rdb(0xfe, 0, 0, 1, "a", length32(4_000_000_000)), "v", 40 * MiB),
  rdbOf("an LZF string that says 512 MB", rdb(0xfe, 0, 0, 1, "a", 0xc3, 4, length32(536_870_912), "abcd")),
  rdbOf("an LZF key name that says 512 MB", rdb(0xfe, 0, 0, 0xc3, 4, length32(536_870_912), "abcd")),
  rdbOf("a list of 1,000,000,000", rdb(0xfe, 0, 1, 1, "a", length32(1_000_000_000)), Buffer.from([1, 120])),
  rdbOf(
    "a quicklist of 1,000,000,000 nodes",
    rdb(0xfe, 0, 18, 1, "a", length32(1_000_000_000)),
    Buffer.from([1, 1, 120]),
  ),
  rdbOf("a ziplist of nonsense", rdb(0xfe, 0, 10, 1, "a", 20, Buffer.alloc(20, 0xfe))),
  rdbOf(
    "a hash template of 1,000,000,000 names",
    rdb(0xf2, 1, length32(1_000_000_000)),
    Buffer.from([1, 120]),
    100 * MiB,
  ),
  rdbOf("hash templates without end", rdb(), Buffer.from([0xf2, 1, 2, 1, 97, 1, 98]), 40 * MiB),
  rdbOf("hash templates of other numbers without end", rdb(), templates(), 40 * MiB),
  rdbOf("every opcode", rdb(...Array.from({ length: 256 }, (_, byte) => byte))),
  rdbOf("zeros", rdb(), Buffer.alloc(1000), 20 * MiB),
  streamOf("FLUSHALL without end", "*1\r\n$8\r\nFLUSHALL\r\n", 8 * MiB),
  streamOf("unknown commands without end", unknownCommands(), 2 * MiB),
  streamOf("nested arrays", "*33000000\r\n".repeat(8), 1 * MiB),
  streamOf("inline garbage", "PING\r\nfoo bar\r\n", 1 * MiB),
  streamOf("an argument of 512 MB", "x", 1 * MiB),
  streamOf("MULTI without EXEC", "*1\r\n$5\r\nMULTI\r\n", 4 * MiB),
  streamOf("EXEC without MULTI", "*1\r\n$4\r\nEXEC\r\n", 1 * MiB),
  streamOf("databases that are not there", "*2\r\n$6\r\nSELECT\r\n$9\r\n999999999\r\n", 1 * MiB),
  streamOf("keys that a terminal obeys", "*2\r\n$8\r\nFLUSHALL\r\n$6\r\n\x1b[2J\x1b\x9b\r\n", 1 * MiB),
];

/** Templates whose numbers all differ, as one piece. */
function templates(): Buffer {
  return Buffer.concat(
    Array.from({ length: 50_000 }, (_, number) =>
      Buffer.concat([Buffer.from([0xf2]), length32(number), Buffer.from([1, 32]), Buffer.alloc(32, 120)]),
    ),
  );
}

function unknownCommands(): string {
  return Array.from({ length: 5_000 }, (_, number) => `*1\r\n${bulk(`COMMAND${number}`)}`).join("");
}

/** What a Sentinel may do beside, in answer to the question for the master. */
export const sentinelBehaviors: readonly Behavior[] = [
  says("a host of 1 MB", `*2\r\n${bulk("h".repeat(1_000_000))}${bulk("6379")}`),
  says("a host that a terminal obeys", `*2\r\n${bulk("\x1b[2Jhost")}${bulk("6379")}`),
  says("a host with line breaks", `*2\r\n${bulk("host\r\nFLUSHALL\r\n")}${bulk("6379")}`),
  says("an empty host", `*2\r\n${bulk("")}${bulk("6379")}`),
  says("a host that is a path", `*2\r\n${bulk("/tmp/x")}${bulk("6379")}`),
  says("a port of -1", `*2\r\n${bulk("127.0.0.1")}${bulk("-1")}`),
  says("a port of 99999", `*2\r\n${bulk("127.0.0.1")}${bulk("99999")}`),
  says("a port that is none", `*2\r\n${bulk("127.0.0.1")}${bulk("x")}`),
  says("a list without a port", `*1\r\n${bulk("127.0.0.1")}`),
  says("nulls", "*2\r\n$-1\r\n$-1\r\n"),
  says("lists", "*2\r\n*1\r\n+a\r\n*1\r\n+b\r\n"),
  says("an array of 100,000", `*100000\r\n${":1\r\n".repeat(100_000)}`),
];
