import { commandFacts, EXPIRY_OPTIONS } from "../../redis/command-facts.ts";
import type { ExpiryPlace, ExpiryUnit } from "../../redis/command-facts-row.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { addMs, type ExpiryTime, parseExpiryTime } from "../../redis/expiry-time.ts";
import { allArguments, argumentAt, word } from "../commands/command-arguments.ts";
import { restoreReplacing, setKeeping } from "../commands/command-downgrade-scripts.ts";
import { encodeMultipleSet, type MultipleSet } from "../commands/multiple-set.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { HeldBackExpiries } from "./held-back-expiries.ts";
import type { StreamClock } from "./stream-clock.ts";

/** Where an expiry stands in a command, and how it is meant. */
type Found = ExpiryUnit & { readonly index: number };

/** What to send for a command with an expiry. */
export type Rewritten = {
  readonly command: Buffer;
  /** A command that gives the key its expiry, right behind it in its transaction. */
  readonly after: Buffer | null;
};

/** What the destination's version knows of expiries. */
export type ExpiryAbilities = Pick<
  DestinationAbilities,
  "setPxat" | "setKeepTtl" | "restoreAbsTtl" | "restoreReplace"
>;

/**
 * Rewrites commands with an expiry where that is needed: relative ones (of masters up to 6.2) become absolute,
 * from the time at which the source ran them, and those that may come too early are held back. A destination that
 * knows no absolute time in a command gets PEXPIREAT behind it.
 *
 * redis: expire.c expireGenericCommand, t_string.c setGenericCommand — from 7.0 on all are propagated absolute
 */
export class ExpiryRewriter {
  readonly #heldBack: HeldBackExpiries;
  readonly #clock: StreamClock;
  readonly #abilities: ExpiryAbilities;

  constructor(heldBack: HeldBackExpiries, clock: StreamClock, abilities: ExpiryAbilities) {
    this.#heldBack = heldBack;
    this.#clock = clock;
    this.#abilities = abilities;
  }

