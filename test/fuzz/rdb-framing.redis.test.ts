import { expect, test } from "vitest";
import { RdbFraming } from "../../server/replica/rdb-framing.ts";
import { RecordingSink } from "../replica/recording-sink.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";
import { splitAnyhow } from "./mutate.ts";
import { recordReplication } from "./record-redis.ts";

class Refused extends Error {}
class Broken extends Error {}

function framed(pieces: readonly Uint8Array[]) {
  const sink = new RecordingSink();
  const framing = new RdbFraming({
    sink,
    expectRdb: true,
    onRefused: (reply) => new Refused(reply),
    onProtocolError: (detail) => new Broken(detail),
  });
  let refused: string | null = null;
  let place: number | null = null;
  try {
    for (const piece of pieces) framing.push(piece);
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Broken)) throw error;
    refused = error.message;
    if (error instanceof Broken) place = placeIn(refused);
  }
  const { rdb, stream, totals, rdbEnds } = sink;
  return {
    rdb: rdb.toString("latin1"),
    stream: stream.toString("latin1"),
    totals,
    rdbEnds,
    refused,
    place,
    framing,
  };
}

function placeIn(message: string): number {
  const place = / at byte (\d+) after the answer to PSYNC$/.exec(message)?.[1];
  expect(place, message).toBeDefined();
  return Number(place);
}

test(`a broken transfer is told the same however it is split, or refused, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const corpus: Buffer[] = [];
  for (const diskless of [true, false]) {
    const { transfer } = await recordReplication(diskless, 5);
    const whole = framed([transfer]);
    expect([whole.refused, whole.rdbEnds, whole.totals[0] === null]).toEqual([null, 1, diskless]);
    expect(whole.rdb).toMatch(/^REDIS0/);
    corpus.push(transfer);
    // A shorter one, in which a change hits what frames the RDB.
    const head = transfer.toString("latin1", 0, transfer.indexOf("\n", transfer.indexOf("$")));
    const [rdb, tail] = [whole.rdb.slice(0, 30), `\n${whole.stream.slice(0, 60)}`];
    const short = diskless
      ? `${head}\n${rdb}${head.trim().slice(5)}${tail}`
      : `\n$${rdb.length}\r\n${rdb}${tail}`;
    for (let n = 0; n < 20; n++) corpus.push(Buffer.from(short, "latin1"));
  }
  corpus.push(Buffer.from("\n\n-ERR BGSAVE failed, replication can't continue\r\n"));
  await fuzz({
    name: "rdb framing",
    corpus,
    fields: "decimal",
    refuses: true,
    mayAllocate: (bytes) => 16 * 1024 + 16 * bytes,
    read: (input, random) => {
      const { framing, ...whole } = framed([input]);
      const { framing: other, ...split } = framed(splitAnyhow(input, random));
      // What is no header is refused at its first byte or its thousandth, so the text that is shown may be shorter.
      if (whole.refused !== null) {
        expect(split.refused).not.toBeNull();
        expect(split.place).toBe(whole.place);
        if (whole.place !== null) {
          expect(whole.place).toBeLessThan(input.length);
          expect(framed([input.subarray(0, whole.place)])).toMatchObject({
            refused: null,
            rdb: "",
            stream: "",
          });
          expect(framed([input.subarray(whole.place)]).place).toBe(0);
        }
        return true;
      }
      expect(split).toEqual(whole);
      expect(other.streamBytes).toBe(framing.streamBytes);
      expect(whole.rdb.length + whole.stream.length).toBeLessThanOrEqual(input.length);
      return false;
    },
  });
});
