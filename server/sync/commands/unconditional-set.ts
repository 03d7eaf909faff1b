import { EXPIRY_OPTIONS } from "../../redis/command-facts.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { allArguments, word } from "./command-arguments.ts";

/** With the number of arguments behind each. */
const CONDITIONS: Readonly<Record<string, number>> = { NX: 0, XX: 0, IFEQ: 1, IFNE: 1, IFDEQ: 1, IFDNE: 1 };

/**
 * SET without its condition (NX, XX; IFEQ and its like of Valkey 8.1 and Redis 8.4) and without GET: it is
 * propagated only where the condition held. Asked again, XX would lose the write where the destination has let the
 * key expire a moment too early, and an older destination does not know the others.
 *
 * redis: t_string.c setGenericCommand
 * @returns null where there is nothing to leave out, or where it is too large to be looked through.
 */
export function unconditionalSet(bytes: Uint8Array, scanner: CommandScanner): Buffer | null {
  if (scanner.argc < 4 || scanner.seen < scanner.argc || scanner.argc > scanner.starts.length) return null;
  if (!mayHaveCondition(bytes, scanner)) return null;
  const args = allArguments(bytes, scanner);
  const kept = args.slice(0, 3);
  for (let index = 3; index < args.length; index++) {
    const option = word(args[index]);
    const left = CONDITIONS[option];
    if (option === "GET") continue;
    if (left !== undefined) {
      index += left;
      continue;
    }
    const followed = EXPIRY_OPTIONS.has(option) ? 1 : 0;
    kept.push(...args.slice(index, index + 1 + followed));
    index += followed;
  }
  return kept.length === args.length ? null : encodeCommand(kept);
}

/** SET … PXAT and SET … KEEPTTL are the usual ones and pass without a copy. */
function mayHaveCondition(bytes: Uint8Array, scanner: CommandScanner): boolean {
  if (scanner.argc > 5) return true;
  const start = scanner.starts[3]!;
  const first = bytes[start]! & UPPER;
  if (scanner.argc === 4) return first !== K;
  return first !== P && first !== E;
}

const UPPER = 0xdf;
const [E, K, P] = [0x45, 0x4b, 0x50];
