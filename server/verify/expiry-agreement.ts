import { heldBackBy } from "../sync/expiry/held-back-expiries.ts";
import type { Look } from "./look.ts";

/**
 * Whether two expiries mean the same. All that verification knows of held-back expiries is here: while the stream is
 * behind, the destination has one further in the future, by a distance that names the shard.
 */
export function expiryAgreement(
  source: Look,
  destination: Look,
  shardIndex: number,
): "equal" | "shaded" | "different" {
  const slack = source.slackMs + destination.slackMs;
  if (source.expireAt < 0 || destination.expireAt < 0)
    return source.expireAt < 0 && destination.expireAt < 0 ? "equal" : "different";
  if (Math.abs(source.expireAt - destination.expireAt) <= slack) return "equal";
  const shaded = destination.expireAt - heldBackBy(shardIndex);
  return Math.abs(source.expireAt - shaded) <= slack ? "shaded" : "different";
}
