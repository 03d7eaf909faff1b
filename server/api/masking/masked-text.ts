import { catalogue, type ErrorCode } from "../../errors/catalogue.ts";
import type { PlainReason } from "../../errors/tributary-error.ts";
import type { Masking } from "../../people/masking.ts";

/** What stands in the place of something that is hidden; any bytes in base64 have it, too. */
export const HIDDEN = "********";
export const HIDDEN_BASE64 = Buffer.from(HIDDEN).toString("base64");

/** Whether texts are hidden that may quote a key or a value: a server's own words may hold either. */
export function hidesQuotes({ values, keys }: Masking): boolean {
  return values || keys;
}

/** A text that may quote a key or a value. */
export function quote(text: string, masking: Masking): string {
  return hidesQuotes(masking) && text !== "" ? HIDDEN : text;
}

/** Reasons whose details are our own words, addresses and errors of the system. All others may quote a server. */
const ownDetails: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ADDRESS_INVALID",
  "CONNECT_FAILED",
  "TLS_FAILED",
  "SOURCE_NO_MASTER",
  "SENTINEL_UNREACHABLE",
  "SPOOL_FAILED",
  "NUTCRACKER_SYNTAX",
  "CUTOVER_NOT_READY",
  "SHARD_NOT_READY",
  "START_UNCONFIRMED",
  "INPUT_INVALID",
  "DATA_DIR_UNWRITABLE",
  "DATABASE_UNWRITABLE",
  "REPAIR_REFUSED",
]);

/** A reason without what its detail quotes; what happened and where stays. */
export function maskedReason(reason: PlainReason, masking: Masking): PlainReason {
  if (!hidesQuotes(masking) || ownDetails.has(reason.code)) return reason;
  const template: string = catalogue[reason.code]?.message ?? "";
  const at = template.search(/\{(detail|sample)\}/);
  if (at < 0) return reason;
  // The words of the sentence right before the detail, which itself may hold anything.
  const before = template.slice(template.lastIndexOf("}", at) + 1, at);
  const found = before === "" ? -1 : reason.message.indexOf(before);
  const kept = found < 0 ? "" : reason.message.slice(0, found + before.length);
  return { ...reason, message: `${kept}${HIDDEN}.` };
}

export function maskedReasonOrNull(reason: PlainReason | null, masking: Masking): PlainReason | null {
  return reason === null ? null : maskedReason(reason, masking);
}

/** What a verification has looked at, whose prefix is the beginning of a key's name. */
export function maskedPart<Part extends string | null>(part: Part, { keys }: Masking): Part | string {
  return keys && part !== null
    ? part.replace(/keys that begin with .*/s, `keys that begin with ${HIDDEN}`)
    : part;
}

/** The sentence of a verdict, or of a repair, is our own; that of one that has failed may quote a server. */
export function maskedSentence(sentence: string, masking: Masking): string {
  return /^([\d,]+ (keys? compared|keys? on|of )|Could not tell: |It was canceled|The (verification|repair) was canceled)/.test(
    sentence,
  )
    ? sentence
    : quote(sentence, masking);
}

/** Why the destination is other than a shard: keys are given as examples, and the destination's answer is quoted. */
export function maskedDifference(message: string, masking: Masking): string {
  const refused = /^.{1,40} was not applied: (the destination refused it: )?/s.exec(message);
  if (refused !== null)
    return refused[1] !== undefined && hidesQuotes(masking) ? `${refused[0]}${HIDDEN}` : message;
  return /^The (shard|destination) (has lost|holds) /.test(message)
    ? withoutExamples(message, masking)
    : quote(message, masking);
}

/** A text of our own that ends with the names of some keys. */
export function withoutExamples(text: string, { keys }: Masking): string {
  return keys ? text.replace(/for example .*/s, `for example ${HIDDEN}.`) : text;
}
