import { expect, test } from "vitest";
import { KeyFingerprint, PARTITIONS } from "../../../server/merge/key-fingerprint.ts";
import { fingerprintSetId, readFingerprints } from "../../../server/sync/reconcile/key-fingerprint-set.ts";
import { KeyFingerprintWriter } from "../../../server/sync/reconcile/key-fingerprint-writer.ts";
import { temporaryFolder } from "../../servers/index.ts";

const fingerprint = new KeyFingerprint();
const notBlocked = { afterMs: 0, by: (why: string) => expect.unreachable(why), over: () => {} };

function of(db: number, key: Buffer): { high: number; low: number; partition: number } {
  fingerprint.compute(db, key, 0, key.length);
  return { high: fingerprint.high, low: fingerprint.low, partition: fingerprint.partition };
}

test("tells 300,000 similar keys and their databases apart, and spreads them over the partitions", () => {
  const seen = new Set<string>();
  const partitions = new Int32Array(PARTITIONS);
  for (let n = 0; n < 150_000; n++) {
    for (const db of [0, 1]) {
      const { high, low, partition } = of(db, Buffer.from(`user:${n}:s`));
      seen.add(`${high}:${low}`);
      partitions[partition]!++;
    }
  }
  expect(seen.size).toBe(300_000);
  expect(Math.min(...partitions)).toBeGreaterThan(4_300);
  expect(Math.max(...partitions)).toBeLessThan(5_100);
});

test("is the same for the same bytes wherever they lie", () => {
  const key = Buffer.from("a key of some length\0\xff", "latin1");
  const around = Buffer.concat([Buffer.from("xyz"), key, Buffer.from("w")]);
  fingerprint.compute(7, around, 3, 3 + key.length);
  expect({ high: fingerprint.high, low: fingerprint.low }).toMatchObject({
    high: of(7, key).high,
    low: of(7, key).low,
  });
});

test("gives back what was noted only when it is whole, and takes it away before the next is begun", async () => {
  const folder = temporaryFolder();
  const keys = Array.from({ length: 200_000 }, (_, n) => Buffer.from(`key:${n}`));
  const writer = await KeyFingerprintWriter.begin(folder, Date.now, notBlocked, 1000);
  for (const [n, key] of keys.entries()) {
    writer.add(0, key);
    if (n % 5_000 === 0) await writer.room();
  }
  expect(await fingerprintSetId(folder)).toBeNull();
  await writer.finish(() => Promise.resolve());
  const id = await fingerprintSetId(folder);
  const tables = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) => readFingerprints(folder, id!, partition)),
  );
  const has = (db: number, key: Buffer) => {
    const { high, low, partition } = of(db, key);
    return tables[partition]!.has(high, low);
  };
  expect(keys.every((key) => has(0, key))).toBe(true);
  expect(keys.some((key) => has(1, key))).toBe(false);

  const next = await KeyFingerprintWriter.begin(folder, Date.now, notBlocked, 1000);
  expect(await fingerprintSetId(folder)).toBeNull();
  await next.close();
  expect(await readFingerprints(folder, id!, 0)).toBeNull();
});
