import type { ExpiryKeeper } from "./expiry-keeper.ts";
import type { KeyRefresher } from "./key-refresher.ts";
import type { StreamApplier } from "./stream-applier.ts";

/**
 * Applies a stream to its end while expiries are restored and doubtful keys are copied again beside it; all three
 * have ended when it settles. @throws what StreamApplier.run does.
 */
export async function runBeside(
  applier: StreamApplier,
  keeper: ExpiryKeeper,
  refresher: KeyRefresher,
): Promise<void> {
  const ended = new AbortController();
  const keeping = Promise.all([keeper.run(ended.signal), refresher.run(ended.signal)]);
  try {
    await applier.run();
  } catch (error) {
    // What the keeper has asked on a connection that is gone would be waited for.
    keeper.close();
    throw error;
  } finally {
    ended.abort();
    await keeping;
  }
}
