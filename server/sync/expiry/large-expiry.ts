import { commandFacts, EXPIRY_OPTIONS } from "../../redis/command-facts.ts";
import type { ExpiryPlace } from "../../redis/command-facts-row.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { addMs, type ExpiryTime, parseExpiryTime } from "../../redis/expiry-time.ts";
import type { HeldBackExpiries } from "./held-back-expiries.ts";
import type { StreamClock } from "./stream-clock.ts";

/** More than the options of a command take at its end, bytes. */
const TAIL_BYTES = 512;

/** What is known of the command at hand before its value. */
type Begun = {
  readonly place: ExpiryPlace;
  readonly key: Buffer;
  /** The argument after the key, where that is not the value itself. */
  readonly second: string;
  /** Arguments after the value. */
  readonly after: number;
  readonly startedAt: number;
};

/**
 * The expiry of a command whose value is so large that it is passed on in pieces: where it is relative, or may
 * come too early, a PEXPIREAT follows it. A very large SET says its expiry after the value.
 *
 * redis: t_string.c setGenericCommand; up to 6.2 SET … EX and SETEX are propagated as they were said
 */
export class LargeExpiry {
  readonly #heldBack: HeldBackExpiries;
  readonly #clock: StreamClock;
  #begun: Begun | null = null;
  #tail = Buffer.alloc(0);

  constructor(heldBack: HeldBackExpiries, clock: StreamClock) {
    this.#heldBack = heldBack;
    this.#clock = clock;
  }

  /** `scanner` has found the first arguments in `bytes`; the value is not whole. */
  begin(name: string, bytes: Uint8Array, scanner: CommandScanner): void {
    const { value, expiry: place } = commandFacts(name);
    this.#begun = null;
    this.#tail = Buffer.alloc(0);
    // Its key itself is not whole: nothing that can be done about that.
    if (value === undefined || place === undefined || scanner.seen < value) return;
    const argument = (index: number) =>
      Buffer.from(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!));
    this.#begun = {
      place,
      key: argument(1),
      second: value > 2 ? argument(2).toString("latin1") : "",
      after: scanner.argc - value - 1,
      startedAt: this.#clock.sourceTime,
    };
  }

  piece(bytes: Uint8Array, start: number, end: number): void {
    if (this.#begun === null || this.#begun.after === 0) return;
    const piece = bytes.subarray(Math.max(start, end - TAIL_BYTES), end);
    this.#tail = Buffer.concat([this.#tail, piece]);
    if (this.#tail.length > TAIL_BYTES) this.#tail = this.#tail.subarray(this.#tail.length - TAIL_BYTES);
  }

  /** @returns the command that is to follow, if one is. The databases are the source's and the destination's. */
  end(sourceDb: number, db: number): Buffer | null {
    const begun = this.#begun;
    this.#begun = null;
    if (begun === null) return null;
    const options = this.#options(begun.after);
    const stated = statedExpiry(begun, options);
    if (stated === null || stated.ms === null) return null;
    const expireAt = stated.relative ? addMs(stated.ms, begun.startedAt) : stated.ms;
    const written = this.#heldBack.inStream(sourceDb, db, begun.key, expireAt);
    if (!stated.relative && written === expireAt) return null;
    return encodeCommand(["PEXPIREAT", begun.key, String(written)]);
  }

  /** The last arguments, in upper case; none of them is longer than a number. */
  #options(count: number): string[] {
    if (count === 0) return [];
    const text = this.#tail.toString("latin1");
    const found = new RegExp(`(?:\\$\\d{1,2}\\r\\n[!-~]{1,24}\\r\\n){${count}}$`).exec(text);
    if (found === null) return [];
    return [...found[0].matchAll(/\$\d+\r\n([!-~]+)\r\n/g)].map((match) => match[1]!.toUpperCase());
  }
}

type Stated = { readonly ms: ExpiryTime | null; readonly relative: boolean };

function statedExpiry({ place, second }: Begun, options: readonly string[]): Stated | null {
  if ("at" in place) {
    const ms = parseExpiryTime(second, place.unit);
    // RESTORE says 0 where there is none.
    if (place.absoluteBy === undefined) return { ms, relative: place.relative };
    return ms === 0 ? null : { ms, relative: !options.includes(place.absoluteBy) };
  }
  const at = options.findIndex((option) => EXPIRY_OPTIONS.has(option));
  const meant = EXPIRY_OPTIONS.get(options[at] ?? "");
  return meant === undefined
    ? null
    : { ms: parseExpiryTime(options[at + 1] ?? "", meant.unit), relative: meant.relative };
}
