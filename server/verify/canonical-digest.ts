import { TributaryError } from "../errors/tributary-error.ts";
import { ElementHash } from "./element-hash.ts";
import { type ElementPart, payloadBody, valueElements, type Without, withoutFor } from "./value-elements.ts";

/**
 * Whether two DUMPs hold the same value: `undecided` where they differ and their value cannot be decoded (a
 * module's, or of a type that is not known here).
 */
export type Sameness = "equal" | "different" | "undecided";

/**
 * A digest of the value that a DUMP holds, equal for all encodings and RDB versions of it: without order where the
 * server has none, doubles by their value, field expiries, a stream with its groups, consumers and pending entries.
 * @returns null for a value that cannot be decoded.
 */
export async function canonicalDigest(
  payload: Buffer,
  without: Without = withoutFor(payload),
): Promise<string | null> {
  const hash = new ElementHash();
  try {
    await valueElements(payload, without, ({ part, name, value }) => hash.add(TAGS[part], name, value));
  } catch (error) {
    if (error instanceof TributaryError && error.code === "RDB_CORRUPT") return null;
    throw error;
  }
  return hash.digest();
}

/** Equal bodies are equal at once; others are decoded. */
export async function samePayload(one: Buffer, other: Buffer): Promise<Sameness> {
  if (payloadBody(one).equals(payloadBody(other))) return "equal";
  const without = withoutFor(one, other);
  const first = await canonicalDigest(one, without);
  const second = await canonicalDigest(other, without);
  if (first === null || second === null) return "undecided";
  return first === second ? "equal" : "different";
}

const TAGS: Record<ElementPart, number> = {
  string: 1,
  position: 2,
  member: 3,
  score: 4,
  field: 5,
  "field expiry": 6,
  entry: 7,
  "last id": 8,
  group: 9,
  consumer: 10,
  "pending entry": 11,
  other: 12,
};
