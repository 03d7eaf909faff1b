import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { knownKeysByRole } from "../commands/known-keys.ts";
import { otherDb } from "../commands/other-database.ts";
import type { DoubtfulKeys } from "../doubtful/doubtful-keys.ts";
import { type LeftOutKeys, leftOutMember } from "../doubtful/left-out-keys.ts";
import type { CommandFilter } from "../filter/command-filter.ts";

export type LeftOutCommandsOptions = {
  readonly filter: CommandFilter;
  readonly scanner: CommandScanner;
  readonly leftOut: LeftOutKeys;
  /** The set that holds them on the destination. */
  readonly leftOutKey: string;
  readonly doubtful: DoubtfulKeys;
  /** Writes a command for the database of the checkpoint into the transaction at hand. */
  readonly note: (command: Buffer) => void;
};

/** Keeps the stream off keys that the destination does not take: see LeftOutKeys. */
export class LeftOutCommands {
  readonly #options: LeftOutCommandsOptions;

  constructor(options: LeftOutCommandsOptions) {
    this.#options = options;
  }

  /** The command at hand is skipped: its keys are as they were, and stay so until they are copied or removed. */
  pastLimit(): void {
    const { leftOut, leftOutKey, doubtful, note } = this.#options;
    const { db, pastLimit } = this.#options.filter;
    for (const key of pastLimit) {
      leftOut.add(db, key);
      doubtful.doubt("limit", db, key);
      note(encodeCommand(["SADD", leftOutKey, leftOutMember(db, key)]));
    }
  }

  /**
   * False where the command is about a key that is left out. What overwrites such a key, or deletes it, ends that; what
   * builds other keys on it leaves them out too, until they have been copied.
   */
  isTaken(bytes: Uint8Array): boolean {
    const { filter, leftOut, leftOutKey, doubtful, scanner, note } = this.#options;
    const { name, facts, mayRemove, rule } = filter.name;
    const { db } = filter;
    const { reads, writes } = knownKeysByRole(name, bytes, scanner);
    const builtOn = reads.filter((key) => leftOut.has(db, key));
    if (builtOn.length === 0) {
      for (const key of writes) {
        if (!leftOut.has(db, key)) continue;
        leftOut.delete(db, key);
        note(encodeCommand(["SREM", leftOutKey, leftOutMember(db, key)]));
        // Its expiry, which it may keep, is the shard's.
        if (facts.blind !== true) doubtful.doubt("copy", db, key);
      }
      return true;
    }
    // What only adds to the one key that it names cannot make it small enough.
    const alone =
      [...reads, ...writes].every((key) => key.equals(builtOn[0]!)) && rule !== "move" && rule !== "copy";
    for (const key of alone && !mayRemove ? [] : writes) {
      if (!alone) leftOut.remove(db, key);
      doubtful.doubt("limit", db, key);
    }
    const other = otherDb(filter.name, bytes, scanner);
    if (other !== null && writes.length > 0) doubtful.doubt("limit", other, writes.at(-1)!);
    // A script may do more than its keys say.
    if (facts.watch === "script") return true;
    filter.skipLeftOut();
    return false;
  }
}
