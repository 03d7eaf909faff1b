import { expect, test } from "vitest";
import { ReplyScanner } from "../../server/redis/reply-scanner.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";
import { splitAnyhow } from "./mutate.ts";
import { recordReplies } from "./record-redis.ts";

/** What a scanner tells until it refuses, and how it refuses. */
function told(pieces: readonly Uint8Array[]): { events: string[]; refused: string | null } {
  const events: string[] = [];
  const scanner = new ReplyScanner({
    value: (depth, empty) => {
      events.push(`${depth} value${empty ? " empty" : ""}`);
      // Some texts are wanted, others not.
      return events.length % 3 !== 0;
    },
    text: (depth, text) => events.push(`${depth} text ${text}`),
    error: (depth, text) => events.push(`${depth} error ${text}`),
    array: (depth, count) => events.push(`${depth} array ${count}`),
    arrayEnd: () => events.push("end"),
  });
  try {
    for (const piece of pieces) scanner.feed(piece);
  } catch (error) {
    if ((error as Error).constructor !== Error) throw error;
    return { events, refused: (error as Error).message };
  }
  return { events, refused: null };
}

test(`broken replies are told the same however they are split, or refused, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const replies = await recordReplies(150);
  expect(told([replies]).refused).toBeNull();
  // Pieces of the recording, each from a reply's beginning on, so that much of it is understood.
  const corpus: Buffer[] = [];
  for (let start = 0; start < replies.length; ) {
    let end = start + 1;
    while (end < replies.length && told([replies.subarray(start, end)]).events.length < 12) end++;
    corpus.push(replies.subarray(start, Math.min(replies.length, end + 300)));
    start = replies.indexOf("\n", end) + 1 || replies.length;
  }
  await fuzz({
    name: "reply scanner",
    corpus,
    fields: "decimal",
    refuses: true,
    mayAllocate: (bytes) => 4_096 + 300 * bytes,
    read: (input, random) => {
      const whole = told([input]);
      expect(told(splitAnyhow(input, random))).toEqual(whole);
      if (whole.refused === null) return false;
      const place = Number(/ at byte (\d+)/.exec(whole.refused)?.[1] ?? Number.NaN);
      expect(place, whole.refused).toBeLessThan(input.length);
      // What stands before that place is not what broke, and all that was told was told of it.
      expect(told([input.subarray(0, place)])).toEqual({ events: whole.events, refused: null });
      return true;
    },
  });
});
