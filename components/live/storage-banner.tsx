"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { ReasonNote } from "@/components/status/reason-note";
import { useTRPC } from "./trpc";

/** Says above every page that Tributary's own database takes no writes; it goes away by itself. */
export function StorageBanner() {
  const trpc = useTRPC();
  const { data } = useSubscription(trpc.system.live.subscriptionOptions());
  const problem = data?.storage ?? null;
  return <div role="alert">{problem !== null && <ReasonNote reason={problem} className="mb-5" />}</div>;
}
