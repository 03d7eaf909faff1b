"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { LiveLinkContext } from "./live-link";
import { serverLine } from "./server-line";
import { TRPCProvider } from "./trpc";

/**
 * The line to the server, for all that is below.
 * @param live whether there is anything to hear: before the login there is not.
 */
export function TrpcRoot({ live, children }: { live: boolean; children: ReactNode }) {
  const [root] = useState(() => {
    const queries = new QueryClient({
      defaultOptions: { queries: { staleTime: 5_000, refetchOnWindowFocus: false, retry: 1 } },
    });
    return { ...serverLine(live), queries };
  });
  return (
    <LiveLinkContext value={root.link}>
      <QueryClientProvider client={root.queries}>
        <TRPCProvider trpcClient={root.client} queryClient={root.queries}>
          {children}
        </TRPCProvider>
      </QueryClientProvider>
    </LiveLinkContext>
  );
}
