"use client";

import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Choices } from "@/components/controls/choices";
import { Modal } from "@/components/controls/modal";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC, useTRPCClient } from "@/components/live/trpc";
import { ConfirmStart } from "@/components/merging/confirm-start";
import { destinationKeysChoices } from "@/components/merging/merge-choices";
import { useOwnName } from "@/components/merging/own-name";
import { ReasonNote } from "@/components/status/reason-note";
import type { TaskRow } from "@/server/control/views/task-view";
import type { DestinationKeysPolicy } from "@/server/sync/spec/shard-sync-spec";

type StartDialogProps = { task: Pick<TaskRow, "id" | "name">; onClose: () => void };

const choices = destinationKeysChoices.filter(({ value }) => value !== "must-be-empty");

/** Asks what the first start of a task into a destination in use has to ask, and starts it. */
export function StartDialog({ task, onClose }: StartDialogProps) {
  const trpc = useTRPC();
  const own = useOwnName();
  const [policy, setPolicy] = useState<DestinationKeysPolicy>("overwrite");
  const client = useTRPCClient();
  const checking = useQuery({
    queryKey: ["task.precheck", task.id, policy],
    queryFn: () => client.task.precheck.mutate({ id: task.id, destinationKeys: policy }),
    // The former question stays in sight while the next is looked for.
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    retry: false,
    gcTime: 0,
  });
  const starting = useMutation(trpc.task.start.mutationOptions());
  const question = checking.data?.question ?? null;

  async function start() {
    const confirmation = question === null ? {} : { confirmation: { token: question.token, ...own.by } };
    try {
      await starting.mutateAsync({ id: task.id, destinationKeys: policy, ...confirmation });
      toast.success(`${task.name} is starting`);
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      toast.error(message, { description: remedy });
    }
  }

  const busy = checking.isFetching || starting.isPending;
  if (question !== null)
    return (
      <ConfirmStart
        question={question}
        own={own}
        busy={busy}
        onConfirm={() => void start()}
        onClose={onClose}
      >
        <div className="mt-4">
          <Choices
            name="destinationKeys"
            legend="Keys that are there"
            choices={choices}
            value={policy}
            onChange={setPolicy}
          />
        </div>
      </ConfirmStart>
    );
  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title={`Start ${task.name}`}>
      {checking.error !== null ? (
        <ReasonNote reason={reasonOf(checking.error)} className="mt-4" />
      ) : (
        <p role="status" className="mt-3 text-ink-2">
          {checking.isSuccess
            ? "There is nothing to confirm anymore: the destination is empty."
            : "Looking at the destination…"}
        </p>
      )}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Do not start</Button>
        <Button look="primary" disabled={!checking.isSuccess} busy={busy} onClick={() => void start()}>
          Start
        </Button>
      </div>
    </Modal>
  );
}

/** It was not started since the destination is in use: a start has to say what becomes of what is there. */
export function mayConfirm({ actions, reason }: Pick<TaskRow, "actions" | "reason">): boolean {
  const code = reason?.code;
  return actions.includes("start") && (code === "START_UNCONFIRMED" || code === "DESTINATION_HOLDS_KEYS");
}
