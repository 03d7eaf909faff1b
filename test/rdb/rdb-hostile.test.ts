import { expect, test } from "vitest";
import { parseRdb } from "../../server/rdb/rdb-parser.ts";
import { CollectingVisitor } from "./collecting-visitor.ts";
import * as encode from "./rdb-encoder.ts";

const MIB = 1024 * 1024;
const value = encode.string("v");

/** Parses parts that are made as they are asked for. @returns what came of it, and by how much the memory of buffers grew. */
async function parsed(parts: Iterable<Uint8Array>) {
  const visitor = new CollectingVisitor();
  const before = process.memoryUsage().arrayBuffers;
  let highest = 0;
  function* all() {
    yield Buffer.from("REDIS0012");
    yield* parts;
    yield Buffer.concat([Buffer.from([0xff]), Buffer.alloc(8)]);
  }
  const pieces = all();
  const read = async () => {
    highest = Math.max(highest, process.memoryUsage().arrayBuffers);
    return pieces.next().value ?? null;
  };
  const ended = await parseRdb({ read }, visitor, { role: "the test" }).then(
    () => "whole",
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );
  return { visitor, ended, grown: Math.max(0, highest - before) / MIB };
}

function* times(count: number, piece: Uint8Array) {
  for (let left = count; left > 0; left--) yield piece;
}

const template = (number: number, count: number) =>
  Buffer.concat([Buffer.from([242]), encode.length(number), encode.length(count)]);

test("leaves out a key whose name is longer than is held, says so, and goes on with the next", async () => {
  const name = Buffer.alloc(MIB, "k");
  const { visitor, ended, grown } = await parsed(
    (function* () {
      yield Buffer.concat([Buffer.from([0]), encode.length(100 * MIB)]);
      yield* times(100, name);
      yield value;
      yield encode.key(0, "after", value);
    })(),
  );
  expect(ended).toBe("whole");
  expect(visitor.losses).toEqual([": a key whose name is longer than 16 MiB"]);
  expect(visitor.entries.map(({ key }) => String(key))).toEqual(["after"]);
  expect(grown).toBeLessThan(40);
});

test("takes a key whose name has 10 MiB", async () => {
  const name = Buffer.alloc(10 * MIB, "k");
  const { visitor, ended } = await parsed([encode.key(0, name, value)]);
  expect(ended).toBe("whole");
  expect(visitor.entries[0]?.key).toHaveLength(name.length);
});

test.each([
  ["a text of 100 MiB", Buffer.concat([Buffer.from([250]), encode.length(100 * MIB)])],
  ["a function library of 100 MiB", Buffer.concat([Buffer.from([245]), encode.length(100 * MIB)])],
  ["a hash template of 1,000,000,000 names", template(1, 1_000_000_000)],
  ["a hash template of names without end", template(1, 4_000_000)],
])("refuses %s before it is in memory", async (_, head) => {
  const { ended, grown } = await parsed(
    (function* () {
      yield head;
      yield* times(100, Buffer.alloc(MIB, Buffer.from([3, 120, 120, 120])));
    })(),
  );
  expect(ended).toMatch(/^RDB_CORRUPT: .*(longer than 16 MiB|take more than)/);
  expect(grown).toBeLessThan(100);
});

test("refuses hash templates that take more than they may together, and takes one again and again", async () => {
  const names = encode.strings(..."abcdefgh");
  const ofNumber = (number: number) => Buffer.concat([template(number, 8), names]);
  const many = function* () {
    for (let number = 0; number < 1_000_000; number += 100) {
      yield Buffer.concat(Array.from({ length: 100 }, (_, index) => ofNumber(number + index)));
    }
  };
  const { ended } = await parsed(many());
  expect(ended).toMatch(/^RDB_CORRUPT: .*take more than/);
  const same = Buffer.concat(Array.from({ length: 1000 }, () => ofNumber(7)));
  expect((await parsed(times(500, same))).ended).toBe("whole");
});

test("refuses a compressed key that would be larger than is held", async () => {
  const bytes = Buffer.alloc(MIB);
  const name = Buffer.concat([
    Buffer.from([0xc3]),
    encode.length(bytes.length),
    encode.length(60 * MIB),
    bytes,
  ]);
  const { ended, grown } = await parsed([Buffer.from([0]), name, value]);
  expect(ended).toMatch(/^RDB_CORRUPT: .*too great a length/);
  expect(grown).toBeLessThan(20);
});
