import { expect, test } from "vitest";
import { RdbFraming } from "../../server/replica/rdb-framing.ts";
import { seed } from "../sync/harness/check-property.ts";
import { type SeededRandom, seededRandom } from "../traffic/seeded-random.ts";
import { RecordingSink } from "./recording-sink.ts";

const mark = "8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0c";

function newFraming(expectRdb = true): { framing: RdbFraming; sink: RecordingSink } {
  const sink = new RecordingSink();
  const framing = new RdbFraming({
    sink,
    expectRdb,
    onRefused: (reply) => new Error(`refused ${reply}`),
    onProtocolError: (detail) => new Error(detail),
  });
  return { framing, sink };
}

/** Pushes through one buffer that is used again, as a socket does: a view that is kept would be spoilt. */
function pushInPieces(framing: RdbFraming, bytes: Uint8Array, sizes: () => number): void {
  const shared = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + Math.max(1, sizes()));
    shared.fill(0xee);
    shared.set(piece);
    framing.push(shared.subarray(0, piece.length));
    at += piece.length;
  }
}

const rdb = Buffer.from("REDIS0011 not really, \n\r\n$5\r\n but bytes");
const stream = Buffer.from("*1\r\n$4\r\nPING\r\n\n\n*1\r\n$4\r\nPING\r\n");
const withLength = Buffer.concat([Buffer.from(`\n\n$${rdb.length}\r\n`), rdb, Buffer.from("\n\n"), stream]);
const withMark = Buffer.concat([Buffer.from(`\n$EOF:${mark}\r\n`), rdb, Buffer.from(mark), stream]);

for (const [name, bytes] of Object.entries({ "$<length>": withLength, "$EOF:": withMark })) {
  test(`${name}: the same for every split in two, and byte by byte`, () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { framing, sink } = newFraming();
      let first = true;
      pushInPieces(framing, bytes, () => {
        const size = first ? cut || bytes.length : bytes.length;
        first = false;
        return size;
      });
      expect(sink.rdb.equals(rdb)).toBe(true);
      expect(sink.stream.equals(stream)).toBe(true);
      expect(sink.rdbEnds).toBe(1);
      expect(framing.streamBytes).toBe(stream.length);
    }
    const { framing, sink } = newFraming();
    pushInPieces(framing, bytes, () => 1);
    expect(sink.rdb.equals(rdb)).toBe(true);
    expect(sink.stream.equals(stream)).toBe(true);
    expect(sink.totals).toEqual([name === "$EOF:" ? null : rdb.length]);
  });
}

test("a mark that nearly matches, again and again, is RDB", () => {
  const parts = [
    mark.slice(0, 39),
    mark.slice(0, 8),
    mark.slice(0, 16),
    mark.slice(0, 39),
    "8d",
    "8d1f6a0b8d",
  ];
  const content = Buffer.from(parts.join(""));
  for (let size = 1; size <= 90; size++) {
    const { framing, sink } = newFraming();
    pushInPieces(framing, Buffer.from(`$EOF:${mark}\r\n${content}${mark}*1`), () => size);
    expect(sink.rdb.toString()).toBe(content.toString());
    expect(sink.rdbEnds).toBe(1);
    expect(sink.stream.toString()).toBe("*1");
  }
});

test("an RDB of no bytes ends at once, and the link still waits before the header", () => {
  const { framing, sink } = newFraming();
  expect([framing.waitingForRdb, framing.streaming]).toEqual([true, false]);
  framing.push(Buffer.from("\n"));
  expect(framing.waitingForRdb).toBe(true);
  framing.push(Buffer.from("$0\r\n"));
  expect([sink.rdbEnds, framing.waitingForRdb, framing.streaming]).toEqual([1, false, true]);
});

test("after +CONTINUE every byte is the stream's: one that was cut within CRLF goes on with its LF", () => {
  const { framing, sink } = newFraming(false);
  framing.push(Buffer.from("\n"));
  framing.push(Buffer.from("\n*1\r\n"));
  framing.push(Buffer.from("\n"));
  expect(sink.stream.toString()).toBe("\n\n*1\r\n\n");
  expect(framing.streamBytes).toBe(7);
});

test("-ERR in the RDB's place, and anything else, is an error that says what came", () => {
  const pushed = (text: string) => () => newFraming().framing.push(Buffer.from(text));
  expect(pushed("\n-ERR BGSAVE failed, replication can't continue\r\n")).toThrow(
    "refused -ERR BGSAVE failed",
  );
  expect(pushed("*3\r\n$3\r\nSET\r\n")).toThrow('"*3" where the RDB should begin');
  expect(pushed("$EOF:tooshort\r\n")).toThrow("where the RDB should begin");
  expect(pushed("$-1\r\n")).toThrow("where the RDB should begin");
  expect(pushed("x".repeat(2000))).toThrow("where the RDB should begin");
});

test.each([
  ["at once", 1_000],
  ["byte by byte", 1],
])(
  "names the byte after the answer to PSYNC at which the header should begin, when it comes %s",
  (_, size) => {
    for (const [good, bad] of [
      ["", "*3\r\n"],
      ["\n\r\n\n", "$EOF:tooshort\r\n"],
      ["\n".repeat(300), `$${"1".repeat(2_000)}`],
    ] as const) {
      const { framing } = newFraming();
      expect(() => pushInPieces(framing, Buffer.from(good + bad), () => size)).toThrow(
        `where the RDB should begin, at byte ${good.length} after the answer to PSYNC`,
      );
    }
  },
);

test("gives the same bytes for any chunks", () => {
  const random = seededRandom(seed);
  for (let run = 0; run < 200; run++) {
    // Bytes of the mark's own alphabet make partial matches likely.
    const content = run % 2 === 0 ? random.bytes(random.int(3000)) : alphabet(random, random.int(3000));
    const commands = Buffer.concat([Buffer.from("*"), random.bytes(random.int(500))]);
    const head = run % 4 < 2 ? `$${content.length}\r\n` : `$EOF:${mark}\r\n`;
    const tail = run % 4 < 2 ? "\n".repeat(random.int(3)) : mark;
    const bytes = Buffer.concat([Buffer.from(head), content, Buffer.from(tail), commands]);
    const { framing, sink } = newFraming();
    const largest = 1 + random.int(random.int(2) === 0 ? 20 : 2000);
    pushInPieces(framing, bytes, () => 1 + random.int(largest));
    expect(sink.rdb.equals(content)).toBe(true);
    expect(sink.stream.equals(commands)).toBe(true);
  }
});

function alphabet(random: SeededRandom, length: number): Buffer {
  let text = "";
  while (text.length < length) text += mark.slice(0, random.int(40));
  return Buffer.from(text);
}
