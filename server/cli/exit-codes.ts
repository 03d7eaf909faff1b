/** Exit codes of `npm run sync`, beside 0: the destination holds all that the shards had said when the run ended. */
export const exitCodes = {
  /** A shard failed for a reason that is not retried. */
  failed: 1,
  /** The command line could not be understood. */
  usage: 2,
  /** A check stands against it. */
  refused: 3,
  /** It ended before all was applied and put right: the next start goes on. */
  incomplete: 4,
  /** All is applied, but something was left out: lost keys, skipped or rejected commands. */
  differs: 5,
} as const;
