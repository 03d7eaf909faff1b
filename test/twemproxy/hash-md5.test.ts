import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hashMd5 } from "../../server/twemproxy/hash-md5.ts";

test.each(Array.from({ length: 130 }, (_, length) => length))(
  "the hash of a key of %i bytes is the first word of its MD5",
  (length) => {
    const bytes = Buffer.alloc(length + 7, (length * 37) % 256);
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 151 + length * 29) & 0xff;
    const key = bytes.subarray(3, 3 + length);
    expect(hashMd5(bytes, 3, 3 + length)).toBe(createHash("md5").update(key).digest().readUInt32LE(0));
  },
);
