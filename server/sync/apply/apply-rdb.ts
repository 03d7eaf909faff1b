import { parseRdb } from "../../rdb/rdb-parser.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { type Checkpoint, formatCheckpoint } from "../checkpoint/checkpoint.ts";
import { leftOutKeysKey, scriptsKey } from "../checkpoint/own-keys.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import { snapshotHorizonMs } from "../expiry/held-back-expiries.ts";
import { currentReplid, type Generation } from "../generation/generation.ts";
import { type LoadProgress, LoadReplies } from "../initial/load-replies.ts";
import { RdbLoader } from "../initial/rdb-loader.ts";
import { FormerKeys, overwriteFormerKeys } from "../reconcile/former-keys.ts";
import { KeyFingerprintWriter } from "../reconcile/key-fingerprint-writer.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import { holdWhileBlocked } from "../reconcile/reconcile-blocked.ts";
import type { Blocked } from "../reconcile/reconcile-patience.ts";
import { countedKeys, type LeftKeys } from "../reconcile/stale-key-list.ts";
import { noteStraysAgain } from "../strays/strays-again.ts";
import { type ApplyContext, keptBy, overwritten, presentDatabases } from "./apply-context.ts";
import type { ReplySwitch } from "./reply-switch.ts";

/** A value larger than this goes to the destination in pieces, bytes. */
const LARGE_VALUE = 1024 * 1024;

/**
 * Applies a generation's RDB, from its first byte. Order: the set of noted keys of the RDB before is removed, the
 * destination is marked as begun, keys are written, the last is answered, keys that the source has deleted since
 * a former sync are removed, then the checkpoint is written: only with it does the stream begin.
 */
export async function applyRdb(
  generation: Generation,
  session: DestinationSession,
  replies: ReplySwitch,
  progress: LoadProgress,
  context: ApplyContext,
): Promise<Checkpoint> {
  const { spec, role, now, ledger } = context;
  const { link } = session;
  // A shard that was never begun has left nothing behind; one whose checkpoint alone has gone has.
  const begunBefore =
    session.checkpointState.kind !== "new" || generation.number > 1 || spec.expectCheckpoint;
  // Who looks for keys that are left over is this shard, or a sibling.
  const asked = begunBefore || spec.siblings.length > 0 || context.former !== null;
  const blocked = holdWhileBlocked(context.hold, ledger, context.patienceMs);
  const keys = asked ? await KeyFingerprintWriter.begin(spec.spoolDirectory, now, blocked) : null;
  ledger.differences.copying();
  await session.beginInitialSync();
  context.merge.counts.newRdb();
  const answers = new LoadReplies(
    progress,
    ledger.refusals,
    formatAddress(spec.destination),
    spec.checkpointDb,
  );
  answers.attach(link);
  replies.to = answers;
  const loader = new RdbLoader(link, answers, {
    databases: spec.databases,
    present: presentDatabases(spec, session.abilities),
    linkDb: spec.checkpointDb,
    abilities: session.abilities,
    refusals: ledger.refusals,
    leftOut: { ledger, key: leftOutKeysKey(spec.taskId, spec.shardId) },
    progress,
    keys,
    kept: keptBy(context),
    scripts: { library: context.scripts.library, storeKey: scriptsKey(spec.taskId, spec.shardId) },
    functions: context.scripts.functions,
    merge: context.merge,
    expiry: (expireAt, target, key) =>
      context.heldBack.inSnapshot(target, key, expireAt, snapshotHorizonMs(generation.rdbTotal)),
    expiryNotes: () => context.heldBack.trueOnes.take(),
    role,
    now,
  });
  const reader = generation.rdb!.reader(0);
  const stopWatching = session.watchGuard();
  try {
    const { bytes } = await parseRdb(reader, loader, {
      role,
      destination: session.abilities.server,
      // Whole values go in one argument, with some bytes more.
      largeValueBytes: Math.min(LARGE_VALUE, session.abilities.maxBulkBytes / 2),
      signal: generation.over.signal,
    });
    await loader.finish(bytes);
    await keys?.finish((fingerprints) => session.shareNoted(fingerprints));
    if (context.merge.ownership?.ownerOnly === false) {
      await noteStraysAgain(await session.client(), spec, context.merge);
    }
    const left = begunBefore
      ? await reconcileWith(generation, session, progress, context, keys!, blocked)
      : null;
    await reportFormerKeys(context, session, keys);
    await noteUnheld(context, session, left);
    const checkpoint = {
      replid: currentReplid(generation),
      offset: generation.offset,
      db: loader.streamDb,
      at: generation.startedAt,
    };
    await session.noteKeys(progress.keysApplied);
    context.onLoaded();
    await session.writeCheckpoint(formatCheckpoint(checkpoint));
    // Siblings look at the checkpoint now.
    await session.unshareNoted();
    ledger.differences.copied();
    context.hold.finished();
    return checkpoint;
  } finally {
    stopWatching();
    reader.close();
    await keys?.close();
    context.hold.end();
  }
}

/** What the shard has overwritten is its own from now on; what is left beside it is told. */
async function reportFormerKeys(
  { spec, former, ledger }: ApplyContext,
  session: DestinationSession,
  keys: KeyFingerprintWriter | null,
): Promise<void> {
  if (former === null || former.size === 0) return;
  const written = keys?.table() ?? null;
  const left =
    spec.destinationKeys === "keep" || written === null
      ? former.size
      : await overwriteFormerKeys(await session.client(), spec.taskId, written);
  if (left === null || left === 0) return;
  const kept = spec.destinationKeys === "keep" ? "kept as they are" : "left beside those of the shards";
  const message = `Of what the destination held before the task began, ${countedKeys(left)} ${left === 1 ? "is" : "are"} ${kept}.`;
  ledger.info("former-keys", message);
}

/**
 * Keys that the shard does not hold are not to be built on.
 * @param left what a re-sync has left of them; null for a first copy.
 */
async function noteUnheld(
  context: ApplyContext,
  session: DestinationSession,
  left: LeftKeys | null,
): Promise<void> {
  const { spec, merge } = context;
  const client = await session.client();
  const former = await FormerKeys.read(client, spec.taskId);
  const first = session.wasEmpty || former !== null ? [] : "unknown";
  await merge.unheld.replace(client, spec, left ?? first, overwritten(spec, former));
}

async function reconcileWith(
  generation: Generation,
  session: DestinationSession,
  progress: LoadProgress,
  context: ApplyContext,
  keys: KeyFingerprintWriter,
  blocked: Blocked,
): Promise<LeftKeys> {
  progress.reconciling = true;
  try {
    // Where copies count for nothing, other shards are not asked about this shard's own keys.
    const alone = context.merge.ownership?.ownerOnly === true;
    return await reconcile({
      spec: alone ? { ...context.spec, siblings: [] } : context.spec,
      facts: session.facts,
      epoch: session.epoch,
      keys,
      hadKeys: session.hadKeys,
      destinationWasEmpty: session.wasEmpty,
      neighbors: context.neighbors,
      former: context.former,
      hold: context.hold,
      blocked,
      owned: context.merge.ownership !== null,
      whose: (db, key) => {
        const { merge } = context;
        if (!merge.owns(key)) return "others";
        // What is known of its copies is decided in the stream, unless copies count for nothing.
        return alone || !merge.registry.isKnown(db, key) ? "own" : "copied";
      },
      link: session.link,
      ledger: context.ledger,
      now: context.now,
      signal: generation.over.signal,
    });
  } finally {
    progress.reconciling = false;
  }
}
