import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { parseRdb } from "../../server/rdb/rdb-parser.ts";
import type { CommandWriter } from "../../server/redis/command-writer.ts";
import { startRedis } from "../servers/index.ts";
import { type SeededRandom, seededRandom } from "../traffic/seeded-random.ts";
import { CollectingVisitor, randomSizes, sourceOf } from "./collecting-visitor.ts";
import { fixtures } from "./encoding-fixtures.ts";
import { fillAllEncodings } from "./fill-all-encodings.ts";
import * as encode from "./rdb-encoder.ts";

/** Mutations of each of the two RDBs; `npm run test:fuzz` sets more. */
const runs = Number(process.env.FUZZ_RUNS ?? 1_000);
const firstSeed = Number(process.env.SEED ?? Date.now() % 1_000_000);

test(`a broken RDB of a real server is RDB_CORRUPT or read, ${runs} times`, {
  timeout: 600_000,
}, async () => {
  const server = await startRedis();
  await fillAllEncodings(server.client);
  // Small enough that a mutation hits something that matters.
  await server.client.del(
    "list:nodes",
    "set:large",
    "zset:large",
    "hash:large",
    "hash:table",
    "list:plain",
    "string:sparse",
  );
  await server.client.call("SAVE");
  await mutate(await readFile(join(server.directory, "dump.rdb")));
});

test(`a broken RDB of encodings of all versions is RDB_CORRUPT or read, ${runs} times`, {
  timeout: 600_000,
}, async () => {
  const keys = fixtures.map(({ type, value }, index) => encode.key(type & 255, `key-${index}`, value));
  await mutate(
    encode.rdb([
      ...keys,
      encode.key(
        7,
        "m",
        Buffer.concat([
          encode.moduleId("ReJSON-RL", 3),
          encode.length(5),
          encode.string("text"),
          encode.length(0),
        ]),
      ),
    ]),
  );
});

async function mutate(rdb: Buffer): Promise<void> {
  console.log(`SEED=${firstSeed}`);
  const before = process.memoryUsage().rss;
  let broken = 0;
  for (let run = 0; run < runs; run++) {
    const seed = firstSeed + run;
    const random = seededRandom(seed);
    const bytes = mutated(rdb, random);
    // Half of them go through the decoders.
    const largeValueBytes = run % 2 === 0 ? 1 << 20 : 0;
    const started = performance.now();
    try {
      await parseRdb(sourceOf(bytes, randomSizes(random)), new CountingVisitor(), {
        role: "the test",
        largeValueBytes,
        verifyChecksum: false,
      });
    } catch (error) {
      if (!(error instanceof TributaryError) || error.code !== "RDB_CORRUPT")
        throw new Error(`SEED=${seed}`, { cause: error });
      expect(error.details.offset, `SEED=${seed}`).toBeGreaterThanOrEqual(0);
      expect(error.details.offset, `SEED=${seed}`).toBeLessThanOrEqual(bytes.length);
      broken++;
    }
    expect(performance.now() - started, `SEED=${seed} must not take long`).toBeLessThan(5_000);
  }
  expect(broken).toBeGreaterThan(runs / 10);
  expect(process.memoryUsage().rss - before).toBeLessThan(512 << 20);
}

/** Up to four changes: a bit, a byte of weight, a piece cut out, repeated or overwritten, or the end cut off. */
function mutated(rdb: Buffer, random: SeededRandom): Buffer {
  let bytes = Buffer.from(rdb);
  for (let change = random.int(4); change >= 0; change--) {
    const at = 9 + random.int(bytes.length - 9);
    const size = Math.min(1 + random.int(8), bytes.length - at);
    const kind = random.int(6);
    if (kind === 0) bytes[at]! ^= 1 << random.int(8);
    else if (kind === 1)
      bytes[at] = random.pick([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3, 0xf0, 0xf4, 0xfe, 0xff]);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
    else if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + size), bytes.subarray(at)]);
    else if (kind === 4) bytes.fill(random.int(256), at, at + size);
    else if (random.oneIn(4)) bytes = bytes.subarray(0, Math.max(at, 10));
  }
  return bytes;
}

/** Takes values as they come and large ones as commands, of which it keeps nothing. */
class CountingVisitor extends CollectingVisitor {
  override async largeValue(_: unknown, writeCommands: (out: CommandWriter) => Promise<void>): Promise<void> {
    await writeCommands(new FormChecker());
  }
}

class FormChecker implements CommandWriter {
  #arguments = 0;
  #missing = 0;

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    expect([this.#arguments, this.#missing]).toEqual([0, 0]);
    this.#arguments = argc;
  }

  argument(value: Uint8Array | string | number): void {
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error(`${value} is no integer`);
    if (this.#arguments-- <= 0 || this.#missing > 0) throw new Error("an argument out of place");
  }

  beginArgument(length: number): void {
    this.argument("");
    this.#missing = length;
  }

  piece(bytes: Uint8Array): void {
    this.#missing -= bytes.length;
    if (this.#missing < 0) throw new Error("a piece goes past its argument");
  }

  async drain(): Promise<void> {}
}
