import { parseRdb } from "../../rdb/rdb-parser.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { type Checkpoint, formatCheckpoint } from "../checkpoint/checkpoint.ts";
import { doubtfulKeysKey, leftOutKeysKey, scriptsKey } from "../checkpoint/own-keys.ts";
import { CommandDowngrade } from "../commands/command-downgrade.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { DestinationDurability } from "../destination/destination-durability.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import type { Neighbors } from "../destination/neighbors.ts";
import { expiryWatchers } from "../doubtful/expiry-watchers.ts";
import { restoreWatcher } from "../doubtful/restore-watcher.ts";
import { ExpiryRewriter } from "../expiry/expiry-rewriter.ts";
import { type HeldBackExpiries, snapshotHorizonMs } from "../expiry/held-back-expiries.ts";
import type { StreamClock } from "../expiry/stream-clock.ts";
import { CommandFilter } from "../filter/command-filter.ts";
import { currentReplid, type Generation } from "../generation/generation.ts";
import { type LoadProgress, LoadReplies } from "../initial/load-replies.ts";
import { RdbLoader } from "../initial/rdb-loader.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import { FormerKeys, overwriteFormerKeys } from "../reconcile/former-keys.ts";
import type { Hold } from "../reconcile/hold.ts";
import { KeyFingerprintWriter } from "../reconcile/key-fingerprint-writer.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import { holdWhileBlocked } from "../reconcile/reconcile-blocked.ts";
import type { Blocked } from "../reconcile/reconcile-patience.ts";
import { countedKeys, type LeftKeys } from "../reconcile/stale-keys.ts";
import type { KeptScripts } from "../scripting/kept-scripts.ts";
import { libraryWatcher } from "../scripting/library-watcher.ts";
import { scriptPrelude } from "../scripting/script-prelude.ts";
import { ScriptRewriter } from "../scripting/script-rewriter.ts";
import { scriptWatcher } from "../scripting/script-watcher.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { KeyJudge } from "../strays/key-judge.ts";
import { noteStraysAgain } from "../strays/strays-again.ts";
import type { TaskMerge } from "../strays/task-merge.ts";
import { StreamApplier } from "../stream/stream-applier.ts";
import type { StreamProgress } from "../stream/stream-progress.ts";

/** A value larger than this goes to the destination in pieces, bytes. */
const LARGE_VALUE = 1024 * 1024;

/** What applying a generation needs beside the generation and the session. */
export type ApplyContext = {
  readonly spec: ShardSyncSpec;
  readonly role: string;
  readonly ledger: StreamLedger;
  readonly heldBack: HeldBackExpiries;
  readonly clock: StreamClock;
  readonly scripts: KeptScripts;
  readonly durability: DestinationDurability;
  /** What the destination held before the task began; null where that was nothing, or is not known. */
  readonly former: FormerKeys | null;
  readonly hold: Hold;
  /** Other tasks on the destination. */
  readonly neighbors: Neighbors;
  /** ms that a reconcile waits for something that does not move before it says so. */
  readonly patienceMs: number;
  readonly merge: TaskMerge;
  readonly now: () => number;
  readonly progress: StreamProgress;
  /** An RDB is applied whole, and its checkpoint is about to be written: a stop from now on is one of the stream. */
  readonly onLoaded: () => void;
};

/** The handler of a session's replies changes from the initial sync to the stream: this one passes them on. */
export class ReplySwitch implements ReplyHandler {
  to: ReplyHandler | null = null;

  value(depth: number, empty: boolean): boolean {
    return this.to?.value(depth, empty) ?? false;
  }

  text(depth: number, text: string): void {
    this.to?.text(depth, text);
  }

  error(depth: number, text: string): void {
    this.to?.error(depth, text);
  }

  array(depth: number, count: number): void {
    this.to?.array(depth, count);
  }

  arrayEnd(): void {
    this.to?.arrayEnd();
  }
}

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

/** Keys of the destination that are not to be written, whatever a shard says; null where there are none. */
function keptBy({ spec, former }: ApplyContext): ((db: number, key: Uint8Array) => boolean) | null {
  if (spec.destinationKeys !== "keep" || former === null || former.size === 0) return null;
  return (db, key) => former.holds(db, key);
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

/** Former keys that a shard may write. */
export function overwritten(
  { destinationKeys }: Pick<ShardSyncSpec, "destinationKeys">,
  former: FormerKeys | null,
): FormerKeys | null {
  return destinationKeys === "keep" ? null : former;
}

function presentDatabases({ destination }: ShardSyncSpec, abilities: DestinationAbilities) {
  return { address: formatAddress(destination), count: abilities.databases };
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

/** What applies a generation's stream from `from` on; the link's replies go to it from now on. */
export function streamApplier(
  generation: Generation,
  from: Checkpoint,
  link: DestinationLink,
  replies: ReplySwitch,
  abilities: DestinationAbilities,
  context: ApplyContext,
): StreamApplier {
  const { spec, heldBack, clock } = context;
  // The time since then is what the stream is behind, until its heartbeats say more.
  clock.startsAt(from.at);
  const scripts = new ScriptRewriter({
    library: context.scripts.library,
    prelude: scriptPrelude({
      ...spec,
      doubtfulKey: doubtfulKeysKey(spec.taskId, spec.shardId),
      distance: heldBack.distance,
    }),
    storeKey: scriptsKey(spec.taskId, spec.shardId),
    moment: () => ({
      at: clock.sourceTime,
      now: clock.destinationNow,
      heldBackBefore: heldBack.inScript(),
      shared: context.merge.isNotedByOthers,
    }),
  });
  const { merge, ledger, progress } = context;
  const judge = new KeyJudge(merge, ledger.doubtful, spec.databases);
  const { stream } = generation;
  const position = Number(from.offset - generation.offset);
  context.durability.continuesAt(position, stream);
  const applier = new StreamApplier(link, {
    input: stream.reader(position),
    from,
    filter: new CommandFilter({
      databases: spec.databases,
      present: presentDatabases(spec, abilities),
      db: from.db,
      expiries: new ExpiryRewriter(heldBack, clock, abilities),
      downgrade: new CommandDowngrade(abilities.server, abilities.redisVersion),
      scripts,
      functions: context.scripts.functions,
      judge,
      maxBulkBytes: abilities.maxBulkBytes,
      publish: spec.publish,
      kept: keptBy(context),
      alone: spec.siblings.length === 0,
    }),
    clock,
    heldBack,
    spec,
    ledger,
    merge,
    watchers: {
      ...expiryWatchers(context.ledger.doubtful, spec.databases),
      restored: restoreWatcher(context.ledger.doubtful),
      script: scriptWatcher(scripts, context.ledger),
      library: libraryWatcher(context.ledger),
    },
    maxQueuedBytes: abilities.maxQueuedBytes,
    replid: () => currentReplid(generation),
    now: context.now,
    progress: {
      ...progress,
      checkpointed: (checkpoint) => {
        const applied = Number(checkpoint.offset - generation.offset);
        stream.release(applied, context.durability.applied(applied, stream.start));
        progress.checkpointed(checkpoint);
      },
    },
  });
  replies.to = applier.pipeline.answers;
  return applier;
}

/** True where a checkpoint can be continued from what this generation still holds. */
export function holds(generation: Generation, checkpoint: Checkpoint): boolean {
  const position = checkpoint.offset - generation.offset;
  return (
    generation.replids.includes(checkpoint.replid) &&
    position >= BigInt(generation.stream.start) &&
    position <= BigInt(generation.stream.end)
  );
}
