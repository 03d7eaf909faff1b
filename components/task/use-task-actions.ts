"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import type { TaskAction } from "@/server/control/tasks/task-record";

/** Those that need nothing but the task; to synchronize again has a dialog of its own, and a cutover its page. */
export type PlainAction = Exclude<TaskAction, "resync" | "stop">;

const done: Record<PlainAction, (name: string) => string> = {
  start: (name) => `${name} is starting`,
  pause: (name) => `${name} is pausing`,
  resume: (name) => `${name} is resuming`,
  delete: (name) => `${name} was deleted`,
};

export type ActedTask = { readonly id: string; readonly name: string };

/** The task's actions as one function; a refusal is shown with its remedy. */
export function useTaskActions(task: ActedTask) {
  const trpc = useTRPC();
  const router = useRouter();
  const start = useMutation(trpc.task.start.mutationOptions());
  const pause = useMutation(trpc.task.pause.mutationOptions());
  const resume = useMutation(trpc.task.resume.mutationOptions());
  const remove = useMutation(trpc.task.delete.mutationOptions());
  const calls = { start, pause, resume, delete: remove };
  const busy = (Object.keys(calls) as PlainAction[]).find((action) => calls[action].isPending) ?? null;

  /** Resolves to whether the server did it. @param reason for the audit, of what cannot be undone. */
  async function act(action: PlainAction, reason = ""): Promise<boolean> {
    try {
      await calls[action].mutateAsync({ id: task.id, ...(reason.trim() === "" ? {} : { reason }) });
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      toast.error(message, { description: remedy });
      return false;
    }
    toast.success(done[action](task.name));
    if (action === "delete") router.push("/tasks");
    return true;
  }

  return { act, busy };
}
