import { type Sameness, samePayload } from "./canonical-digest.ts";
import type { DifferenceKind } from "./difference.ts";
import { expiryAgreement } from "./expiry-agreement.ts";
import type { Look } from "./look.ts";

/** `pieces`: their values are to be compared in pieces. */
export type Comparison = "equal" | "shaded" | "undecided" | "pieces" | Exclude<DifferenceKind, "extra">;

/** @param source what is rightful. @param shardIndex of its shard. */
export async function compareLooks(
  source: Look,
  destination: Look | null,
  shardIndex: number,
): Promise<Comparison> {
  if (destination === null) return "missing";
  if (source.type !== destination.type) return "type";
  let same: Sameness = "equal";
  if (source.payload !== null && destination.payload !== null)
    same = await samePayload(source.payload, destination.payload);
  if (same === "different") return "value";
  const expiry = expiryAgreement(source, destination, shardIndex);
  if (expiry === "different") return "expiry";
  if (same === "undecided") return "undecided";
  if (needsPieces(source, destination)) return "pieces";
  return expiry;
}

/** One side at least was not read whole, although values are looked at. */
export function needsPieces(source: Look, destination: Look): boolean {
  return (source.payload === null || destination.payload === null) && source.bytes + destination.bytes > 0;
}

/** The same key at the same server, looked at twice: whether it has stayed as it was. */
export async function unchanged(before: Look | null, after: Look | null): Promise<boolean> {
  if (before === null || after === null) return before === after;
  if (before.type !== after.type) return false;
  if (Math.abs(before.expireAt - after.expireAt) > before.slackMs + after.slackMs) return false;
  // What was not read whole is told by its parts (see compare-pieces).
  if (before.payload === null || after.payload === null) return true;
  return (await samePayload(before.payload, after.payload)) !== "different";
}
