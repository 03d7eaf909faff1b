"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import type { ShareLinkView } from "@/server/people/share-links";

/** The links of a task, or of all where it is null, and how one is revoked. */
export function useShareLinks(taskId: string | null, initial: ShareLinkView[]) {
  const trpc = useTRPC();
  const { data: links, refetch } = useQuery(
    trpc.share.list.queryOptions({ taskId }, { initialData: initial, refetchInterval: 10_000 }),
  );
  const revoke = useMutation(
    trpc.share.revoke.mutationOptions({
      onSettled: () => void refetch(),
      onError: (error) => {
        const { message, remedy } = reasonOf(error);
        toast.error(message, { description: remedy });
      },
    }),
  );
  return {
    links,
    refetch,
    revoke: async (id: string) => {
      await revoke.mutateAsync({ id }).catch(() => null);
    },
  };
}
