"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import { FormProvider, useForm, useWatch } from "react-hook-form";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { FormChoices } from "@/components/form/form-choices";
import { formSchema } from "@/components/form/form-schema";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { flushChoices, policyChoices } from "@/components/merging/merge-choices";
import { NameField, useOwnName } from "@/components/merging/own-name";
import { ShrinkFields } from "@/components/merging/shrink-fields";
import { type ShrinkForm, shrinkFieldOf, shrinkFormOf, shrinkOf } from "@/components/merging/shrink-form";
import type { TaskView } from "@/server/control/views/task-view";
import { settingsChange } from "@/server/input/task-input";
import type { MergePolicy } from "@/server/merge/merge-policy";
import type { FlushPolicy } from "@/server/sync/spec/shard-sync-spec";

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

type SettingsForm = {
  mergePolicy: MergePolicy;
  onFlush: FlushPolicy;
  shrink: ShrinkForm;
};

const settingsSchema = formSchema(
  settingsChange,
  (form: SettingsForm) => ({ ...form, shrink: shrinkOf(form.shrink) }),
  ([group = "root", place = ""]) => (group === "shrink" ? [group, shrinkFieldOf(place)] : [group]),
);

function SettingsDialog({ task, onClose }: { task: TaskView; onClose: () => void }) {
  const trpc = useTRPC();
  const own = useOwnName();
  const { merging } = task;
  const form = useForm({
    defaultValues: {
      mergePolicy: merging.policy,
      onFlush: merging.onFlush,
      shrink: shrinkFormOf(merging.shrink),
    },
    resolver: zodResolver(settingsSchema),
  });
  const policy = useWatch({ control: form.control, name: "mergePolicy" });
  const changing = useMutation(trpc.task.change.mutationOptions());

  const save = form.handleSubmit(async (change) => {
    own.keep();
    try {
      await changing.mutateAsync({ id: task.id, change, ...own.by });
      toast.success("Changed. It takes effect when the task resumes.");
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      toast.error(message, { description: remedy });
    }
  });

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title={`How ${task.name} merges`}>
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void save(event)}>
          <div className="mt-4 space-y-5">
            <FormChoices<SettingsForm, MergePolicy>
              name="mergePolicy"
              legend="If several shards have the same key"
              choices={policyChoices.filter(({ value }) => merging.policies.includes(value))}
            />
            {policy !== merging.policy && (
              <p role="status" className="-mt-2 rounded-lg bg-warn-soft px-3 py-2 text-[0.8125rem]">
                Every shard is copied again when the task is resumed: only a whole copy can say what another
                policy would have left.
              </p>
            )}
            <ShrinkFields />
            {merging.hasRing && (
              <FormChoices<SettingsForm, FlushPolicy>
                name="onFlush"
                legend="FLUSHALL or FLUSHDB on a shard"
                choices={flushChoices}
              />
            )}
            <NameField own={own} />
          </div>
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={changing.isPending}>
              Save
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}
