import { leftOutKeysKey } from "../checkpoint/own-keys.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import { FormerKeys } from "../reconcile/former-keys.ts";
import { type KeptScripts, readKeptScripts } from "../scripting/kept-scripts.ts";
import { overwritten } from "./apply-context.ts";
import type { GenerationApplierOptions } from "./generation-applier-options.ts";

/** What the destination keeps for the shard beside its data, as a session finds it. */
export type KeptState = {
  /** What the destination held before the task began; null where that was nothing, or is not known. */
  readonly former: FormerKeys | null;
  readonly scripts: KeptScripts;
};

/** Reads it, and lets the parts that live longer than a session know of what concerns them. */
export async function readKeptState(
  session: DestinationSession,
  options: Pick<GenerationApplierOptions, "spec" | "ledger" | "merge">,
): Promise<KeptState> {
  const { spec, ledger, merge } = options;
  const former = session.wasEmpty ? null : await FormerKeys.read(await session.client(), spec.taskId);
  // Keys that a former session, or engine, has left out.
  ledger.leftOut.adopt(await session.members(leftOutKeysKey(spec.taskId, spec.shardId)));
  const scripts = await readKeptScripts(session, spec, ledger);
  // What has been registered of keys that are not the shard's, also by the other shards meanwhile.
  const client = await session.client();
  merge.keeps(spec.destinationKeys === "keep" ? (former?.size ?? 0) : 0);
  await merge.unheld.load(client, spec, overwritten(spec, former));
  if (merge.ownership !== null) await merge.registry.load(client, spec.taskId, spec.shardId);
  return { former, scripts };
}
