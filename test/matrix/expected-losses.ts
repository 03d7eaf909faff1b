import type { CanonicalOptions, StreamDetail } from "../digest/canonical-value.ts";
import { hashesWithFieldExpiry } from "./fill-matrix.ts";
import { rdbTypesOf, type ServerTraits } from "./server-traits.ts";

/** A line of the log. */
export type ExpectedRefusal = {
  /** As `kind command code`. */
  readonly what: string;
  readonly count: number;
  /** How its samples begin: of the initial sync they are the keys. */
  readonly samples: readonly string[];
};

/** What of a source a destination cannot take. */
export type ExpectedLosses = {
  /** All that the log has. */
  readonly refused: readonly ExpectedRefusal[];
  /** Keys whose values differ for it, by how their names begin. */
  readonly keys: readonly string[];
  /** What is left out when values are compared. */
  readonly without: CanonicalOptions;
  /** What else of streams must be as it was after the initial sync; empty where they are written entry by entry. */
  readonly streamDetails: readonly StreamDetail[];
  readonly expiryToleranceMs: number;
  /** The notes of docs/compatibility.md that hold. */
  readonly notes: readonly LossNote[];
};

export type LossNote = "fields" | "streams" | "functions" | "vectors";

const streamType = (traits: ServerTraits) =>
  Math.max(...rdbTypesOf(traits).filter((type) => [15, 19, 21].includes(type)));

/** redis: rdb.h and the release notes of each version. */
export function expectedLosses(source: ServerTraits, destination: ServerTraits): ExpectedLosses {
  const refused: ExpectedRefusal[] = [];
  const keys: string[] = [];
  const notes: LossNote[] = [];
  const lose = (what: string, count: number, samples: readonly string[]) =>
    refused.push({ what, count, samples });
  if (source.fieldExpiry && !destination.fieldExpiry) {
    notes.push("fields");
    lose("rejected RDB key FIELD_TTL_LOST", hashesWithFieldExpiry.length, hashesWithFieldExpiry);
    // Redis and Valkey say HEXPIRE, HGETEX and others as HPEXPIREAT.
    const examples = ["hexpire:a", "hexpireat:a", "hpersist:a", "hpexpire:a", "hpexpireat:a", "hgetex:a"];
    const samples = [...examples, "fields:small", "hash:listpack"].map((key) => `HPEXPIREAT ${key} `);
    lose("skipped HPEXPIREAT FIELD_TTL_LOST", 9, samples);
    lose("skipped HSETEX FIELD_TTL_LOST", 2, ["HSETEX hsetex:a ", "HSETEX fields:set "]);
  }
  const newerStreams = source.since50 && streamType(source) > streamType(destination);
  if (newerStreams) {
    notes.push("streams");
    // Of this one both a consumer's times and the pending entry that is deleted.
    lose("rejected RDB key NOT_EXPRESSIBLE", 4, ["large:stream", "stream:full", "stream:gone"]);
    keys.push("stream:gone");
  } else if (source.since50) {
    lose("rejected RDB key NOT_EXPRESSIBLE", 1, ["large:stream"]);
  }
  if (source.since70 && !destination.since70) {
    notes.push("functions");
    lose("rejected FUNCTION LOAD UNKNOWN_COMMAND", 1, ["#!lua name=mylib"]);
    lose("rejected FUNCTION UNKNOWN_COMMAND", 8, ["FUNCTION LOAD ", "FUNCTION DELETE deleted"]);
    lose("rejected SPUBLISH UNKNOWN_COMMAND", 1, ["SPUBLISH spublish:channel message"]);
  }
  if (source.vectorSets && !destination.vectorSets) {
    notes.push("vectors");
    lose("skipped RDB key MODULE_VALUE", 1, ["vectors"]);
    lose("rejected VADD UNKNOWN_COMMAND", 5, ["VADD vadd:a ", "VADD vrem:a ", "VADD vsetattr:a "]);
    lose("rejected VREM UNKNOWN_COMMAND", 1, ["VREM vrem:a one"]);
    lose("rejected VSETATTR UNKNOWN_COMMAND", 1, ["VSETATTR vsetattr:a one {}"]);
    keys.push("vectors", "vadd:", "vrem:", "vsetattr:");
  }
  return {
    refused,
    keys,
    notes,
    streamDetails: newerStreams ? [] : detailsOf(source, destination),
    // Before 7.0 a stream says times from now on; and an expiry is asked for by PTTL and TIME, each rounded.
    expiryToleranceMs: !source.since70 ? 5000 : destination.since70 ? 1 : 3,
    without: {
      fieldExpiries: !destination.fieldExpiry,
      streamCounters: !(source.since70 && destination.since70),
      idleConsumers: !source.since62,
      streamsInParts: !source.since60 || !destination.since60,
    },
  };
}

/** What both servers keep of a stream, and an RDB holds. */
function detailsOf(source: ServerTraits, destination: ServerTraits): StreamDetail[] {
  if (!source.since60 || !destination.since60) return [];
  const details: StreamDetail[] = ["seen-time"];
  if (source.since70 && destination.since70) details.push("entries-read", "lag");
  if (source.since72 && destination.since72) details.push("active-time");
  return details;
}
