"use client";

import { useMutation } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Choices } from "@/components/controls/choices";
import { Modal } from "@/components/controls/modal";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { flushChoices, parseBound, policyChoices } from "@/components/merging/merge-choices";
import { NameField, useOwnName } from "@/components/merging/own-name";
import { boundError, ShrinkFields, shrinkFormOf } from "@/components/merging/shrink-fields";
import type { TaskView } from "@/server/control/views/task-view";

/** The way to change how a task merges: while it is paused. */
export function ChangeSettings({ task }: { task: TaskView }) {
  const [open, setOpen] = useState(false);
  if (task.wanted === "finished") return null;
  if (!task.merging.changeable) return <span className="text-xs text-ink-3">pause it to change these</span>;
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        <SlidersHorizontal className="size-3.5" aria-hidden />
        Change…
      </Button>
      {open && <SettingsDialog task={task} onClose={() => setOpen(false)} />}
    </>
  );
}

function SettingsDialog({ task, onClose }: { task: TaskView; onClose: () => void }) {
  const trpc = useTRPC();
  const own = useOwnName();
  const { merging } = task;
  const [policy, setPolicy] = useState(merging.policy);
  const [onFlush, setOnFlush] = useState(merging.onFlush);
  const [shrink, setShrink] = useState(shrinkFormOf(merging.shrink));
  const changing = useMutation(trpc.task.change.mutationOptions());

  async function save() {
    const bound = parseBound(shrink.maxKeys, shrink.maxPercent);
    if (bound === null) return;
    own.keep();
    try {
      const change = { mergePolicy: policy, onFlush, shrink: { onShrink: shrink.onShrink, ...bound } };
      await changing.mutateAsync({ id: task.id, change, ...own.by });
      toast.success("Changed; it counts from the resume on");
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      toast.error(message, { description: remedy });
    }
  }

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title={`How ${task.name} merges`}>
      <div className="mt-4 space-y-5">
        <Choices
          name="mergePolicy"
          legend="A key that lies on several shards"
          choices={policyChoices.filter(({ value }) => merging.policies.includes(value))}
          value={policy}
          onChange={setPolicy}
        />
        {policy !== merging.policy && (
          <p role="status" className="-mt-2 rounded-lg bg-warn-soft px-3 py-2 text-[0.8125rem]">
            Every shard is copied again when the task is resumed: only a whole copy can say what another
            policy would have left.
          </p>
        )}
        <ShrinkFields value={shrink} onChange={setShrink} />
        {merging.hasRing && (
          <Choices
            name="onFlush"
            legend="FLUSHALL or FLUSHDB on a shard"
            choices={flushChoices}
            value={onFlush}
            onChange={setOnFlush}
          />
        )}
        <NameField own={own} />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="primary"
          busy={changing.isPending}
          disabled={boundError(shrink) !== undefined}
          onClick={() => void save()}
        >
          Save
        </Button>
      </div>
    </Modal>
  );
}