  /** @returns null to send the command as it is. The databases are the source's and the destination's. */
  rewrite(
    name: string,
    bytes: Uint8Array,
    scanner: CommandScanner,
    sourceDb: number,
    db: number,
  ): Rewritten | null {
    // A large value's command is passed on before its end is here.
    if (scanner.seen < scanner.argc || scanner.argc > scanner.starts.length) return null;
    const { setPxat, restoreAbsTtl } = this.#abilities;
    const { expiry } = commandFacts(name);
    const found = expiry === undefined ? null : find(expiry, bytes, scanner);
    if (found === null) return this.#withoutExpiry(name, bytes, scanner);
    const stated = expiryTime(bytes, scanner, found.index, found.unit);
    if (stated === null) return null;
    const key = bytes.subarray(scanner.starts[1]!, scanner.ends[1]!);
    const expireAt = found.relative ? addMs(stated, this.#clock.sourceTime) : stated;
    const written = this.#heldBack.inStream(sourceDb, db, key, expireAt);
    const conditional = scanner.argc > 3 && /EXPIRE/.test(name);
    const unknown = (name === "SET" && !setPxat) || (name === "RESTORE" && !restoreAbsTtl);
    if (written === stated && !found.relative && !conditional && !unknown) return null;
    return this.#encode(name, allArguments(bytes, scanner), found, written);
  }

  /**
   * MSETEX, whose conditions held on the source.
   * @param hasMsetex whether the destination knows it.
   */
  setMany(set: MultipleSet, hasMsetex: boolean, sourceDb: number, db: number): Buffer {
    const { expiry } = set;
    const knows = { msetex: hasMsetex, setKeepTtl: this.#abilities.setKeepTtl };
    if (expiry === null) return encodeMultipleSet(set, null, knows);
    const expireAt = expiry.relative ? addMs(expiry.ms, this.#clock.sourceTime) : expiry.ms;
    const written = set.keys.map((key) => this.#heldBack.inStream(sourceDb, db, key, expireAt));
    const furthest = written.reduce((most, one) => (one > most ? one : most), 0 as ExpiryTime);
    // They have one expiry, but the clock has gone on between the first of them and the last.
    if (written.some((one) => one !== furthest)) this.#heldBack.scanNeeded = true;
    return encodeMultipleSet(set, furthest, knows);
  }

  /** Whether the destination takes the options of a command of so many arguments that cannot be looked through. */
  optionsOfLarge(name: string, argc: number): "taken" | "doubtful" | "refused" {
    const { setPxat, setKeepTtl, restoreAbsTtl, restoreReplace } = this.#abilities;
    if (name === "SET" && argc > 3) return setPxat && setKeepTtl ? "taken" : "doubtful";
    if (name !== "RESTORE" || argc === 4 || restoreAbsTtl) return "taken";
    return restoreReplace ? "doubtful" : "refused";
  }

  #withoutExpiry(name: string, bytes: Uint8Array, scanner: CommandScanner): Rewritten | null {
    const { setKeepTtl, restoreAbsTtl } = this.#abilities;
    if (name === "SET" && !setKeepTtl && scanner.argc > 3) {
      const [, key, value, ...options] = allArguments(bytes, scanner);
      if (!options.some((option) => word(option) === "KEEPTTL")) return null;
      return { command: encodeCommand(["EVAL", setKeeping, "1", key!, value!]), after: null };
    }
    if (name !== "RESTORE" || restoreAbsTtl || scanner.argc < 5) return null;
    const [, key, , payload, ...options] = allArguments(bytes, scanner);
    return { command: this.#olderRestore(key!, payload!, options), after: null };
  }

  #encode(name: string, args: readonly Buffer[], found: Found, expireAt: ExpiryTime): Rewritten {
    const key = args[1]!;
    const at = String(expireAt);
    const pexpireat = encodeCommand(["PEXPIREAT", key, at]);
    switch (name) {
      case "SETEX":
      case "PSETEX":
        return this.#set([key, args[3]!], at, pexpireat);
      case "SET": {
        const rest = args
          .slice(3)
          .filter((_, index) => index + 3 !== found.index && index + 4 !== found.index);
        return this.#set([key, args[2]!, ...rest], at, pexpireat);
      }
      case "RESTORE": {
        const [payload, options] = [args[3]!, args.slice(4)];
        if (!this.#abilities.restoreAbsTtl) {
          return { command: this.#olderRestore(key, payload, options), after: pexpireat };
        }
        const rest = options.filter((option) => word(option) !== "ABSTTL");
        return { command: encodeCommand(["RESTORE", key, at, payload, ...rest, "ABSTTL"]), after: null };
      }
      // GETEX answers a value that nobody reads here; what it changes is the expiry. Of the others the source
      // propagates what it has done: GT, LT and NX would be judged anew, by a held-back expiry.
      default:
        return { command: pexpireat, after: null };
    }
  }

  /** RESTORE without an expiry as it was before 5.0: REPLACE is its only option, and came with 3.0. */
  #olderRestore(key: Buffer, payload: Buffer, options: readonly Buffer[]): Buffer {
    const replace = options.some((option) => word(option) === "REPLACE");
    if (replace && !this.#abilities.restoreReplace) {
      return encodeCommand(["EVAL", restoreReplacing, "1", key, payload]);
    }
    return encodeCommand(["RESTORE", key, "0", payload, ...(replace ? ["REPLACE"] : [])]);
  }

  #set(args: readonly Buffer[], at: string, pexpireat: Buffer): Rewritten {
    if (this.#abilities.setPxat) return { command: encodeCommand(["SET", ...args, "PXAT", at]), after: null };
    return { command: encodeCommand(["SET", ...args]), after: pexpireat };
  }
}

function find(place: ExpiryPlace, bytes: Uint8Array, scanner: CommandScanner): Found | null {
  if ("optionsFrom" in place) return findOption(bytes, scanner, place.optionsFrom);
  const { at, unit, absoluteBy } = place;
  if (absoluteBy === undefined) return { index: at, unit, relative: place.relative };
  // RESTORE says 0 where there is none.
  if (expiryTime(bytes, scanner, at, 1) === 0) return null;
  let absolute = false;
  for (let index = at + 2; index < scanner.argc; index++) {
    if (word(argumentAt(bytes, scanner, index)) === absoluteBy) absolute = true;
  }
  return { index: at, unit, relative: !absolute };
}

/** The first option with an expiry from `first` on. */
function findOption(bytes: Uint8Array, scanner: CommandScanner, first: number): Found | null {
  for (let index = first; index + 1 < scanner.argc; index++) {
    const length = scanner.ends[index]! - scanner.starts[index]!;
    if (length !== 2 && length !== 4) continue;
    const meant = EXPIRY_OPTIONS.get(word(argumentAt(bytes, scanner, index)));
    if (meant !== undefined) return { ...meant, index: index + 1 };
  }
  return null;
}

function expiryTime(
  bytes: Uint8Array,
  scanner: CommandScanner,
  index: number,
  unit: 1 | 1000,
): ExpiryTime | null {
  return parseExpiryTime(argumentAt(bytes, scanner, index).toString("latin1"), unit);
}
