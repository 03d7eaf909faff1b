"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import type { RefObject } from "react";
import { FormProvider, useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { taskName } from "@/server/input/task-input";
import type { ActedTask } from "./use-task-actions";

type RenameDialogProps = {
  task: ActedTask;
  open: boolean;
  onClose: () => void;
  returnTo: RefObject<HTMLElement | null>;
};

const renameForm = z.object({ name: taskName });

export function RenameDialog({ task, open, onClose, returnTo }: RenameDialogProps) {
  return (
    <Modal
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title="Rename the task"
      returnTo={returnTo}
    >
      <RenameForm task={task} onClose={onClose} />
    </Modal>
  );
}

/** It is there only while the dialog is open, so it begins with the name as it is. */
function RenameForm({ task, onClose }: Pick<RenameDialogProps, "task" | "onClose">) {
  const trpc = useTRPC();
  const form = useForm({ defaultValues: { name: task.name }, resolver: zodResolver(renameForm) });
  const rename = useMutation(trpc.task.rename.mutationOptions());

  const submit = form.handleSubmit(async ({ name }) => {
    if (name === task.name) return onClose();
    try {
      await rename.mutateAsync({ id: task.id, name });
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      form.setError("name", { message: `${message} ${remedy}` }, { shouldFocus: true });
    }
  });

  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={(event) => void submit(event)} className="mt-4 space-y-4">
        <FormField<{ name: string }> name="name" label="Name">
          {(control) => <TextInput {...control} maxLength={80} onFocus={(event) => event.target.select()} />}
        </FormField>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={rename.isPending}>
            Rename
          </Button>
        </div>
      </form>
    </FormProvider>
  );
}
