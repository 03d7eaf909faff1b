import { createTRPCClient, createWSClient, httpLink, splitLink, wsLink } from "@trpc/client";
import type { AppRouter } from "@/server/api/router";
import { LiveLink } from "./live-link";
import { shareSecret } from "./share-secret";

/** The client of the server's API, and whether the server is heard. */
export type ServerLine = {
  readonly link: LiveLink;
  readonly client: ReturnType<typeof createTRPCClient<AppRouter>>;
};

let kept: ServerLine | null = null;

/**
 * Queries and mutations go over HTTP, subscriptions over one WebSocket that reconnects by itself. A browser has one such
 * line for a whole page: React may begin a page's first render many times before it keeps one, and each would leave a
 * socket behind that reconnects for ever.
 * @param live whether there is anything to hear: before the login there is not.
 */
export function serverLine(live: boolean): ServerLine {
  // While the server renders there is nothing to subscribe to (and Node 20 has no WebSocket).
  if (typeof window === "undefined" || !live) return openQuiet();
  kept ??= openLive();
  return kept;
}

function openQuiet(): ServerLine {
  return { link: new LiveLink(), client: createTRPCClient<AppRouter>({ links: [overHttp()] }) };
}

function openLive(): ServerLine {
  const link = new LiveLink();
  const socket = createWSClient({
    url: liveUrl,
    // Half-open connections (sleep, a changed network) are found by pings that stay without a pong.
    keepAlive: { enabled: true, intervalMs: 5_000, pongTimeoutMs: 4_000 },
    retryDelayMs: (attempt) => (attempt === 0 ? 0 : Math.min(5_000, 250 * 2 ** attempt)),
    onOpen: () => link.set(true, Date.now()),
    onClose: () => link.set(false, Date.now()),
    onError: () => link.set(false, Date.now()),
  });
  const client = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: wsLink<AppRouter>({ client: socket }),
        false: overHttp(),
      }),
    ],
  });
  return { link, client };
}

function overHttp() {
  return httpLink<AppRouter>({ url: "/api/trpc" });
}

/** A share link's page is heard as the link's holder, whoever has signed in besides. */
function liveUrl(): string {
  const { protocol, host } = window.location;
  const secret = shareSecret();
  const url = `${protocol === "https:" ? "wss" : "ws"}://${host}/api/live`;
  return secret === null ? url : `${url}?share=${encodeURIComponent(secret)}`;
}
