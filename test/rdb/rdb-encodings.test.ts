import { describe, expect, test } from "vitest";
import { RdbInput } from "../../server/rdb/rdb-input.ts";
import { skipValue } from "../../server/rdb/rdb-skip.ts";
import * as type from "../../server/rdb/rdb-type.ts";
import { writeValueCommands } from "../../server/rdb/rdb-value.ts";
import type { RdbDestination } from "../../server/rdb/rdb-version.ts";
import { at, fixtures, stream } from "./encoding-fixtures.ts";
import * as encode from "./rdb-encoder.ts";
import { RecordingWriter } from "./recording-writer.ts";

describe("each encoding", () => {
  test.each(fixtures)(
    "$name is passed and becomes its commands",
    async ({ type: kind, value, commands, losses }) => {
      expect(skipValue(kind, value, 0, value.length)).toBe(value.length);
      for (let end = 0; end < value.length; end += Math.max(1, value.length >> 6)) {
        const answer = skipValue(kind, value, 0, end);
        expect(answer < 0 && -answer > end && -answer <= value.length, `cut at ${end}`).toBe(true);
      }
      const { texts, lost } = await written(kind, value);
      expect(texts).toEqual(["DEL k", ...commands]);
      expect(lost).toEqual(losses ?? []);
    },
  );

  test("has a name for messages", () => {
    for (const fixture of fixtures) expect(type.rdbValueTypeName(fixture.type)).not.toMatch(/^type/);
    expect(type.rdbValueTypeName(200)).toBe("type 200");
  });

  test("has its expiry written last", async () => {
    const { texts } = await written(type.TYPE_STRING, encode.string("v"), undefined, at);
    expect(texts).toEqual(["DEL k", "SET k v", `PEXPIREAT k ${at}`]);
  });

  test("says what an old destination cannot have", async () => {
    const fields = fixtures.find((fixture) => fixture.type === type.TYPE_HASH_METADATA)!;
    const hash = await written(fields.type, fields.value, { flavor: "redis", version: "7.2.0" });
    expect(hash.texts).toEqual(["DEL k", "HMSET k f 1 g 2"]);
    expect(hash.lost).toEqual(["the expiry of a hash field, which the destination does not have"]);
    const entries = stream(type.TYPE_STREAM_LISTPACKS_2);
    const none = await written(entries.type, entries.value, { flavor: "redis", version: "4.0.14" });
    expect(none.texts).toEqual(["DEL k"]);
    expect(none.lost).toEqual(["the stream: the destination has none (they came with Redis 5)"]);
    const five = await written(entries.type, entries.value, { flavor: "redis", version: "5.0.14" });
    expect(five.texts.find((text) => text.startsWith("XSETID"))).toBe("XSETID k 9-0");
    expect(five.texts.find((text) => text.startsWith("XGROUP"))).toBe("XGROUP CREATE k g 7-1");
    expect(five.texts).toContain("XREADGROUP GROUP g two COUNT 1 STREAMS k 0");
  });

  test("keeps to the limits of a command", async () => {
    const count = 2_000;
    const texts = Array.from({ length: count }, (_, index) => `${index}`);
    const value = Buffer.concat([encode.length(count), encode.strings(...texts)]);
    const out = new RecordingWriter();
    const input = RdbInput.of(value, 0, value.length, "the test");
    await writeValueCommands(input, type.TYPE_SET, { key: Buffer.from("k"), expireAt: -1 }, out, {
      chunkBytes: 400,
      chunkElements: 64,
    });
    const adds = out.commands.slice(1);
    expect(adds.flatMap((command) => command.slice(2).map(String))).toEqual(texts);
    for (const command of adds) {
      expect(command.length).toBeLessThanOrEqual(66);
      expect(Buffer.concat(command.slice(2)).length).toBeLessThanOrEqual(400);
    }
  });

  test("sends fields and values of any size in their places", async () => {
    const big = Buffer.alloc(5_000, "B");
    const pairs: Buffer[] = [
      Buffer.from("f1"),
      Buffer.from("v1"),
      Buffer.from("f2"),
      big,
      big,
      Buffer.from("v3"),
      Buffer.concat([big, big]),
      big,
      Buffer.from("f5"),
      Buffer.from("v5"),
    ];
    const value = Buffer.concat([encode.length(5), encode.strings(...pairs)]);
    const out = new RecordingWriter();
    const input = RdbInput.of(value, 0, value.length, "the test");
    await writeValueCommands(input, type.TYPE_HASH, { key: Buffer.from("k"), expireAt: -1 }, out, {
      chunkBytes: 100,
    });
    out.texts();
    expect(
      out.commands
        .slice(1)
        .flatMap((command) => command.slice(2))
        .map((part) => part.length),
    ).toEqual(pairs.map((part) => part.length));
    expect(out.commands.slice(1).map((command) => command.length)).toEqual([4, 4, 4, 4, 4]);
  });
});

async function written(kind: number, value: Buffer, destination?: RdbDestination, expireAt = -1) {
  const out = new RecordingWriter();
  const input = RdbInput.of(value, 0, value.length, "the test");
  const lost = await writeValueCommands(input, kind, { key: Buffer.from("k"), expireAt }, out, {
    destination,
  });
  expect(input.pos).toBe(value.length);
  return { texts: out.texts(), lost: lost.map(({ text }) => text) };
}
