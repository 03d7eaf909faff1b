import { catalogue, type ErrorCode } from "./catalogue.ts";
import { withoutSecrets } from "./known-secrets.ts";
import { shownText } from "./shown-text.ts";

export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/** An error or a reason as it crosses a thread, the network or the API, and as a page shows it. */
export type PlainReason = {
  readonly code: ErrorCode;
  /** What happened and where, in one sentence. Never holds a password. */
  readonly message: string;
  /** What the operator can do about it. */
  readonly remedy: string;
  /** True when Tributary tries again by itself. */
  readonly retried: boolean;
};

/**
 * Every failure that a user can see. The code's entry in the catalogue holds the sentence, the cause, the
 * remedy and whether it is retried; `details` fill the sentence's `{name}` places.
 */
export class TributaryError extends Error {
  override readonly name = "TributaryError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(fill(catalogue[code].message, details), options);
    this.code = code;
    this.details = details;
  }

  get retried(): boolean {
    return catalogue[this.code].retried;
  }

  toPlain(): PlainReason {
    return reasonOf(this.code, this.details);
  }
}

/** The same sentence and remedy without an exception: for a status' reason. */
export function reasonOf(code: ErrorCode, details: ErrorDetails = {}): PlainReason {
  const entry = catalogue[code];
  return {
    code,
    message: fill(entry.message, details),
    remedy: fill(entry.remedy, details),
    retried: entry.retried,
  };
}

/** Any thrown thing as a reason; what is not a TributaryError becomes INTERNAL with its message. */
export function toReason(error: unknown): PlainReason {
  if (error instanceof TributaryError) return error.toPlain();
  return reasonOf("INTERNAL", { detail: error instanceof Error ? error.message : String(error) });
}

/** What a peer can have a say in; the rest are our own words and the user's. */
const remote = new Set(["detail", "address", "addresses", "master", "command", "runId"]);
/** Characters; lists of addresses and of failures are the longest. */
const LONGEST_DETAIL = 800;

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = details[name];
    if (value === undefined) return whole;
    // Most details are of a peer's or a file's making.
    const text = remote.has(name) ? withoutSecrets(String(value)) : String(value);
    return shownText(text, LONGEST_DETAIL);
  });
}
