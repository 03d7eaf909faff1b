import { describe, expect, test } from "vitest";
import { Crc64, writeCrc64 } from "../../server/redis/crc64.ts";
import { seededRandom } from "../traffic/seeded-random.ts";

describe("CRC-64/Jones", () => {
  test("gives the published check value, little-endian", () => {
    expect(checksum(Buffer.from("123456789"))).toBe("cad9b8c414d9c6e9");
  });

  test("gives 0 for nothing", () => {
    expect(checksum(Buffer.alloc(0))).toBe("0000000000000000");
  });

  test("agrees with the polynomial division bit by bit at every length and alignment", () => {
    const random = seededRandom(7);
    const bytes = Buffer.from(Array.from({ length: 80 }, () => random.int(256)));
    for (let from = 0; from < 9; from++) {
      for (let to = from; to < bytes.length; to++) {
        expect(checksum(bytes.subarray(from, to))).toBe(divided(bytes.subarray(from, to)));
      }
    }
  });

  test("is the same however the bytes are split", () => {
    const random = seededRandom(11);
    const bytes = Buffer.from(Array.from({ length: 5_000 }, () => random.int(256)));
    const crc = new Crc64();
    for (let at = 0; at < bytes.length; ) {
      const to = Math.min(bytes.length, at + random.int(40));
      crc.update(bytes, at, to);
      at = to;
    }
    const whole = Buffer.from(checksum(bytes), "hex");
    expect(crc.matches(whole, 0)).toBe(true);
    whole[3]! ^= 1;
    expect(crc.matches(whole, 0)).toBe(false);
  });
});

function checksum(bytes: Uint8Array): string {
  const into = Buffer.concat([bytes, Buffer.alloc(8)]);
  writeCrc64(into, 0, bytes.length, bytes.length);
  return into.subarray(bytes.length).toString("hex");
}

function divided(bytes: Uint8Array): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  const into = Buffer.alloc(8);
  into.writeBigUInt64LE(crc);
  return into.toString("hex");
}
