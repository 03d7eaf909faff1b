import type { FactsPoller } from "../report/facts-poller.ts";
import { pause } from "../retry/pause.ts";

const LOOK_MS = 20;

/**
 * Waits until all that the shard has written by now has been received.
 * @param received the offset up to which it has been. @param until by `now`, ms since the epoch.
 * @returns what had not come by then, for the user; null when all has.
 */
export async function receiveAll(options: {
  readonly facts: FactsPoller;
  readonly received: () => bigint;
  readonly until: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}): Promise<string | null> {
  const { facts, received, until, now, signal } = options;
  let written: bigint | null = null;
  while (!signal.aborted && now() < until) {
    if (written === null && (await facts.ask())) written = facts.facts!.masterReplOffset;
    if (written !== null && received() >= written) return null;
    await pause(LOOK_MS, signal);
  }
  const reached = written === null ? "it does not answer" : `it has written up to offset ${written}`;
  return `At the cutover not all that the shard had written was received: ${reached}, and offset ${received()} had come. Verify the data.`;
}
