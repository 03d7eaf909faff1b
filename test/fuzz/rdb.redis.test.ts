import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { valueOfDump } from "../../server/rdb/dump-footer.ts";
import { parseRdb } from "../../server/rdb/rdb-parser.ts";
import type { RdbEntry } from "../../server/rdb/rdb-visitor.ts";
import type { CommandWriter } from "../../server/redis/command-writer.ts";
import { CollectingVisitor, randomSizes, sourceOf } from "../rdb/collecting-visitor.ts";
import { fixtures } from "../rdb/encoding-fixtures.ts";
import { fillAllEncodings } from "../rdb/fill-all-encodings.ts";
import * as encode from "../rdb/rdb-encoder.ts";
import { startRedis } from "../servers/index.ts";
import { type SeededRandom, seededRandom } from "../traffic/seeded-random.ts";
import { FormChecker } from "./form-checker.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

/** A change in a larger value hardly ever hits what matters. */
const LARGEST_VALUE = 8_000;
const MIB = 1024 * 1024;

test(`a broken RDB of a real server is RDB_CORRUPT, or read the same however it is split, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const server = await startRedis();
  await fillAllEncodings(server.client);
  await server.client.call("SAVE");
  const whole = await readFile(join(server.directory, "dump.rdb"));
  expect((await outcome(whole, 0, seededRandom(1))).refused).toBeNull();
  const values = [];
  for (const key of await server.client.keysBuffer("*")) {
    const dump = (await server.client.dumpBuffer(key)) as Buffer;
    if (dump.length > LARGEST_VALUE) continue;
    values.push(encode.key(dump[0]!, key, valueOfDump(dump)));
  }
  expect(values.length).toBeGreaterThan(40);
  // What stands between the keys of a real RDB: AUX, SELECTDB, RESIZEDB, expiries, a library of functions.
  const frame = whole.subarray(9, 9 + 400);
  await fuzzRdb("RDB of the server", [...inRdbs(values), Buffer.concat([frame, values[0]!])]);
});

test(`a broken RDB of encodings of all versions is RDB_CORRUPT, or read the same however it is split, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const values = fixtures
    .filter(({ value }) => value.length < LARGEST_VALUE)
    .map(({ type, value }, index) => encode.key(type & 255, `key-${index}`, value));
  const module = [encode.moduleId("ReJSON-RL", 3), encode.length(5), encode.string("text"), encode.length(0)];
  values.push(encode.key(7, "m", Buffer.concat(module)));
  await fuzzRdb("RDB of all versions", inRdbs(values));
});

/** Each value alone, and some together; without the first nine bytes, which few changes should hit. */
function inRdbs(values: readonly Buffer[]): Buffer[] {
  const random = seededRandom(3);
  const several = values.map(() => Buffer.concat([random.pick(values), random.pick(values)]));
  return [...values, ...several].map((value) => encode.rdb([value]).subarray(9));
}

async function fuzzRdb(name: string, corpus: readonly Buffer[]): Promise<void> {
  await fuzz({
    name,
    corpus,
    fields: "binary",
    refuses: true,
    // The window, a decompressor of 72 KiB for each string past 64 KiB, and what 88-fold compression gives.
    mayAllocate: (bytes) => 2 * MIB + 300 * bytes,
    // Three bytes may be a key, which is kept to compare, and each may come alone: an object, and a promise of it.
    heapPerByte: 2_048,
    read: async (body, random) => {
      const magic = random.oneIn(20)
        ? random.pick(["VALKEY080", "REDIS0003", "REDIS0099", "REDIS"])
        : "REDIS0011";
      const rdb = Buffer.concat([Buffer.from(magic), body]);
      // Half of them go through the decoders.
      const largeValueBytes = random.oneIn(2) ? MIB : 0;
      const first = await outcome(rdb, largeValueBytes, random);
      if (random.oneIn(4)) {
        const second = await outcome(rdb, largeValueBytes, random);
        // Of two faults in one value that one is told which is met first: passing over it, or decoding it.
        if (first.refused === null) expect(second).toEqual(first);
        else
          expect([second.entries, second.values, second.refused === null]).toEqual([
            first.entries,
            first.values,
            false,
          ]);
      }
      return first.refused !== null;
    },
  });
}

async function outcome(rdb: Buffer, largeValueBytes: number, random: SeededRandom) {
  const visitor = new DigestingVisitor();
  let refused: string | null = null;
  try {
    await parseRdb(sourceOf(rdb, randomSizes(random)), visitor, {
      role: "the test",
      largeValueBytes,
      verifyChecksum: false,
    });
  } catch (error) {
    if (!(error instanceof TributaryError) || error.code !== "RDB_CORRUPT") throw error;
    const { offset } = error.details;
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(rdb.length);
    expect(error.message).toContain(` ${offset}`);
    refused = error.message;
  }
  const { entries, facts, losses, functions, values } = visitor;
  return { refused, entries, facts, losses, functions, values };
}

/** Takes values as they come and large ones as commands, of which it keeps a digest. */
class DigestingVisitor extends CollectingVisitor {
  readonly values: string[] = [];

  override async largeValue(
    entry: RdbEntry,
    writeCommands: (out: CommandWriter) => Promise<void>,
  ): Promise<void> {
    const hash = createHash("sha1");
    await writeCommands(new FormChecker((bytes) => hash.update(bytes)));
    const { db, type, expireAt } = entry;
    this.values.push(
      `${db} ${type} ${expireAt} ${Buffer.from(entry.key).toString("hex")} ${hash.digest("hex")}`,
    );
  }
}
