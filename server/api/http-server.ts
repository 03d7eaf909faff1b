import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { type WebSocket, WebSocketServer } from "ws";
import { TributaryError, toReason } from "../errors/tributary-error.ts";
import { type Asker, type Route, refusalOf, routeOf, routes } from "./access.ts";
import { askerOf, isStill, loggedPath } from "./asker.ts";
import { exportAudit } from "./audit-export.ts";
import { signIn, signOut } from "./auth-routes.ts";
import { type Client, clientReader } from "./client-address.ts";
import { sendFindings } from "./finding-download.ts";
import { LiveLimits } from "./live-limits.ts";
import { sendMetrics } from "./metrics-route.ts";
import { redirectOf } from "./page-gate.ts";
import { PageVisits } from "./page-visits.ts";
import { isApi, type RequestGuard } from "./request-guard.ts";
import { appRouter } from "./router.ts";
import { secureAnswer, securePage } from "./security-headers.ts";
import { sendShared, sendStatus, unlockStatus } from "./status-files.ts";
import type { ApiContext, ApiServices } from "./trpc.ts";

export type Pages = {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /** Upgrades that are not the API's: hot reload in development. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

export type HttpServerOptions = {
  readonly services: ApiServices;
  readonly guard: RequestGuard;
  /** Whose X-Forwarded headers are believed; nobody's when not given. */
  readonly clientOf?: (request: IncomingMessage) => Client;
  /** Where pages find who asks for them; their own when not given. */
  readonly visits?: PageVisits;
  readonly pages: Pages;
  /** Development: the pages may take upgrades (hot reload) and evaluate what was compiled. */
  readonly dev?: boolean;
  /** What the server waits for before it is of use, as names for a probe; nothing when not given. */
  readonly notReady?: () => readonly string[];
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

/** ms between two looks at whether those who hold an open socket may still. */
const SOCKETS_CHECKED_EVERY = 1_000;
/** The code of a WebSocket that is closed since its session or token has ended, or changed its role. */
const NO_LONGER_ALLOWED = 4401;

/**
 * The one HTTP server: queries and mutations below /api/trpc, subscriptions on the WebSocket /api/live, probes at
 * /healthz and /readyz, Prometheus at /metrics, files of findings below /api/verifications, the status below /api/status
 * and /api/share, pages for the rest. `close` ends what is open within a second.
 */
export function createHttpServer(options: HttpServerOptions): { server: Server; close: () => Promise<void> } {
  const { services, guard, pages, dev = false, requestTimeoutMs = 30_000 } = options;
  const { clientOf = clientReader(""), visits = new PageVisits(), notReady = () => [] } = options;
  const { people } = services;
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
    respond(request, response, path).catch((error: unknown) => {
      if (!(error instanceof TributaryError)) options.onError(error as Error, loggedPath(path));
      if (response.headersSent) response.destroy();
      else refuse(response, error);
    });
  });

  const credentialsOf = (request: IncomingMessage) => {
    const { cookie, authorization } = request.headers;
    return { cookie, authorization, ...clientOf(request) };
  };

  async function respond(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const credentials = credentialsOf(request);
    if (credentials.secure) response.setHeader("Strict-Transport-Security", "max-age=31536000");
    if (path.startsWith(trpcPath)) {
      return nodeHTTPRequestHandler({
        router: appRouter,
        createContext: async () =>
          contextOf(await askerOf(people, credentials, request.url ?? "/"), credentials.from),
        req: request,
        res: response,
        path: path.slice(trpcPath.length),
        maxBodySize: mostOfRequest,
        // One request, one call: what a call costs is bounded by the number of requests.
        allowBatching: false,
        onError,
      });
    }
    // Code and pictures of the pages, which are everybody's.
    if (path.startsWith("/_next/")) return pages.request(request, response);
    const asker = await askerOf(people, credentials, request.url ?? "/");
    if (isApi(request)) {
      const name = routeOf(request.method, path);
      if (name === null) throw new TributaryError("ROUTE_UNKNOWN", { path });
      const refusal = refusalOf(routes[name], asker);
      if (refusal !== null)
        throw new TributaryError(refusal, { needed: routes[name].needs, role: asker.identity?.role });
      return handlers[name](request, response, asker);
    }
    const hasPeople = people.login === "off" || people.persons.count() > 0;
    const asksPassword = people.statusPage.passwordHash() !== null;
    const url = request.url ?? "/";
    const to = redirectOf({ url, ...asker, login: people.login, hasPeople, asksPassword });
    if (to !== null) {
      response.writeHead(302, { location: to, "cache-control": "no-store" });
      response.end();
      return;
    }
    visits.enter(request, response, { ...asker, from: credentials.from });
    pages.request(request, response);
  }

  function contextOf(asker: Asker, from: string | null, socket: ApiContext["socket"] = null): ApiContext {
    return { ...services, ...asker, from, live, socket };
  }

  const handlers: Readonly<
    Record<Route, (request: IncomingMessage, response: ServerResponse, asker: Asker) => void | Promise<void>>
  > = {
    "GET /api/health": (_, response) => answer(response, 200, { ok: true }),
    "GET /healthz": (_, response) => answer(response, 200, { ok: true }),
    "GET /readyz": (_, response) => {
      const waitsFor = notReady();
      answer(response, waitsFor.length === 0 ? 200 : 503, { ready: waitsFor.length === 0, waitsFor });
    },
    "GET /metrics": (_, response, asker) => sendMetrics(services, asker, response),
    "POST /api/auth/login": (request, response) => signIn(people, clientOf(request), request, response),
    "POST /api/auth/logout": (request, response) => signOut(people, credentialsOf(request), response),
    "POST /api/auth/status": (request, response) =>
      unlockStatus(people, clientOf(request), request, response),
    "GET /api/audit": (request, response) => exportAudit(people, request, response),
    "GET /api/share/": (request, response, asker) =>
      sendShared(contextOf(asker, null), pathOf(request), response),
    "GET /api/status": (_, response, asker) => sendStatus(contextOf(asker, null), "json", response),
    "GET /api/status/badge.svg": (_, response, asker) =>
      sendStatus(contextOf(asker, null), "badge", response),
    "GET /api/verifications/": (request, response, { identity }) =>
      sendFindings(services, identity, request, response),
  };

  // A Redis behind a test of many shards may take long to answer; a browser never takes long to ask.
  server.headersTimeout = Math.min(10_000, requestTimeoutMs);
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = mostConnections;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostOfMessage });
  const holders = new WeakMap<IncomingMessage, { asker: Asker; from: string | null }>();
  const subscriptions = applyWSSHandler({
    wss: sockets,
    router: appRouter,
    createContext: ({ req, res }): ApiContext => {
      const { asker = { identity: null, guest: null }, from = null } = holders.get(req) ?? {};
      const socket = { views: 0, guest: asker.identity === null, unread: () => res.bufferedAmount };
      return contextOf(asker, from, socket);
    },
    keepAlive: { enabled: true, pingMs: 10_000, pongWaitMs: 5_000 },
    onError,
  });
  const held = new Map<WebSocket, Asker>();
  const watch = setInterval(() => {
    for (const [client, asker] of held) if (!mayStay(asker)) dismiss(client);
  }, SOCKETS_CHECKED_EVERY);
  watch.unref();
  const admits = (guest: boolean) =>
    live.admits([...held.values()].filter(({ identity }) => (identity === null) === guest).length, guest);

  function mayStay(asker: Asker): boolean {
    try {
      return isStill(people, asker);
    } catch (error) {
      // Who cannot be known is let go.
      options.onError(error as Error, livePath);
      return false;
    }
  }

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
    const credentials = credentialsOf(request);
    askerOf(people, credentials, request.url ?? "/").then(
      (asker) => {
        const isGuest = asker.identity === null;
        if (isGuest && asker.guest === null) return deny("401 Unauthorized");
        if (!admits(isGuest)) return deny("503 Service Unavailable");
        holders.set(request, { asker, from: credentials.from });
        sockets.handleUpgrade(request, socket, head, (client) => {
          held.set(client, asker);
          client.once("close", () => held.delete(client));
          sockets.emit("connection", client, request);
        });
      },
      (error: unknown) => {
        options.onError(error as Error, path);
        deny("500 Internal Server Error");
      },
    );
  });

  const close = async () => {
    clearInterval(watch);
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

/** Nothing more is sent to it from now on; one that does not answer the close is cut off. */
function dismiss(client: WebSocket): void {
  client.close(NO_LONGER_ALLOWED, "the session or the token has ended, or its role is another");
  setTimeout(() => client.terminate(), 1_000).unref();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0]!;
}

function refuse(response: ServerResponse, error: unknown): void {
  const reason = toReason(error instanceof TributaryError ? error : new Error("see Tributary's log"));
  const status = statuses[reason.code] ?? (error instanceof TributaryError ? 400 : 500);
  answer(response, status, { error: { message: reason.message, data: { httpStatus: status, reason } } });
}

const statuses: Partial<Record<string, number>> = {
  CONTENT_TYPE_NOT_ALLOWED: 415,
  HOST_NOT_ALLOWED: 403,
  ORIGIN_NOT_ALLOWED: 403,
  LOGIN_REQUIRED: 401,
  LOGIN_FAILED: 401,
  ROLE_TOO_LOW: 403,
  SESSION_REQUIRED: 403,
  ROUTE_UNKNOWN: 404,
  SHARE_LINK_ENDED: 404,
  STATUS_PASSWORD_WRONG: 401,
  TASK_UNKNOWN: 404,
  VERIFICATION_UNKNOWN: 404,
  KEYS_HIDDEN: 403,
  TOO_MANY_LOGINS: 429,
  DATABASE_UNWRITABLE: 503,
  INTERNAL: 500,
};

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
