"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type RefObject, useEffect, useState } from "react";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import type { ActedTask } from "./use-task-actions";

type RenameDialogProps = {
  task: ActedTask;
  open: boolean;
  onClose: () => void;
  returnTo: RefObject<HTMLElement | null>;
};

export function RenameDialog({ task, open, onClose, returnTo }: RenameDialogProps) {
  const trpc = useTRPC();
  const [name, setName] = useState(task.name);
  const rename = useMutation(trpc.task.rename.mutationOptions({ onSuccess: onClose }));
  const error = rename.error === null ? undefined : reasonOf(rename.error);

  // Each time it opens it begins with the name as it is.
  const { reset } = rename;
  useEffect(() => {
    if (!open) return;
    setName(task.name);
    reset();
  }, [open, task.name, reset]);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() === task.name) onClose();
    else if (name.trim() !== "") rename.mutate({ id: task.id, name: name.trim() });
  }

  return (
    <Modal
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title="Rename the task"
      returnTo={returnTo}
    >
      <form onSubmit={submit} className="mt-4 space-y-4">
        <Field label="Name" error={error === undefined ? undefined : `${error.message} ${error.remedy}`}>
          {(control) => (
            <TextInput
              {...control}
              value={name}
              maxLength={80}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={rename.isPending} disabled={name.trim() === ""}>
            Rename
          </Button>
        </div>
      </form>
    </Modal>
  );
}
