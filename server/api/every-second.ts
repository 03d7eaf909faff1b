import { setTimeout as sleep } from "node:timers/promises";
import { TributaryError } from "../errors/tributary-error.ts";
import { toTrpcError } from "./trpc.ts";

/**
 * A whole snapshot at once and one about each second until `signal` ends it, so that a client that comes back
 * has nothing to catch up with.
 */
export async function* everySecond<View>(
  signal: AbortSignal | undefined,
  snapshot: () => View,
): AsyncGenerator<View, void, undefined> {
  while (!signal?.aborted) {
    try {
      yield snapshot();
    } catch (error) {
      throw error instanceof TributaryError ? toTrpcError(error) : error;
    }
    // Only the abort can make it throw.
    await sleep(1_000, undefined, signal ? { signal } : {}).catch(() => {});
  }
}
