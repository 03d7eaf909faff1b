"use client";

import { useMutation } from "@tanstack/react-query";
import { Hand } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { formatCount, formatPercent, formatPlural } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { NameField, useOwnName } from "@/components/merging/own-name";
import { ForRole } from "@/components/people/me";
import type { ShardView } from "@/server/control/views/task-view";
import type { HeldShard, HoldDecision } from "@/server/sync/report/shard-report";

type HeldPanelProps = { view: ShardView; held: HeldShard };

/** A shard that waits before keys are removed: what it would remove, and the two ways on. */
export function HeldPanel({ view: { task, shard }, held }: HeldPanelProps) {
  const trpc = useTRPC();
  const own = useOwnName();
  const [asked, setAsked] = useState<HoldDecision | null>(null);
  const deciding = useMutation(trpc.shard.decide.mutationOptions());
  const shrank = held.code === "SHARD_SHRANK";

  async function decide(decision: HoldDecision) {
    own.keep();
    try {
      await deciding.mutateAsync({ taskId: task.id, shardId: shard.id, decision, ...own.by });
      toast.success(decision === "follow" ? "The shard is followed" : "The copy is kept");
    } catch (error) {
      const reason = reasonOf(error);
      toast.error(reason.message, { description: reason.remedy });
    }
    setAsked(null);
  }

  return (
    <section
      aria-labelledby="held-title"
      data-panel="held"
      className="mt-5 rounded-xl border border-warn/30 bg-warn-soft px-4 py-4 sm:px-5"
    >
      <h2 id="held-title" className="flex items-center gap-2 text-[0.9375rem] font-semibold">
        <Hand className="size-4 shrink-0 text-warn" aria-hidden />
        {shrank ? `${shard.name} has lost many of its keys` : `${shard.name} waits before its stream`}
      </h2>
      <p className="num mt-1.5 max-w-prose text-[0.8125rem] text-ink">{heldText(held)}</p>
      <p className="mt-1 text-[0.8125rem] text-ink-2">
        Nothing is removed meanwhile, and what the shard writes waits. Held for{" "}
        <Ago at={held.since} form="for" />, for {held.waitsFor}.
      </p>
      {held.sample.length > 0 && (
        <ul aria-label="Keys that would be removed" className="mt-3 flex flex-wrap gap-1.5">
          {held.sample.map((key) => (
            <li
              key={key}
              className="rounded-md bg-surface px-2 py-1 font-mono text-[0.6875rem] break-all text-ink-2"
            >
              {key}
            </li>
          ))}
          {held.wouldRemove > held.sample.length && (
            <li className="num px-1 py-1 text-xs text-ink-2">
              and {formatCount(held.wouldRemove - held.sample.length)} more
            </li>
          )}
        </ul>
      )}
      <ForRole needs="operator" otherwise={<p className="mt-3 text-xs text-ink-2">An operator decides.</p>}>
        <div className="mt-4 flex flex-wrap gap-2">
          <Button onClick={() => setAsked("keep")}>
            {shrank ? "Keep the copy…" : "Keep the keys and continue…"}
          </Button>
          {shrank && <Button onClick={() => setAsked("follow")}>Follow the shard…</Button>}
        </div>
      </ForRole>
      {asked !== null && (
        <Modal
          open
          onOpenChange={(next) => !next && setAsked(null)}
          title={asked === "follow" ? `Remove ${formatPlural(held.wouldRemove, "key")}?` : "Keep the copy?"}
          description={<p className="num">{decisionText(asked, held, task.destinationLabel)}</p>}
        >
          <div className="mt-4">
            <NameField own={own} />
          </div>
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onClick={() => setAsked(null)}>Decide later</Button>
            <Button
              look={asked === "follow" ? "danger" : "primary"}
              busy={deciding.isPending}
              onClick={() => void decide(asked)}
            >
              {asked === "follow" ? `Remove ${formatPlural(held.wouldRemove, "key")}` : "Keep the copy"}
            </Button>
          </div>
        </Modal>
      )}
    </section>
  );
}

function heldText({ code, wouldRemove, of }: HeldShard): string {
  if (code === "RECONCILE_BLOCKED")
    return "Tributary cannot tell yet which keys the shard no longer has. It needs answers from all shards of the task, and continues automatically once they respond.";
  return `Of ${formatCount(of)} keys copied from the shard, it no longer has ${formatCount(wouldRemove)} (${formatPercent(wouldRemove, of)}). It may have restarted empty or from an old snapshot.`;
}

function decisionText(decision: HoldDecision, { code, wouldRemove }: HeldShard, destination: string): string {
  if (decision === "follow")
    return `${formatPlural(wouldRemove, "key")} that the shard no longer has go from ${destination}. This cannot be undone.`;
  if (code === "RECONCILE_BLOCKED")
    return "Keys that the shard has since deleted may stay behind. The shard is then reported as different until it is synchronized again.";
  return `${formatPlural(wouldRemove, "key")} stay on ${destination} although the shard no longer has them. The shard is then reported as different until it is synchronized again.`;
}
