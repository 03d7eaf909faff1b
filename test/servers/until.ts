import { setTimeout as sleep } from "node:timers/promises";

export type UntilOptions = {
  /** Milliseconds; 30,000 unless told otherwise. */
  readonly timeoutMs?: number;
  /** What is waited for, as the failure names it: `gave up after 30 s waiting until <what>`. */
  readonly what: string;
  /** Milliseconds between two looks; 20 unless told otherwise. */
  readonly everyMs?: number;
};

/**
 * Looks at a condition every 20 ms until it is truthy, and returns its value. A condition that throws counts as
 * not yet true; its last error becomes the cause of the failure.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<T, undefined | null | false | 0 | "">> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, undefined | null | false | 0 | "">;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`gave up after ${timeoutMs / 1000} s waiting until ${options.what}`, { cause });
    }
    await sleep(options.everyMs ?? 20);
  }
}
