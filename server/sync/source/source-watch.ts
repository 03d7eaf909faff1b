import { pause } from "../retry/pause.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { SourceLocator } from "./source-locator.ts";
import type { SourceReader } from "./source-reader.ts";

const LOOK_MS = 3000;

/**
 * Leaves a master that has been demoted for the new one, although its link still stands: as a replica it would
 * go on passing the stream on, but take no heartbeat, and be gone when it is taken away. Sentinels are asked all
 * the time, other addresses only when the present server says that it is a replica. Runs until the signal is
 * aborted; never rejects.
 */
export async function watchSource(
  spec: ShardSyncSpec,
  locator: SourceLocator,
  reader: SourceReader,
  role: () => "master" | "replica" | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (locator.single) return;
  while (!signal.aborted) {
    await pause(LOOK_MS, signal);
    if (reader.problem !== null || (spec.sentinel === null && role() !== "replica")) continue;
    // Who cannot be asked now is asked again.
    const moved = await locator.hasMoved(reader.history).catch(() => false);
    if (moved && !signal.aborted) reader.relocate();
  }
}
