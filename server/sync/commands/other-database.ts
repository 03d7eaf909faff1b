import type { CommandScanner } from "../../redis/command-scanner.ts";
import { firstArguments, word } from "./command-arguments.ts";
import type { CommandName } from "./command-names.ts";

/** The database of the source that MOVE, or COPY with DB, names, and writes its key in; null without one. */
export function otherDb({ rule }: CommandName, bytes: Uint8Array, scanner: CommandScanner): number | null {
  if (rule !== "move" && rule !== "copy") return null;
  const args = firstArguments(bytes, scanner).map(word);
  const at = rule === "move" ? 2 : args.findIndex((arg, index) => index > 2 && arg === "DB") + 1;
  const other = at > 0 ? Number(args[at]) : Number.NaN;
  return Number.isSafeInteger(other) ? other : null;
}
