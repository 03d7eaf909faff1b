import { setImmediate as turn } from "node:timers/promises";

/** ms that one value may keep the thread's event loop from everything else. */
const LONGEST_MS = 8;

let since = performance.now();

/**
 * A turn of the event loop, now and then: what is read out of memory awaits nothing real, and an RDB of countless small
 * elements would keep timers, sockets and the other shards of its thread waiting until its end.
 */
export function breath(): Promise<void> | undefined {
  if (performance.now() - since < LONGEST_MS) return undefined;
  return turn().then(() => {
    since = performance.now();
  });
}
