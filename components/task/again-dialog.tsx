"use client";

import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { NameField, useOwnName } from "@/components/merging/own-name";
import type { ShardSummary, TaskRow } from "@/server/control/views/task-view";

type AgainDialogProps = {
  task: Pick<TaskRow, "id" | "name" | "destinationLabel">;
  /** null is every shard of the task. */
  shard: Pick<ShardSummary, "id" | "name"> | null;
  onClose: () => void;
};

/** Asks before a shard, or every shard, is copied anew. */
export function AgainDialog({ task, shard, onClose }: AgainDialogProps) {
  const trpc = useTRPC();
  const own = useOwnName();
  const ofTask = useMutation(trpc.task.resync.mutationOptions());
  const ofShard = useMutation(trpc.shard.resync.mutationOptions());
  const name = shard?.name ?? task.name;

  async function again() {
    own.keep();
    try {
      if (shard === null) await ofTask.mutateAsync({ id: task.id, ...own.by });
      else await ofShard.mutateAsync({ taskId: task.id, shardId: shard.id, ...own.by });
      toast.success(`${name} is synchronizing again`);
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
      title={`Synchronize ${name} again?`}
      description={
        <>
          <p>
            {shard === null ? "Every shard is" : "The shard is"} copied to{" "}
            <span className="font-mono text-[0.8125rem] break-all text-ink">{task.destinationLabel}</span>{" "}
            again and then followed as before. Each master creates an RDB for it.
          </p>
          <p>
            Keys that the shard no longer has are removed there, and nothing else. Past the task's bound it
            holds and asks first.
          </p>
        </>
      }
    >
      <div className="mt-4">
        <NameField own={own} />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Leave it as it is</Button>
        <Button look="primary" busy={ofTask.isPending || ofShard.isPending} onClick={() => void again()}>
          Synchronize again
        </Button>
      </div>
    </Modal>
  );
}
