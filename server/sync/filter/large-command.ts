import type { CommandScanner } from "../../redis/command-scanner.ts";
import { argumentAt, firstArguments } from "../commands/command-arguments.ts";
import type { CommandDowngrade } from "../commands/command-downgrade.ts";
import type { CommandName } from "../commands/command-names.ts";
import { knownKeys } from "../commands/known-keys.ts";
import type { ExpiryRewriter } from "../expiry/expiry-rewriter.ts";

/** What becomes of a command that is too large to be held, of which the first arguments are known. */
export type LargeCommand = {
  /** It goes as the source said it. */
  readonly forward: boolean;
  /** Keys to be copied from the source. */
  readonly copy: readonly Buffer[];
  /** Whether the keys that are known are all that it writes. */
  readonly all: boolean;
};

/**
 * What the destination does not know is copied. Where it may know it, which only the end of the command says, it
 * goes and is copied, too: a value that is too large to be copied through memory still has a chance.
 */
export function largeCommand(
  name: CommandName,
  bytes: Uint8Array,
  scanner: CommandScanner,
  downgrade: CommandDowngrade,
  expiries: ExpiryRewriter,
): LargeCommand {
  const { keys, all } = keysOfLarge(name, bytes, scanner);
  if (name.rule === "expiry") {
    const options = expiries.optionsOfLarge(name.name, scanner.argc);
    return { forward: options !== "refused", copy: options === "taken" ? [] : keys, all };
  }
  const forward =
    name.rule === "msetex"
      ? downgrade.hasMsetex
      : !downgrade.changesLarge(name.name, firstArguments(bytes, scanner));
  return { forward, copy: forward ? [] : keys, all };
}

/** The keys of a large command that are known, and whether others may stand behind its values. */
export function keysOfLarge(
  { name, rule }: CommandName,
  bytes: Uint8Array,
  scanner: CommandScanner,
): { readonly keys: readonly Buffer[]; readonly all: boolean } {
  const keys = knownKeys(name, bytes, scanner);
  // MSETEX count key value …
  const stated = rule === "msetex" && scanner.seen > 1 ? Number(argumentAt(bytes, scanner, 1)) : 1;
  return { keys, all: keys.length >= Math.max(1, stated) };
}
