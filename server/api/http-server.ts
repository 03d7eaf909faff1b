import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { TributaryError } from "../errors/tributary-error.ts";
import { downloadsPath, sendFindings } from "./finding-download.ts";
import { LiveLimits } from "./live-limits.ts";
import { isApi, type RequestGuard } from "./request-guard.ts";
import { appRouter } from "./router.ts";
import { secureAnswer, securePage } from "./security-headers.ts";
import type { ApiContext, ApiServices } from "./trpc.ts";

export type Pages = {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /** Upgrades that are not the API's: hot reload in development. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

export type HttpServerOptions = {
  readonly services: ApiServices;
  readonly guard: RequestGuard;
  readonly pages: Pages;
  /** Development: the pages may take upgrades (hot reload) and evaluate what was compiled. */
  readonly dev?: boolean;
  /** ms until a request must have come in whole; 30,000 when not given. */
  readonly requestTimeoutMs?: number;
  /** Hears of errors that are no answer to the user's input. */
  readonly onError: (error: Error, path: string | undefined) => void;
};

const trpcPath = "/api/trpc/";
const livePath = "/api/live";

/** Bytes: a task of a thousand shards with long passwords, written as JSON. */
const mostOfRequest = 1024 * 1024;
/** Bytes: to subscribe takes a hundred. */
const mostOfMessage = 4 * 1024;
const mostConnections = 1_024;

/**
 * The one HTTP server: queries and mutations below /api/trpc, subscriptions on the WebSocket /api/live, the
 * health at /api/health, files of findings below /api/verifications, pages for the rest. `close` ends what is open within a second.
 */
export function createHttpServer(options: HttpServerOptions): { server: Server; close: () => Promise<void> } {
  const { services, guard, pages, dev = false, requestTimeoutMs = 30_000 } = options;
  const live = new LiveLimits();
  const onError = ({ error, path }: { error: Error & { code: string }; path: string | undefined }) => {
    if (error.code === "INTERNAL_SERVER_ERROR") options.onError(error, path);
  };

  // How often Node looks for requests that are late.
  const connectionsCheckingInterval = Math.min(5_000, requestTimeoutMs);
  const server = createServer({ connectionsCheckingInterval }, (request, response) => {
    const path = pathOf(request);
    if (isApi(request)) secureAnswer(response);
    else securePage(request, response, dev);
    try {
      guard.check(request);
    } catch (error) {
      return refuse(response, error);
    }
    if (path === "/api/health") return answer(response, 200, { ok: true });
    if (path.startsWith(downloadsPath)) {
      return void sendFindings(services.control, request, response).catch((error: Error) => {
        options.onError(error, path);
        response.destroy();
      });
    }
    if (path.startsWith(trpcPath)) {
      return void nodeHTTPRequestHandler({
        router: appRouter,
        createContext: () => ({ ...services, from: addressOf(request), live, socket: null }),
        req: request,
        res: response,
        path: path.slice(trpcPath.length),
        maxBodySize: mostOfRequest,
        // One request, one call: what a call costs is bounded by the number of requests.
        allowBatching: false,
        onError,
      });
    }
    pages.request(request, response);
  });
  // A Redis behind a test of many shards may take long to answer; a browser never takes long to ask.
  server.headersTimeout = Math.min(10_000, requestTimeoutMs);
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = mostConnections;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostOfMessage });
  const subscriptions = applyWSSHandler({
    wss: sockets,
    router: appRouter,
    createContext: ({ req, res }): ApiContext => {
      const socket = { views: 0, unread: () => res.bufferedAmount };
      return { ...services, from: addressOf(req), live, socket };
    },
    keepAlive: { enabled: true, pingMs: 10_000, pongWaitMs: 5_000 },
    onError,
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    // What is refused is closed at once, whether its other end closes or not.
    const deny = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
    try {
      guard.check(request);
    } catch {
      return deny("403 Forbidden");
    }
    const path = pathOf(request);
    if (path !== livePath)
      return dev && path.startsWith("/_next/") ? pages.upgrade(request, socket, head) : deny("404 Not Found");
    if (!live.admits(sockets.clients.size)) return deny("503 Service Unavailable");
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request));
  });

  const close = async () => {
    subscriptions.broadcastReconnectNotification();
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

/** Who has sent a request, as events name them. */
function addressOf(request: IncomingMessage): string | null {
  return request.socket.remoteAddress ?? null;
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
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
