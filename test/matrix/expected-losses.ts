import type { CanonicalOptions } from "../digest/canonical-value.ts";
import { hashesWithFieldExpiry } from "./fill-matrix.ts";
import { rdbTypesOf, type ServerTraits } from "./server-traits.ts";

/** What of a source a destination cannot take. */
export type ExpectedLosses = {
  /** What the log has, as `kind command code`, in alphabetical order. */
  readonly refused: readonly string[];
  /** How many keys of the initial sync are in the log, by code, where each is known. */
  readonly keysRefused: Readonly<Record<string, number>>;
  /** Keys whose values differ for it, by how their names begin. */
  readonly keys: readonly string[];
  /** What is left out when values are compared. */
  readonly without: CanonicalOptions;
  readonly expiryToleranceMs: number;
  /** The notes of docs/compatibility.md that hold. */
  readonly notes: readonly LossNote[];
};

export type LossNote = "fields" | "streams" | "functions" | "vectors";

const streamType = (traits: ServerTraits) =>
  Math.max(...rdbTypesOf(traits).filter((type) => [15, 19, 21].includes(type)));

/** redis: rdb.h and the release notes of each version. */
export function expectedLosses(source: ServerTraits, destination: ServerTraits): ExpectedLosses {
  const refused: string[] = [];
  const keys: string[] = [];
  const notes: LossNote[] = [];
  const keysRefused: Record<string, number> = {};
  if (source.fieldExpiry && !destination.fieldExpiry) {
    notes.push("fields");
    keysRefused.FIELD_TTL_LOST = hashesWithFieldExpiry.length;
    refused.push("rejected RDB key FIELD_TTL_LOST");
    refused.push("skipped HPEXPIREAT FIELD_TTL_LOST", "skipped HSETEX FIELD_TTL_LOST");
  }
  if (streamType(source) > streamType(destination)) {
    notes.push("streams");
    refused.push("rejected RDB key NOT_EXPRESSIBLE");
  }
  if (source.since70 && !destination.since70) {
    notes.push("functions");
    refused.push("rejected FUNCTION LOAD UNKNOWN_COMMAND", "rejected FUNCTION UNKNOWN_COMMAND");
  }
  if (source.vectorSets && !destination.vectorSets) {
    notes.push("vectors");
    keysRefused.MODULE_VALUE = 1;
    refused.push("skipped RDB key MODULE_VALUE");
    refused.push(...["VADD", "VREM", "VSETATTR"].map((name) => `rejected ${name} UNKNOWN_COMMAND`));
    keys.push("vectors", "vadd:", "vrem:", "vsetattr:");
  }
  return {
    refused: refused.sort(),
    keysRefused,
    keys,
    notes,
    // Before 6.2 SET and others know times from now on only, both in the stream and on the destination.
    expiryToleranceMs: source.since62 && destination.since62 ? 1 : 5000,
    without: {
      fieldExpiries: !destination.fieldExpiry,
      streamCounters: !(source.since70 && destination.since70),
      idleConsumers: !source.since62,
    },
  };
}
