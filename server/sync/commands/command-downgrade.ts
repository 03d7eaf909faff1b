import { dumpVersion, setDumpVersion } from "../../rdb/dump-footer.ts";
import { TYPE_MODULE_2 } from "../../rdb/rdb-type.ts";
import { type RdbDestination, rdbTypeIsKnown, restoreVersionFor, typeOfDump } from "../../rdb/rdb-version.ts";
import { type CommandServer, serverHas } from "../../redis/command-facts.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { releaseOf } from "../../redis/server-info.ts";
import { allArguments, word } from "./command-arguments.ts";
import {
  type Args,
  before40,
  before62,
  before70,
  before80,
  type Downgraded,
  type Rewrite,
  unconditional,
  withoutDelifeq,
  withoutFieldExpiry,
} from "./command-downgrade-rewrites.ts";
import { copy } from "./command-downgrade-scripts.ts";
import { xaddRewrites } from "./xadd-rewrites.ts";

/**
 * Expresses commands of a newer source in what an older destination knows. A command becomes exactly one other,
 * a script where it takes several: the destination holds what the source held, so what a script reads there is
 * what the source's command read.
 */
export class CommandDowngrade {
  readonly #rewrites: ReadonlyMap<string, Rewrite>;
  readonly #server: RdbDestination & CommandServer;

  /** @param redisVersion the Redis version that the destination says it is compatible with. */
  constructor(server: RdbDestination, redisVersion: string) {
    this.#server = { ...server, redisVersion };
    const rewrites = new Map<string, Rewrite>();
    const add = (more: Readonly<Record<string, Rewrite>>) => {
      for (const [name, rewrite] of Object.entries(more)) rewrites.set(name, rewrite);
    };
    const release = releaseOf(redisVersion);
    add(unconditional);
    add(xaddRewrites({ minId: release >= 602, references: server.flavor === "redis" && release >= 802 }));
    if (release < 700) add(before70);
    if (release < 602) add(before62);
    if (release < 400) add(before40);
    if (!this.#has("HEXPIRE")) add(withoutFieldExpiry);
    else if (!this.#has("HSETEX")) add(before80);
    if (!this.#has("DELIFEQ")) add(withoutDelifeq);
    this.#rewrites = rewrites;
  }

  get hasMsetex(): boolean {
    return this.#has("MSETEX");
  }

  #has(name: string): boolean {
    return serverHas(name, this.#server);
  }

  /** True where a command that is too large to be held, and begins with `first`, cannot go as it is. */
  changesLarge(name: string, first: Args): boolean {
    if (!this.#has(name)) return true;
    if (!OPTIONS_FIRST.has(name) || first.length < 2) return false;
    return (this.#rewrites.get(name)?.(first) ?? null) !== null;
  }

  /** @returns null for a command that the destination has as it is. */
  rewrite(name: string, bytes: Uint8Array, scanner: CommandScanner): Downgraded | null {
    const rewrite = this.#rewrites.get(name);
    if (rewrite === undefined) return null;
    // A large value's command is passed on before its end is here.
    return scanner.seen < scanner.argc ? null : rewrite(allArguments(bytes, scanner));
  }

  /** COPY, with the databases of the destination. @returns null where the destination has it. */
  copy(args: Args): Buffer | null {
    if (this.#has("COPY")) return null;
    const at = args.findIndex((arg, index) => index > 2 && word(arg) === "DB");
    return encodeCommand(["EVAL", copy, "2", args[1]!, args[2]!, ...(at < 0 ? [] : [args[at + 1]!])]);
  }

  /** The payload of RESTORE is in an encoding that the destination does not know, and that can be decoded. */
  mustDecode(bytes: Uint8Array, scanner: CommandScanner): boolean {
    if (scanner.seen < scanner.argc || scanner.argc < 4) return false;
    const kind = typeOfDump(allArguments(bytes, scanner)[3]!);
    return rdbTypeIsKnown(kind) && kind !== TYPE_MODULE_2 && restoreVersionFor(kind, this.#server) === null;
  }

  /**
   * RESTORE's payload with a version that the destination takes: it refuses each above its own, though it may
   * know the encoding.
   * @returns the command with that payload, or null where that is not needed or would not help.
   */
  restore(bytes: Uint8Array, scanner: CommandScanner): Buffer | null {
    if (scanner.seen < scanner.argc || scanner.argc < 4) return null;
    const args = allArguments(bytes, scanner);
    const payload = args[3]!;
    const version =
      dumpVersion(payload) === null ? null : restoreVersionFor(typeOfDump(payload), this.#server);
    const other = version === null ? null : withVersion(payload, version);
    return other === null ? null : encodeCommand([...args.slice(0, 3), other, ...args.slice(4)]);
  }
}

/** redis: rdb.h RDB_VERSION of 7.0, the first with functions. */
const FUNCTIONS_VERSION = 10;

/** FUNCTION DUMP's payload as every server with functions takes it. */
export function portableFunctions(payload: Buffer): Buffer {
  return withVersion(payload, FUNCTIONS_VERSION) ?? payload;
}

/** Null where it has that version already, or none. */
function withVersion(payload: Buffer, version: number): Buffer | null {
  const present = dumpVersion(payload);
  if (present === null || present === version) return null;
  const other = Buffer.from(payload);
  setDumpVersion(other, version);
  return other;
}

/** Commands whose options stand before what makes them large. */
const OPTIONS_FIRST = new Set(["XADD", "ZADD", "GEOADD", "HSETEX", "HSET"]);
