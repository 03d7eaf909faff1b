"use client";

import { TriangleAlert } from "lucide-react";
import { type FormEvent, type RefObject, useState } from "react";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { formatBytes } from "@/components/format/bytes";
import { formatDuration } from "@/components/format/duration";
import type { TaskRow } from "@/server/control/views/task-view";

type CutoverDialogProps = {
  task: Pick<TaskRow, "name" | "status" | "destinationLabel" | "lag">;
  open: boolean;
  onClose: () => void;
  returnTo?: RefObject<HTMLElement | null>;
  /** Resolves to whether the server did it. */
  act: () => Promise<boolean>;
};

/** Asks for the task's name before the one step that cannot be taken back. */
export function CutoverDialog({ task, open, onClose, returnTo, act }: CutoverDialogProps) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const matches = typed.trim() === task.name;
  const close = () => {
    setTyped("");
    onClose();
  };

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!matches) return;
    setBusy(true);
    const ok = await act();
    setBusy(false);
    if (ok) close();
  }

  return (
    <Modal
      open={open}
      {...(returnTo === undefined ? {} : { returnTo })}
      onOpenChange={(next) => !next && close()}
      title={`Cut over ${task.name}`}
      description={
        <>
          <p>
            Tributary applies what it has received, then stops for good. From then on the destination{" "}
            <span className="font-mono text-[0.8125rem] text-ink">{task.destinationLabel}</span> belongs to
            your applications, and this task can never write to it again.
          </p>
          <p>Before you go on: stop the writers of the source and wait until the lag is 0.</p>
        </>
      }
    >
      <form onSubmit={submit} className="mt-4 space-y-4">
        <LagWarning task={task} />
        <Field label={`Type ${task.name} to confirm`}>
          {(control) => (
            <TextInput {...control} value={typed} onChange={(event) => setTyped(event.target.value)} />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Keep synchronizing</Button>
          <Button type="submit" look="danger" disabled={!matches} busy={busy}>
            Cut over
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function LagWarning({ task }: Pick<CutoverDialogProps, "task">) {
  const { bytes, seconds } = task.lag;
  if (task.status === "synchronizing" && bytes === 0) return null;
  const text =
    task.status !== "synchronizing"
      ? "Not every shard is synchronizing: what has not been copied yet will be missing on the destination."
      : bytes === null
        ? "The lag is unknown: the last writes may be missing on the destination."
        : `The destination is ${formatBytes(bytes)}${seconds === null ? "" : ` (${formatDuration(seconds)})`} behind right now.`;
  return (
    <p className="flex gap-2.5 rounded-lg bg-warn-soft px-3 py-2.5 text-[0.8125rem]">
      <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
      <span className="num">{text}</span>
    </p>
  );
}
