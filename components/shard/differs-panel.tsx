"use client";

import { useMutation } from "@tanstack/react-query";
import { Check, Diff, RotateCw } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { capitalized } from "@/components/format/capitalized";
import { formatPlural } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { NameField, useOwnName } from "@/components/merging/own-name";
import { ForRole } from "@/components/people/me";
import { AgainDialog } from "@/components/task/again-dialog";
import type { ShardView } from "@/server/control/views/task-view";
import type { Differs } from "@/server/sync/report/shard-report";

type DiffersPanelProps = { view: ShardView; differs: Differs };

/** What has left the destination other than the shard, since when, and the ways to end that. */
export function DiffersPanel({ view, differs }: DiffersPanelProps) {
  const { task, shard } = view;
  const [dialog, setDialog] = useState<"acknowledge" | "again" | null>(null);
  const close = () => setDialog(null);
  const can = task.actions.includes("resync");
  return (
    <section
      aria-labelledby="differs-title"
      data-panel="differs"
      className="mt-5 rounded-xl border border-warn/30 bg-warn-soft px-4 py-4 sm:px-5"
    >
      <h2 id="differs-title" className="flex items-center gap-2 text-[0.9375rem] font-semibold">
        <Diff className="size-4 shrink-0 text-warn" aria-hidden />
        The destination differs from {shard.name}
      </h2>
      <p className="num mt-1 text-[0.8125rem] text-ink-2">
        Since <Ago at={differs.since} />. To clear this, synchronize the shard again, or acknowledge the
        difference.
      </p>
      <ul aria-label="Causes" className="mt-3 space-y-2.5">
        {differs.causes.map((cause) => (
          <li key={cause.code} className="text-[0.8125rem]">
            <p className="break-words text-ink">{capitalized(cause.message)}</p>
            <p className="num mt-0.5 text-xs text-ink-2">
              <span className="font-mono text-[0.6875rem]">{cause.code}</span> ·{" "}
              {formatPlural(cause.count, "time")} · last <Ago at={cause.lastAt} />
            </p>
          </li>
        ))}
      </ul>
      <ForRole needs="operator">
        <div className="mt-4 flex flex-wrap gap-2">
          <Button disabled={!can} onClick={() => setDialog("again")}>
            <RotateCw className="size-4" aria-hidden />
            Synchronize again…
          </Button>
          <Button disabled={!can} onClick={() => setDialog("acknowledge")}>
            <Check className="size-4" aria-hidden />
            Acknowledge…
          </Button>
        </div>
        {!can && <p className="mt-2 text-xs text-ink-2">Start or resume the task first.</p>}
      </ForRole>
      {dialog === "acknowledge" && <AcknowledgeDialog view={view} onClose={close} />}
      {dialog === "again" && <AgainDialog task={task} shard={shard} onClose={close} />}
    </section>
  );
}

function AcknowledgeDialog({ view: { task, shard }, onClose }: { view: ShardView; onClose: () => void }) {
  const trpc = useTRPC();
  const own = useOwnName();
  const [why, setWhy] = useState("");
  const acknowledging = useMutation(trpc.shard.acknowledge.mutationOptions());

  async function acknowledge() {
    own.keep();
    try {
      const reason = why.trim();
      await acknowledging.mutateAsync({ taskId: task.id, shardId: shard.id, reason, ...own.by });
      toast.success("Acknowledged");
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      toast.error(message, { description: remedy });
    }
  }

  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title="Acknowledge the difference"
      description={
        <p>
          No data changes. {shard.name} is no longer shown to differ, until something else leaves a
          difference. Who acknowledged, and why, stays with the shard.
        </p>
      }
    >
      <div className="mt-4 space-y-4">
        <Field label="Reason" optional>
          {(control) => (
            <TextInput
              {...control}
              name="reason"
              maxLength={400}
              value={why}
              onChange={(event) => setWhy(event.target.value)}
            />
          )}
        </Field>
        <NameField own={own} />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Leave it shown</Button>
        <Button look="primary" busy={acknowledging.isPending} onClick={() => void acknowledge()}>
          Acknowledge
        </Button>
      </div>
    </Modal>
  );
}

/** One line for what was acknowledged last; nothing where nobody has. */
export function Acknowledged({ acknowledged }: Pick<ShardView["shard"], "acknowledged">) {
  if (acknowledged === null) return null;
  const { by, from, at, reason, differs } = acknowledged;
  const codes = differs.causes.map(({ code }) => code).join(", ");
  return (
    <p className="num mt-3 flex items-start gap-1.5 text-[0.8125rem] text-ink-2" data-fact="acknowledged">
      <Check className="mt-[3px] size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0 break-words">
        A difference ({codes}) was acknowledged by {by}
        {from !== null && ` (${from})`}, <Ago at={at} />
        {reason !== "" && `: ${reason}`}
      </span>
    </p>
  );
}
