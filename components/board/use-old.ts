"use client";

import { useNow } from "@/components/live/now";
import { useLost } from "@/components/live/use-lost";

/** ms without a snapshot; they come each second, and less often where many look. */
const OLD_AFTER = 15_000;

/**
 * Since when what is shown is old, in ms since the epoch; null while it is not. The line may be open and bring nothing: of
 * a computer that has slept, or a server that hangs.
 * @param heardAt when the last snapshot came, by the browser's clock.
 */
export function useOld(heardAt: number): number | null {
  const lost = useLost();
  const now = useNow();
  if (lost !== null) return Math.min(lost, heardAt);
  return now - heardAt >= OLD_AFTER ? heardAt : null;
}
