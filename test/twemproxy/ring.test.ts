import { expect, test } from "vitest";
import { narrowToHashTag } from "../../server/twemproxy/hash-tag.ts";
import { ketamaPoint } from "../../server/twemproxy/ketama.ts";
import { keyHashes } from "../../server/twemproxy/key-hash.ts";
import { createRing } from "../../server/twemproxy/ring.ts";

const pool = { hash: "fnv1a_64", hashTag: null, distribution: "ketama" } as const;
const server = (name: string, weight = 1) => ({ name, weight });

test("gives the known hashes", () => {
  const apple = Buffer.from("apple");
  expect(keyHashes.fnv1a_64(apple, 0, apple.length)).toBe(1488911807);
  expect(keyHashes.crc32(apple, 0, apple.length)).toBe(10542);
  expect(ketamaPoint("server1-8", 0)).toBe(3853726576);
});

test("hashes what stands between the tag's characters, and the whole key when that is nothing", () => {
  const tagged = (key: string) => {
    const part = { start: 1, end: 1 + key.length };
    const bytes = Buffer.from(`{${key}}`);
    narrowToHashTag(bytes, part, 0x7b, 0x7d);
    return bytes.toString("latin1", part.start, part.end);
  };
  expect(tagged("a{b}c")).toBe("b");
  expect(tagged("a{b}c{d}")).toBe("b");
  expect(tagged("{a{b}")).toBe("a{b");
  expect(tagged("a{}b{c}")).toBe("a{}b{c}");
  expect(tagged("}a{b}")).toBe("b");
  expect(tagged("a{b")).toBe("a{b");
  expect(tagged("}a{")).toBe("}a{");
  expect(tagged("")).toBe("");
});

test("takes the only server without hashing, and none at random", () => {
  expect(createRing({ ...pool, servers: [server("a")] }).ownerOf(Buffer.from("k"))).toBe(0);
  const random = createRing({ ...pool, distribution: "random", servers: [server("a"), server("b")] });
  expect(random.ownerOf(Buffer.from("k"))).toBeNull();
});

test("sorts servers by the length of their names before modula counts them", () => {
  const modula = { ...pool, distribution: "modula" } as const;
  const one = createRing({ ...modula, servers: [server("bb"), server("c"), server("a")] });
  const other = createRing({ ...modula, servers: [server("a"), server("c"), server("bb")] });
  const empty = new Uint8Array(0);
  expect([one.ownerOf(empty), other.ownerOf(empty)]).toEqual([2, 0]);
  for (let n = 0; n < 100; n++) {
    const key = Buffer.from(`key:${n}`);
    expect(2 - one.ownerOf(key)!).toBe(other.ownerOf(key));
  }
});

test("does not depend on where in its memory a key lies", () => {
  const bytes = Buffer.from("xxhello worldxx");
  for (const hash of Object.values(keyHashes)) {
    expect(hash(bytes, 2, 13)).toBe(hash(Buffer.from("hello world"), 0, 11));
  }
});
