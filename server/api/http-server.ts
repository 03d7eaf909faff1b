import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { TributaryError } from "../errors/tributary-error.ts";
import type { RequestGuard } from "./request-guard.ts";
import { appRouter } from "./router.ts";
import type { ApiContext } from "./trpc.ts";

export type Pages = {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /** Upgrades that are not the API's: hot reload in development. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

export type HttpServerOptions = {
  readonly context: Omit<ApiContext, "from">;
  readonly guard: RequestGuard;
  readonly pages: Pages;
  /** Hears of errors that are no answer to the user's input. */
  readonly onError: (error: Error, path: string | undefined) => void;
};

const trpcPath = "/api/trpc/";
const livePath = "/api/live";

/**
 * The one HTTP server: queries and mutations below /api/trpc, subscriptions on the WebSocket /api/live, the
 * health at /api/health, pages for the rest. `close` ends what is open within a second.
 */
export function createHttpServer(options: HttpServerOptions): { server: Server; close: () => Promise<void> } {
  const { context, guard, pages } = options;
  const createContext = ({ req }: { req: IncomingMessage }): ApiContext => ({
    ...context,
    from: req.socket.remoteAddress ?? null,
  });
  const onError = ({ error, path }: { error: Error & { code: string }; path: string | undefined }) => {
    if (error.code === "INTERNAL_SERVER_ERROR") options.onError(error, path);
  };

  const server = createServer((request, response) => {
    const path = pathOf(request);
    try {
      guard.check(request);
    } catch (error) {
      return refuse(response, error);
    }
    if (path === "/api/health") return answer(response, 200, { ok: true });
    if (path.startsWith(trpcPath)) {
      return void nodeHTTPRequestHandler({
        router: appRouter,
        createContext,
        req: request,
        res: response,
        path: path.slice(trpcPath.length),
        maxBodySize: 4 * 1024 * 1024,
        onError,
      });
    }
    pages.request(request, response);
  });
  // A Redis behind a test of many shards may take long to answer, a browser never does.
  server.headersTimeout = 10_000;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  const live = applyWSSHandler({
    wss: sockets,
    router: appRouter,
    createContext,
    keepAlive: { enabled: true, pingMs: 10_000, pongWaitMs: 5_000 },
    onError,
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    try {
      guard.check(request);
    } catch {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    if (pathOf(request) !== livePath) return pages.upgrade(request, socket, head);
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request));
  });

  const close = async () => {
    live.broadcastReconnectNotification();
    for (const client of sockets.clients) client.close(1001);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    // A closed socket that does not answer, a page that is still being rendered: they do not hold up the end.
    const timer = setTimeout(() => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
    }, 500);
    await closed;
    clearTimeout(timer);
    sockets.close();
  };
  return { server, close };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0]!;
}

function refuse(response: ServerResponse, error: unknown): void {
  if (!(error instanceof TributaryError)) throw error;
  const reason = error.toPlain();
  const status = error.code === "CONTENT_TYPE_NOT_ALLOWED" ? 415 : 403;
  answer(response, status, { error: { message: reason.message, data: { httpStatus: status, reason } } });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
