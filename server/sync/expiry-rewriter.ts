import type { CommandScanner } from "../redis/command-scanner.ts";
import { encodeCommand } from "../redis/encode-command.ts";
import type { ExpiryShade } from "./expiry-shade.ts";
import type { StreamClock } from "./stream-clock.ts";

/** Where an expiry stands in a command, and how it is meant. */
type Found = { readonly index: number; readonly unit: 1 | 1000; readonly relative: boolean };

/**
 * Rewrites commands with an expiry where that is needed: relative ones (of masters up to 6.2) become absolute,
 * from the time at which the source ran them, and those that may come too early are shaded.
 *
 * redis: expire.c expireGenericCommand, t_string.c setGenericCommand — from 7.0 on all are propagated absolute
 */
export class ExpiryRewriter {
  readonly #shade: ExpiryShade;
  readonly #clock: StreamClock;
  readonly #setPxat: boolean;
  readonly #now: () => number;

  /** @param setPxat whether the destination knows SET … PXAT (6.2). */
  constructor(shade: ExpiryShade, clock: StreamClock, setPxat: boolean, now: () => number) {
    this.#shade = shade;
    this.#clock = clock;
    this.#setPxat = setPxat;
    this.#now = now;
  }

  /** @returns the command to send instead, or null to send it as it is. The databases are the source's and the destination's. */
  rewrite(
    name: string,
    bytes: Uint8Array,
    scanner: CommandScanner,
    sourceDb: number,
    db: number,
  ): Buffer | null {
    // A large value's command is passed on before its end is here.
    if (scanner.seen < scanner.argc || scanner.argc > scanner.starts.length) return null;
    const found = find(name, bytes, scanner);
    if (found === null) return null;
    const stated = integer(bytes, scanner, found.index) * found.unit;
    if (!Number.isSafeInteger(stated)) return null;
    const key = bytes.subarray(scanner.starts[1]!, scanner.ends[1]!);
    const expireAt = found.relative ? this.#clock.sourceTime + stated : stated;
    const written = this.#shade.inStream(sourceDb, db, key, expireAt);
    const conditional = scanner.argc > 3 && /EXPIRE/.test(name);
    const unknown = name === "SET" && !this.#setPxat;
    if (written === stated && !found.relative && !conditional && !unknown) return null;
    return this.#encode(name, bytes, scanner, found, written);
  }

  #encode(name: string, bytes: Uint8Array, scanner: CommandScanner, found: Found, expireAt: number): Buffer {
    const args = Array.from({ length: scanner.argc }, (_, index) => argument(bytes, scanner, index));
    const at = String(expireAt);
    switch (name) {
      case "SETEX":
      case "PSETEX":
        return this.#set([args[1]!, args[3]!], expireAt);
      case "SET": {
        const rest = args
          .slice(3)
          .filter((_, index) => index + 3 !== found.index && index + 4 !== found.index);
        return this.#set([args[1]!, args[2]!, ...rest], expireAt);
      }
      case "RESTORE": {
        const rest = args.slice(4).filter((arg) => arg.toString("latin1").toUpperCase() !== "ABSTTL");
        return encodeCommand(["RESTORE", args[1]!, at, args[3]!, ...rest, "ABSTTL"]);
      }
      // GETEX answers a value that nobody reads here; what it changes is the expiry.
      case "GETEX":
        return encodeCommand(["PEXPIREAT", args[1]!, at]);
      // The source propagates what it has done: GT, LT and NX would be judged anew, by a shaded expiry.
      default:
        return encodeCommand(["PEXPIREAT", args[1]!, at]);
    }
  }

  #set(args: readonly Buffer[], expireAt: number): Buffer {
    const expiry = this.#setPxat
      ? ["PXAT", String(expireAt)]
      : ["PX", String(Math.max(1, expireAt - this.#now()))];
    return encodeCommand(["SET", ...args, ...expiry]);
  }
}

function find(name: string, bytes: Uint8Array, scanner: CommandScanner): Found | null {
  switch (name) {
    case "SETEX":
    case "EXPIRE":
      return { index: 2, unit: 1000, relative: true };
    case "PSETEX":
    case "PEXPIRE":
      return { index: 2, unit: 1, relative: true };
    case "EXPIREAT":
      return { index: 2, unit: 1000, relative: false };
    case "PEXPIREAT":
      return { index: 2, unit: 1, relative: false };
    case "SET":
      return findOption(bytes, scanner, 3);
    case "GETEX":
      return findOption(bytes, scanner, 2);
    case "RESTORE":
      return findRestore(bytes, scanner);
    default:
      return null;
  }
}

/** EX, PX, EXAT or PXAT and their number among the options from `first` on. */
function findOption(bytes: Uint8Array, scanner: CommandScanner, first: number): Found | null {
  for (let index = first; index + 1 < scanner.argc; index++) {
    const length = scanner.ends[index]! - scanner.starts[index]!;
    if (length !== 2 && length !== 4) continue;
    const option = argument(bytes, scanner, index).toString("latin1").toUpperCase();
    if (option === "EX" || option === "PX")
      return { index: index + 1, unit: option === "EX" ? 1000 : 1, relative: true };
    if (option === "EXAT" || option === "PXAT") {
      return { index: index + 1, unit: option === "EXAT" ? 1000 : 1, relative: false };
    }
  }
  return null;
}

function findRestore(bytes: Uint8Array, scanner: CommandScanner): Found | null {
  if (integer(bytes, scanner, 2) === 0) return null;
  let absolute = false;
  for (let index = 4; index < scanner.argc; index++) {
    if (argument(bytes, scanner, index).toString("latin1").toUpperCase() === "ABSTTL") absolute = true;
  }
  return { index: 2, unit: 1, relative: !absolute };
}

function argument(bytes: Uint8Array, scanner: CommandScanner, index: number): Buffer {
  const start = scanner.starts[index]!;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, scanner.ends[index]! - start);
}

function integer(bytes: Uint8Array, scanner: CommandScanner, index: number): number {
  const text = argument(bytes, scanner, index).toString("latin1");
  return /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}
