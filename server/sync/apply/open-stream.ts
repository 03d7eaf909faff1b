import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { doubtfulKeysKey, scriptsKey } from "../checkpoint/own-keys.ts";
import { CommandDowngrade } from "../commands/command-downgrade.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import { expiryWatchers } from "../doubtful/expiry-watchers.ts";
import { restoreWatcher } from "../doubtful/restore-watcher.ts";
import { ExpiryRewriter } from "../expiry/expiry-rewriter.ts";
import { CommandFilter } from "../filter/command-filter.ts";
import { currentReplid, type Generation } from "../generation/generation.ts";
import { libraryWatcher } from "../scripting/library-watcher.ts";
import { scriptPrelude } from "../scripting/script-prelude.ts";
import { ScriptRewriter } from "../scripting/script-rewriter.ts";
import { scriptWatcher } from "../scripting/script-watcher.ts";
import { KeyJudge } from "../strays/key-judge.ts";
import { StreamApplier } from "../stream/stream-applier.ts";
import { type ApplyContext, keptBy, presentDatabases } from "./apply-context.ts";
import type { ReplySwitch } from "./reply-switch.ts";

/** What applies a generation's stream from `from` on; the link's replies go to it from now on. */
export function openStream(
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
