import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { CommandScanner } from "../../server/redis/command-scanner.ts";
import { CommandWalker } from "../../server/redis/command-walker.ts";
import { RecordingHandler } from "../sync/harness/recording-handler.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";
import { splitAnyhow } from "./mutate.ts";
import { recordReplication } from "./record-redis.ts";

/** Eight commands each, so that a change hits something that matters. */
async function recordedCommands(): Promise<Buffer[]> {
  const { stream } = await recordReplication(true, 400);
  const scanner = new CommandScanner("the test");
  const corpus: Buffer[] = [];
  for (let start = stream.indexOf("*"); start < stream.length; ) {
    let end = start;
    for (let n = 0; n < 8 && end < stream.length; n++) end = scanner.scan(stream, end, stream.length);
    corpus.push(stream.subarray(start, end));
    start = end;
  }
  expect(corpus.length).toBeGreaterThan(20);
  return corpus;
}

function cut(pieces: readonly Uint8Array[]): { commands: string[]; refused: Refusal | null } {
  const handler = new RecordingHandler();
  let refused: Refusal | null = null;
  try {
    for (const piece of pieces) handler.cutter.cut(piece, 0);
  } catch (error) {
    refused = refusal(error);
  }
  return { commands: handler.commands.map(({ bytes }) => bytes.toString("latin1")), refused };
}

/** Of the first wrong byte, from 1; what the sentence quotes may be cut off by the end of a read. */
type Refusal = { readonly offset: number };

function refusal(error: unknown): Refusal {
  if (!(error instanceof TributaryError)) throw error;
  expect(error.code).toBe("SOURCE_PROTOCOL");
  expect(error.message).toContain(`at offset ${error.details.offset}.`);
  return { offset: Number(error.details.offset) };
}

test(`a broken stream gives the same commands however it is split, or SOURCE_PROTOCOL, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  await fuzz({
    name: "command cutter",
    corpus: await recordedCommands(),
    fields: "decimal",
    refuses: true,
    mayAllocate: (bytes) => 4 * 65_536 + 64 * bytes,
    read: (input, random) => {
      const whole = cut([input]);
      expect(cut(splitAnyhow(input, random))).toEqual(whole);
      if (whole.refused === null) return false;
      // The offset is that of the first wrong byte: with it the stream breaks, and not a byte earlier.
      const { offset } = whole.refused;
      expect(offset).toBeLessThanOrEqual(input.length);
      expect(cut([input.subarray(0, offset - 1)])).toEqual({ ...whole, refused: null });
      return true;
    },
  });
});

test(`a large command ends where a small one would, or is refused where it would be, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  await fuzz({
    name: "command walker",
    corpus: await recordedCommands(),
    fields: "decimal",
    refuses: true,
    mayAllocate: (bytes) => 65_536 + 16 * bytes,
    read: (input, random) => {
      const scanned = outcome(() => new CommandScanner("the test").scan(input, 0, input.length));
      const walked = outcome(() => {
        const walker = new CommandWalker("the test");
        let at = 0;
        for (const piece of splitAnyhow(input, random)) {
          const stop = walker.feed(piece, 0, piece.length);
          if (stop >= 0) return at + stop;
          at += piece.length;
        }
        return -1;
      });
      // The scanner looks at a CRLF when both of its bytes are there.
      if (scanned !== -1 || typeof walked === "number") expect(walked).toEqual(scanned);
      return typeof scanned !== "number";
    },
  });
});

function outcome(find: () => number): unknown {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    return { code: error.code, at: error.details.at };
  }
}
