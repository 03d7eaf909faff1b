import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

const base = {
  corpus: [Buffer.from("an input of some bytes")],
  fields: "decimal",
  refuses: false,
  runs: 1_000,
  mayAllocate: () => 1024,
} as const;

/** What a parser does at each input; the count begins with 1. */
const doing = (act: (count: number) => void) => {
  let count = 0;
  return () => {
    act(++count);
    return false;
  };
};

test.each([
  {
    name: "makes too many strings and objects",
    act: (count: number) => {
      if (count === 7) Array.from({ length: 400_000 }, (_, n) => ({ text: `${n} of many` }));
    },
    message: /FUZZ_INDEX=6: it made \d+ bytes of strings and objects of an input of \d+/,
  },
  {
    name: "makes too large arrays of bytes",
    act: (count: number) => {
      if (count === 7) Buffer.alloc(4 * 1024 * 1024);
    },
    message: /FUZZ_INDEX=6: it allocated \d+ bytes for an input of \d+/,
  },
  {
    name: "throws what it should not",
    act: (count: number) => {
      if (count === 7) throw new RangeError("out of place");
    },
    message: /FUZZ_INDEX=6: out of place/,
  },
])("an input at which a parser $name is named", async ({ name, act, message }) => {
  const error: unknown = await fuzz({ ...base, name, read: doing(act) }).catch((failure) => failure);
  const text = error instanceof Error ? error.message : "";
  rmSync(/ is in (\S+\.bin)/.exec(text)?.[1] ?? "", { force: true });
  expect(text).toMatch(message);
});

test("a parser that holds a little of each input is found", async () => {
  const held: string[][] = [];
  const read = doing((count) => held.push(Array.from({ length: 500 }, (_, n) => `${count} ${n}`)));
  await expect(fuzz({ ...base, name: "leak", read })).rejects.toThrow(/left behind/);
});
