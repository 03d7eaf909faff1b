import { setTimeout as sleep } from "node:timers/promises";
import { TributaryError } from "../errors/tributary-error.ts";
import type { ApiContext } from "./trpc.ts";
import { toTrpcError } from "./trpc.ts";

/**
 * A whole snapshot at once and one about each second until `signal` ends it, so that a client that comes back
 * has nothing to catch up with. Where there are many views, or large ones, they come less often.
 */
export async function* everySecond<View>(
  { live, socket }: ApiContext,
  signal: AbortSignal | undefined,
  snapshot: () => View,
): AsyncGenerator<View, void, undefined> {
  if (socket === null) return;
  let close = () => {};
  try {
    close = live.open(socket);
    while (!signal?.aborted) {
      const began = performance.now();
      // Between the two it is written as JSON and sent.
      if (live.reads(socket)) yield snapshot();
      const pause = live.pauseAfter(performance.now() - began);
      // Only the abort can make it throw.
      await sleep(pause, undefined, signal ? { signal } : {}).catch(() => {});
    }
  } catch (error) {
    throw error instanceof TributaryError ? toTrpcError(error) : error;
  } finally {
    close();
  }
}
