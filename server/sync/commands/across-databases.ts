import { encodeCommand } from "../../redis/encode-command.ts";
import { type DestinationDatabases, destinationDb, requireDatabase } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";
import type { CommandDowngrade } from "./command-downgrade.ts";

export type AcrossDatabases =
  | { readonly kind: "forward" }
  | { readonly kind: "replace"; readonly bytes: Buffer }
  /** The database that the command is in is not synchronized, nor is the other. */
  | { readonly kind: "elsewhere" }
  /** The key comes from where nothing is synchronized: it is to be fetched from the source. */
  | { readonly kind: "fetch"; readonly db: number; readonly key: Buffer }
  | { readonly kind: "skip"; readonly reason: string };

/** Where MOVE and COPY take place. */
export type AcrossOptions = {
  readonly map: DatabaseMap;
  readonly present: DestinationDatabases;
  readonly downgrade: CommandDowngrade;
  /** On the destination; null where the database at hand is not synchronized. */
  readonly target: number | null;
};

/**
 * MOVE key db, COPY source destination [DB db] [REPLACE]: the number is the source's, not the destination's.
 * @throws TributaryError DATABASE_MISSING.
 */
export function acrossDatabases(
  rule: "move" | "copy",
  args: readonly Buffer[],
  { map, present, downgrade, target }: AcrossOptions,
): AcrossDatabases {
  const at =
    rule === "move"
      ? 2
      : args.findIndex((arg, index) => index >= 3 && arg.toString("latin1").toUpperCase() === "DB") + 1;
  if (at === 0) {
    if (target === null) return { kind: "elsewhere" };
    const older = downgrade.copy(args);
    return older === null ? { kind: "forward" } : { kind: "replace", bytes: older };
  }
  const to = Number(args[at]?.toString("latin1"));
  const other = destinationDb(map, to);
  if (other !== null) requireDatabase(other, present);
  if (target === null) {
    if (other === null) return { kind: "elsewhere" };
    return { kind: "fetch", db: to, key: args[rule === "move" ? 1 : 2]! };
  }
  if (other === null) {
    if (rule === "copy") {
      const reason = `it writes to database ${args[at]} of the source, which is not synchronized`;
      return { kind: "skip", reason };
    }
    // The key has left for a database that is not synchronized: here it is gone.
    return { kind: "replace", bytes: encodeCommand(["DEL", args[1]!]) };
  }
  const there = [...args.slice(0, at), Buffer.from(String(other)), ...args.slice(at + 1)];
  const older = rule === "copy" ? downgrade.copy(there) : null;
  return { kind: "replace", bytes: older ?? encodeCommand(there) };
}
