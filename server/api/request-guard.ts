import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { TributaryError } from "../errors/tributary-error.ts";

export type RequestGuard = {
  /** @throws TributaryError HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED, CONTENT_TYPE_NOT_ALLOWED */
  check(request: IncomingMessage): void;
};

/**
 * Keeps other sites' pages from using the browser of someone who runs Tributary: a foreign name that was made
 * to resolve to this machine (DNS rebinding) fails at the Host header, a form or fetch from another site at
 * the Origin header or at the content type, which a simple cross-site request cannot set to JSON.
 * @param options.host where the server listens. @param options.allowed further host names, as behind a proxy.
 */
export function requestGuard(options: { host: string; allowed: readonly string[] }): RequestGuard {
  const names = new Set([
    "localhost",
    "127.0.0.1",
    "[::1]",
    ...options.allowed.map((name) => name.toLowerCase()),
  ]);
  const everywhere = options.host === "0.0.0.0" || options.host === "::";
  if (everywhere) names.add(hostname().toLowerCase());
  else names.add(isIP(options.host) === 6 ? `[${options.host}]` : options.host.toLowerCase());
  // Rebinding needs a name: a bare IP address in Host is what the user typed.
  const isAllowed = (name: string) =>
    names.has(name) || (everywhere && isIP(name.replace(/^\[|\]$/g, "")) !== 0);

  return {
    check: (request) => {
      const host = request.headers.host?.toLowerCase() ?? "";
      const name = nameOf(host);
      if (!isAllowed(name)) throw new TributaryError("HOST_NOT_ALLOWED", { host: name || "(none)" });
      const isRead = request.method === "GET" || request.method === "HEAD";
      const isUpgrade = request.headers.upgrade !== undefined;
      if (isRead && !isUpgrade) return;
      const { origin } = request.headers;
      // Browsers always send it with what is guarded here; programs such as curl send none.
      if (origin !== undefined && originHost(origin) !== host) {
        throw new TributaryError("ORIGIN_NOT_ALLOWED", { origin });
      }
      if (isUpgrade || !isApi(request)) return;
      const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
      if (type !== "application/json")
        throw new TributaryError("CONTENT_TYPE_NOT_ALLOWED", { type: type || "none" });
    },
  };
}

/** Paths of the API that lie where probes and Prometheus look for them. */
const wellKnown = ["/healthz", "/readyz", "/metrics"];

export function isApi(request: IncomingMessage): boolean {
  const [path = ""] = (request.url ?? "").split("?");
  return path.startsWith("/api/") || wellKnown.includes(path);
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

function originHost(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
