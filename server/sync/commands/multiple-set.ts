import { EXPIRY_OPTIONS } from "../../redis/command-facts.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { type ExpiryTime, parseExpiryTime } from "../../redis/expiry-time.ts";
import { word } from "./command-arguments.ts";
import { setAll, setAllKeeping } from "./command-downgrade-scripts.ts";

/** MSETEX count key value … [NX|XX] [EX|PX|EXAT|PXAT number | KEEPTTL] (Valkey 9.1, Redis 8.4). */
export type MultipleSet = {
  readonly keys: readonly Buffer[];
  readonly values: readonly Buffer[];
  /** ms; since the epoch, or from when the source ran it. */
  readonly expiry: { readonly ms: ExpiryTime; readonly relative: boolean } | null;
  readonly keepTtl: boolean;
};

/** @param args all of them, the name first. @returns null for what is not as it should be. */
export function parseMultipleSet([, count, ...rest]: readonly Buffer[]): MultipleSet | null {
  const pairs = rest.slice(0, 2 * Number(count));
  const options = rest.slice(pairs.length);
  const at = options.findIndex((option) => EXPIRY_OPTIONS.has(word(option)));
  const meant = EXPIRY_OPTIONS.get(word(options[at]));
  const ms = meant === undefined ? null : parseExpiryTime(word(options[at + 1]), meant.unit);
  if (pairs.length !== 2 * Number(count) || (meant !== undefined && ms === null)) return null;
  return {
    keys: pairs.filter((_, index) => index % 2 === 0),
    values: pairs.filter((_, index) => index % 2 === 1),
    expiry: meant === undefined || ms === null ? null : { ms, relative: meant.relative },
    keepTtl: options.some((option) => word(option) === "KEEPTTL"),
  };
}

/**
 * Without its condition, which held on the source: where one of the keys has expired on the destination a moment
 * too early, XX would lose the write of all.
 * @param expireAt ms since the epoch; null without expiry.
 * @param knows whether the destination has MSETEX, and SET with KEEPTTL.
 */
export function encodeMultipleSet(
  { keys, values, keepTtl }: MultipleSet,
  expireAt: ExpiryTime | null,
  knows: { readonly msetex: boolean; readonly setKeepTtl: boolean },
): Buffer {
  const options = keepTtl ? ["KEEPTTL"] : expireAt === null ? [] : ["PXAT", String(expireAt)];
  const count = String(keys.length);
  if (!knows.msetex && keepTtl && !knows.setKeepTtl) {
    return encodeCommand(["EVAL", setAllKeeping, count, ...keys, ...values]);
  }
  if (!knows.msetex) return encodeCommand(["EVAL", setAll, count, ...keys, ...values, ...options]);
  const pairs = keys.flatMap((key, index) => [key, values[index]!]);
  return encodeCommand(["MSETEX", count, ...pairs, ...options]);
}
