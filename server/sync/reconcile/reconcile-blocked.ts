import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { Hold } from "./hold.ts";
import { type Blocked, GiveUp } from "./reconcile-patience.ts";

/** Holds the shard while its left over keys cannot be told: until they can, or the user wants to go on with them. */
export function holdWhileBlocked(hold: Hold, ledger: StreamLedger, afterMs: number): Blocked {
  return {
    afterMs,
    by: (why) => {
      const what = { code: "RECONCILE_BLOCKED", wouldRemove: 0, of: 0, sample: [], waitsFor: why } as const;
      if (hold.begin(what)) {
        const message = `The stream waits: it cannot be told yet which keys the shard no longer has (${why}).`;
        ledger.alert("reconcile-blocked", message);
      }
      if (hold.decision === "keep") throw new GiveUp(why);
    },
    over: () => hold.end(),
  };
}
