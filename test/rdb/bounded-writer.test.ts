import { expect, test } from "vitest";
import { BoundedWriter } from "../../server/rdb/bounded-writer.ts";
import type { CommandWriter } from "../../server/redis/command-writer.ts";

/** Commands as text; what is begun and not ended shows as such. */
function recording() {
  const commands: string[][] = [];
  let left = 0;
  let missing = 0;
  const add = (text: string) => commands.at(-1)!.push(text);
  const out: CommandWriter = {
    command: (...args) => {
      commands.push(args.map((arg) => Buffer.from(arg as string).toString()));
    },
    begin: (argc) => {
      expect(left, "a command is begun within another").toBe(0);
      left = argc;
      commands.push([]);
    },
    argument: (value) => {
      left--;
      add(Buffer.from(value as Uint8Array).toString());
    },
    beginArgument: (length) => {
      missing = length;
      left--;
      add("");
    },
    piece: (bytes) => {
      missing -= bytes.length;
      expect(missing).toBeGreaterThanOrEqual(0);
      commands.at(-1)![commands.at(-1)!.length - 1] += Buffer.from(bytes).toString();
    },
    drain: async () => {},
  };
  return { out, commands, open: () => left + missing };
}

const bounds = { maxBulkBytes: 10, maxStringBytes: 15 };

test("passes on what fits, and nothing of what comes after an argument that does not", () => {
  const { out, commands, open } = recording();
  const writer = new BoundedWriter(out, bounds);
  writer.command("DEL", "key");
  writer.command("RPUSH", "key", "0123456789");
  writer.command("RPUSH", "key", "a", "0123456789x", "b");
  writer.command("RPUSH", "key", "c");
  expect(commands).toEqual([
    ["DEL", "key"],
    ["RPUSH", "key", "0123456789"],
  ]);
  expect(writer.refused).toContain("11 bytes");
  expect(open()).toBe(0);
});

test("ends a command that has begun when a later argument does not fit", () => {
  const { out, commands, open } = recording();
  const writer = new BoundedWriter(out, bounds);
  writer.begin(4);
  writer.argument("HMSET");
  writer.argument("key");
  writer.beginArgument(6);
  writer.piece(Buffer.from("abc"));
  writer.piece(Buffer.from("def"));
  writer.beginArgument(11);
  writer.piece(Buffer.from("0123456789x"));
  expect(commands).toEqual([["HMSET", "key", "abcdef", ""]]);
  expect(writer.refused).not.toBeNull();
  expect(open()).toBe(0);
});

test("counts what SET and APPEND build together", () => {
  const { out, commands } = recording();
  const writer = new BoundedWriter(out, bounds);
  writer.command("SET", "key", "01234567");
  writer.command("APPEND", "key", "0123456");
  expect(writer.refused).toBeNull();
  writer.command("APPEND", "key", "x");
  expect(writer.refused).toContain("15 bytes");
  expect(commands).toHaveLength(2);
});
