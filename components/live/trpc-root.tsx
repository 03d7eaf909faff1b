"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, createWSClient, httpLink, splitLink, wsLink } from "@trpc/client";
import { type ReactNode, useState } from "react";
import type { AppRouter } from "@/server/api/router";
import { LiveLink, LiveLinkContext } from "./live-link";
import { shareSecret } from "./share-secret";
import { TRPCProvider } from "./trpc";

/**
 * Queries and mutations go over HTTP, subscriptions over one WebSocket that reconnects by itself.
 * @param live whether there is anything to hear: before the login there is not.
 */
export function TrpcRoot({ live, children }: { live: boolean; children: ReactNode }) {
  const [root] = useState(() => {
    const link = new LiveLink();
    const queries = new QueryClient({
      defaultOptions: { queries: { staleTime: 5_000, refetchOnWindowFocus: false, retry: 1 } },
    });
    return { link, queries, client: openClient(link, live) };
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

function openClient(link: LiveLink, live: boolean) {
  const http = httpLink<AppRouter>({ url: "/api/trpc" });
  // While the server renders there is nothing to subscribe to (and Node 20 has no WebSocket).
  if (typeof window === "undefined" || !live) return createTRPCClient<AppRouter>({ links: [http] });
  const socket = createWSClient({
    url: liveUrl,
    // Half-open connections (sleep, a changed network) are found by pings that stay without a pong.
    keepAlive: { enabled: true, intervalMs: 5_000, pongTimeoutMs: 4_000 },
    retryDelayMs: (attempt) => (attempt === 0 ? 0 : Math.min(5_000, 250 * 2 ** attempt)),
    onOpen: () => link.set(true, Date.now()),
    onClose: () => link.set(false, Date.now()),
    onError: () => link.set(false, Date.now()),
  });
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: wsLink<AppRouter>({ client: socket }),
        false: http,
      }),
    ],
  });
}

/** A share link's page is heard as the link's holder, whoever has signed in besides. */
function liveUrl(): string {
  const { protocol, host } = window.location;
  const secret = shareSecret();
  const url = `${protocol === "https:" ? "wss" : "ws"}://${host}/api/live`;
  return secret === null ? url : `${url}?share=${encodeURIComponent(secret)}`;
}
