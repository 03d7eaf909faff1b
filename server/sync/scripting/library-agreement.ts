import { functionsKey } from "../checkpoint/own-keys.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import type { Differences } from "../ledger/differences.ts";
import { pause } from "../retry/pause.ts";

/** Why a shard differs: it has replaced another shard's library on the destination by other code of the same name. */
export const LIBRARIES_DIFFER = "FUNCTION_REPLACED";

/** ms between two looks, while the shard differs for that. */
const LOOK_MS = 2000;

/**
 * Takes that difference back once all shards have loaded the same code, as they do when a new version is loaded on one
 * after the other. Runs until the signal is aborted; never rejects.
 */
export async function watchLibraries(
  session: DestinationSession,
  taskId: string,
  differences: Differences,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(LOOK_MS, signal);
    if (signal.aborted || !differences.has(LIBRARIES_DIFFER)) continue;
    const marks = await session.hash(functionsKey(taskId)).catch(() => null);
    if (marks !== null && librariesAgree(marks)) differences.forget(LIBRARIES_DIFFER);
  }
}

/** @param marks as FunctionLibraries writes them: `<library>` → `<SHA1> <shard>`, `<library> <shard id>` → `<SHA1>`. */
export function librariesAgree(marks: ReadonlyMap<string, Buffer>): boolean {
  for (const [field, sha] of marks) {
    const space = field.indexOf(" ");
    if (space < 0) continue;
    const there = marks.get(field.slice(0, space))?.toString("latin1", 0, 40);
    if (there !== undefined && there !== sha.toString("latin1")) return false;
  }
  return true;
}
