import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { RdbInput } from "../../server/rdb/rdb-input.ts";
import { parseRdb } from "../../server/rdb/rdb-parser.ts";
import { writeValueCommands } from "../../server/rdb/rdb-value.ts";
import { restoreVersionFor } from "../../server/rdb/rdb-version.ts";
import { type RedisServer, startRedis } from "../servers/index.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { type Collected, CollectingVisitor, randomSizes, sourceOf } from "./collecting-visitor.ts";
import { fillAllEncodings } from "./fill-all-encodings.ts";
import { restorePayload } from "./rdb-encoder.ts";
import { RecordingWriter } from "./recording-writer.ts";

const redis70 = { flavor: "redis", version: "7.0.15" } as const;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
let source: RedisServer;
let destination: RedisServer;
let rdb: Buffer;

beforeAll(async () => {
  console.log(`SEED=${seed}`);
  source = await startRedis();
  destination = await startRedis();
  await fillAllEncodings(source.client);
  await source.client.call("SAVE");
  rdb = await readFile(join(source.directory, "dump.rdb"));
});

describe("an RDB of every type and encoding of 7.0", () => {
  test("is copied by RESTORE of the slices", async () => {
    const visitor = await parsed(rdb, 1 << 20);
    expect(visitor.entries.every((entry) => entry.raw !== null)).toBe(true);
    await destination.client.flushall();
    for (const entry of visitor.entries) {
      const version = restoreVersionFor(entry.type, redis70);
      const payload = restorePayload(entry.type, entry.raw!, version!);
      await destination.client.select(entry.db);
      await destination.client.callBuffer(
        "RESTORE",
        Buffer.from(entry.key),
        entry.expireAt < 0 ? 0 : String(entry.expireAt),
        payload,
        "ABSTTL",
        "REPLACE",
      );
    }
    await expectSame(visitor.entries, true);
  });

  test("is copied by native commands from the slices", async () => {
    const visitor = await parsed(rdb, 1 << 20);
    await destination.client.flushall();
    for (const entry of visitor.entries) {
      const out = new RecordingWriter();
      const input = RdbInput.of(entry.raw!, 0, entry.raw!.length, "the test");
      await writeValueCommands(input, entry.type, entry, out, {
        destination: redis70,
        chunkElements: 7,
        chunkBytes: 500,
      });
      expect(input.pos).toBe(entry.raw!.length);
      await apply(entry.db, out.commands);
    }
    await expectSame(visitor.entries, false);
  });

  test("is copied as large values when the threshold is tiny", async () => {
    const visitor = await parsed(rdb, 8);
    expect(visitor.entries.filter((entry) => entry.commands !== null).length).toBeGreaterThan(20);
    await destination.client.flushall();
    for (const entry of visitor.entries) {
      if (entry.commands !== null) {
        await apply(entry.db, entry.commands);
      } else {
        const payload = restorePayload(entry.type, entry.raw!, restoreVersionFor(entry.type, redis70)!);
        await destination.client.select(entry.db);
        await destination.client.callBuffer(
          "RESTORE",
          Buffer.from(entry.key),
          entry.expireAt < 0 ? 0 : String(entry.expireAt),
          payload,
          "ABSTTL",
        );
      }
    }
    await expectSame(visitor.entries, false);
  });

  test("tells its version, its databases and its functions, and the frequency and idle time of keys", async () => {
    const { client } = source;
    const visitor = await parsed(rdb, 1 << 20);
    expect(visitor.facts[0]).toBe("REDIS 10");
    expect(visitor.facts).toContain("redis-ver=7.0.15");
    expect(visitor.facts).toContain("db3 1 0");
    expect(visitor.functions.join()).toContain("register_function");
    await client.config("SET", "maxmemory-policy", "allkeys-lfu");
    await client.call("SAVE");
    const frequent = await parsed(await readFile(join(source.directory, "dump.rdb")), 1 << 20);
    expect(frequent.entries.every((entry) => entry.freq >= 0 && entry.idle === -1)).toBe(true);
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    await client.call("SAVE");
    const idle = await parsed(await readFile(join(source.directory, "dump.rdb")), 1 << 20);
    expect(idle.entries.every((entry) => entry.freq === -1 && entry.idle >= 0)).toBe(true);
  });

  test("says what of a stream commands cannot express", async () => {
    const { client } = source;
    await client.call("XADD", "stream:lossy", "1-1", "a", "b");
    await client.call("XADD", "stream:lossy", "2-1", "a", "b");
    await client.call("XGROUP", "CREATE", "stream:lossy", "g", "0");
    await client.call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream:lossy", ">");
    await client.call("XDEL", "stream:lossy", "1-1");
    const dump = (await client.callBuffer("DUMP", "stream:lossy")) as Buffer;
    await client.del("stream:lossy");
    const out = new RecordingWriter();
    const input = RdbInput.of(dump, 1, dump.length - 10, "the test");
    const entry = { key: Buffer.from("s"), expireAt: -1 };
    const losses = await writeValueCommands(input, dump[0]!, entry, out, { destination: redis70 });
    expect(losses.map(({ text }) => text)).toEqual([
      "when a consumer was last seen and active",
      "a pending entry that the stream no longer has",
    ]);
    expect(out.texts().filter((text) => text.startsWith("XCLAIM"))).toHaveLength(1);
  });
});

async function parsed(bytes: Buffer, largeValueBytes: number): Promise<CollectingVisitor> {
  const visitor = new CollectingVisitor();
  const result = await parseRdb(sourceOf(bytes, randomSizes(seededRandom(seed))), visitor, {
    role: "the test",
    largeValueBytes,
    destination: redis70,
  });
  expect(result).toEqual({ bytes: bytes.length, version: 10 });
  return visitor;
}

async function apply(db: number, commands: readonly Buffer[][]): Promise<void> {
  await destination.client.select(db);
  for (const [name, ...args] of commands) await destination.client.callBuffer(name!.toString(), ...args);
}

/** Every key of the source is on the destination with the same digest and expiry, and nothing else is there. */
async function expectSame(entries: readonly Collected[], restored: boolean): Promise<void> {
  let keys = 0;
  for (const db of [0, 3]) {
    await source.client.select(db);
    await destination.client.select(db);
    keys += await source.client.dbsize();
    expect(await destination.client.dbsize()).toBe(await source.client.dbsize());
    for (const { key } of entries.filter((entry) => entry.db === db)) {
      const name = Buffer.from(key);
      const ask = async (server: RedisServer) => ({
        digest: await server.client.call("DEBUG", "DIGEST-VALUE", name),
        expireAt: await server.client.call("PEXPIRETIME", name),
        stream: await streamFacts(server, name, restored),
      });
      expect(await ask(destination), name.toString("latin1")).toEqual(await ask(source));
    }
  }
  expect(entries.length).toBe(keys);
}

/** XINFO STREAM FULL but for how the entries are packed, and when consumers were seen where commands cannot say it. */
async function streamFacts(server: RedisServer, key: Buffer, restored: boolean): Promise<unknown> {
  if ((await server.client.type(key)) !== "stream") return null;
  const full = await server.client.call("XINFO", "STREAM", key, "FULL", "COUNT", 0);
  const packing = /"radix-tree-(keys|nodes)",\d+/g;
  const seen = /"(seen|active)-time",\d+/g;
  const text = JSON.stringify(full).replace(packing, "");
  return restored ? text : text.replace(seen, "");
}
