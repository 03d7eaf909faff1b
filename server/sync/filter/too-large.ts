import type { CommandScanner } from "../../redis/command-scanner.ts";
import { allArguments } from "../commands/command-arguments.ts";
import type { CommandName } from "../commands/command-names.ts";
import { keysOfLarge } from "./large-command.ts";

/** A destination whose limit is above this is trusted with what the end of a large command may hold, bytes. */
const WORTH_A_DOUBT = 32 * 1024 * 1024;

/**
 * The known keys of a command that has an argument which the destination does not take or, being too large to be held,
 * may have one that is not known yet; null for one that can go. Keys can be copied again as long as their values are
 * below that bound.
 */
export function keysOfTooLarge(
  name: CommandName,
  bytes: Uint8Array,
  scanner: CommandScanner,
  maxBulkBytes: number,
): readonly Buffer[] | null {
  if (maxBulkBytes === Number.POSITIVE_INFINITY || !isTooLarge(bytes, scanner, maxBulkBytes)) return null;
  return keysOfLarge(name, bytes, scanner).keys;
}

function isTooLarge(bytes: Uint8Array, scanner: CommandScanner, maxBulkBytes: number): boolean {
  const { argc, seen, starts, ends } = scanner;
  const whole = seen === argc;
  if (whole && argc > starts.length)
    return allArguments(bytes, scanner).some(({ length }) => length > maxBulkBytes);
  // Of the argument that is not whole the length is known, too, where its head is here.
  const known = Math.min(scanner.missing > 0 ? seen + 1 : seen, starts.length);
  for (let index = 0; index < known; index++) {
    if (ends[index]! - starts[index]! > maxBulkBytes) return true;
  }
  return !whole && known < argc && maxBulkBytes < WORTH_A_DOUBT;
}
