import { DUMP_FOOTER, setDumpVersion } from "../../rdb/dump-footer.ts";
import { RdbInput } from "../../rdb/rdb-input.ts";
import { TYPE_MODULE_2 } from "../../rdb/rdb-type.ts";
import { writeValueCommands } from "../../rdb/rdb-value.ts";
import { typeOfDump } from "../../rdb/rdb-version.ts";
import type { ValueLoss } from "../../rdb/value-writing.ts";
import type { CommandWriter } from "../../redis/command-writer.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { addMs, type ExpiryTime } from "../../redis/expiry-time.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { DumpedKey } from "./key-dump.ts";

export type RestoreCommands = {
  readonly commands: readonly Buffer[];
  /** Whether the last of them is RESTORE, which the destination may refuse. */
  readonly restores: boolean;
  /** What could not be expressed. */
  readonly losses: readonly ValueLoss[];
};

/**
 * What makes `key` on the destination as it was dumped, in the place of what is there. A value whose encoding the
 * destination does not know is decoded into native commands.
 * @param expireAt ms since the epoch as it is to be written; -1 without expiry.
 * @throws TributaryError RDB_CORRUPT.
 */
export async function restoreCommands(
  key: Buffer,
  { payload }: Pick<DumpedKey, "payload">,
  expireAt: ExpiryTime,
  abilities: DestinationAbilities,
  options: { readonly decode: boolean; readonly now: number; readonly role: string },
): Promise<RestoreCommands> {
  if (payload === null) return { commands: [encodeCommand(["DEL", key])], restores: false, losses: [] };
  const type = typeOfDump(payload);
  const version = abilities.restoreVersion(type);
  if (type === TYPE_MODULE_2 && (options.decode || version === null)) {
    const losses = [{ code: "NOT_EXPRESSIBLE", text: "the value of a module" }] as const;
    return { commands: [], restores: false, losses };
  }
  if (options.decode || version === null || payload.length > abilities.maxBulkBytes) {
    const out = new CommandList();
    const input = RdbInput.of(payload, 1, payload.length - DUMP_FOOTER, options.role);
    const losses = await writeValueCommands(input, type, { key, expireAt }, out, {
      destination: abilities.server,
    });
    return { commands: out.commands, restores: false, losses };
  }
  setDumpVersion(payload, version);
  const { restoreAbsTtl, restoreReplace } = abilities;
  // Before 5.0 it can be relative only, and 1 ms stands for the past.
  const stated = restoreAbsTtl ? expireAt : addMs(expireAt, -options.now);
  const ttl = expireAt < 0 ? 0 : stated < 1 ? 1 : stated;
  const restore = ["RESTORE", key, String(ttl), payload];
  if (restoreReplace) restore.push("REPLACE");
  if (restoreAbsTtl && expireAt >= 0) restore.push("ABSTTL");
  const before = restoreReplace ? [] : [encodeCommand(["DEL", key])];
  return { commands: [...before, encodeCommand(restore)], restores: true, losses: [] };
}

/** Gathers commands in memory. */
class CommandList implements CommandWriter {
  readonly commands: Buffer[] = [];
  #args: Buffer[] = [];
  #argc = 0;
  #pieces: Buffer[] = [];
  #pieceLeft = 0;

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    this.#argc = argc;
    this.#args = [];
  }

  argument(value: Uint8Array | string | number): void {
    this.#args.push(Buffer.from(value instanceof Uint8Array ? value : String(value)));
    if (this.#args.length === this.#argc) this.commands.push(encodeCommand(this.#args));
  }

  beginArgument(length: number): void {
    this.#pieces = [];
    this.#pieceLeft = length;
    if (length === 0) this.argument("");
  }

  piece(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes));
    this.#pieceLeft -= bytes.length;
    if (this.#pieceLeft === 0) this.argument(Buffer.concat(this.#pieces));
  }

  async drain(): Promise<void> {}
}
