import type { RepairedKey } from "../verify/repair-outcome.ts";
import { outcomeOf, type Verdict } from "../verify/verdict.ts";

const exitCodes: Record<Verdict["outcome"], number> = { equal: 0, different: 1, unknown: 2 };

/** Of a run that could not tell: a server was not reached, or the command line was wrong. */
export const couldNotTell = exitCodes.unknown;

/**
 * The exit code of `npm run verify`: 0 equal, 1 different, 2 it could not tell. After a repair, it is that of how things
 * are now; a known difference outweighs what could not be told.
 * @param repaired what became of the keys that were to be repaired; null where none were.
 */
export function verifyExitCode(
  { outcome, differences, counts }: Pick<Verdict, "outcome" | "differences" | "counts">,
  repaired: readonly Pick<RepairedKey, "outcome">[] | null,
): number {
  if (repaired === null) return exitCodes[outcome];
  const are = (...outcomes: RepairedKey["outcome"][]) =>
    repaired.some((one) => outcomes.includes(one.outcome));
  if (differences > repaired.length || are("differs")) return exitCodes.different;
  return are("noted", "untold") ? couldNotTell : exitCodes[outcomeOf({ differences: 0, counts })];
}
