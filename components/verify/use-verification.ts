"use client";

import { useMutation } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";

export type Running = NonNullable<Outputs["verify"]["view"]["running"]>;
export type VerificationRun = Outputs["verify"]["view"]["runs"][number];

/** A task's verifications as they go, and what can be done with them; a refusal is shown with its remedy. */
export function useVerification(taskId: string) {
  const trpc = useTRPC();
  const live = useSubscription(trpc.verify.live.subscriptionOptions({ id: taskId }));
  const onError = (error: unknown) => {
    const reason = reasonOf(error);
    toast.error(reason.message, { description: reason.remedy });
  };
  const start = useMutation(trpc.verify.start.mutationOptions({ onError }));
  const pause = useMutation(trpc.verify.pause.mutationOptions({ onError }));
  const cancel = useMutation(trpc.verify.cancel.mutationOptions({ onError }));
  const setPace = useMutation(trpc.verify.setPace.mutationOptions({ onError }));
  return {
    /** undefined until the first answer. */
    view: live.data,
    running: live.data?.running ?? null,
    start,
    pause,
    cancel,
    setPace,
  };
}
