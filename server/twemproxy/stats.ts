import { connect } from "node:net";
import { TributaryError } from "../errors/tributary-error.ts";
import { formatAddress } from "../redis/endpoint.ts";
import { toTributaryError } from "../redis/reply-error.ts";

/** What nutcracker counts of one server of a pool (twemproxy: nc_stats.h STATS_SERVER_CODEC). */
export type NutcrackerServerStats = {
  readonly name: string;
  readonly eof: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly connections: number;
  /** ms since the epoch of the last time it was ejected; null for never. */
  readonly ejectedAt: number | null;
  readonly requests: number;
  readonly requestBytes: number;
  readonly responses: number;
  readonly responseBytes: number;
  readonly inQueue: number;
  readonly inQueueBytes: number;
  readonly outQueue: number;
  readonly outQueueBytes: number;
};

/** What nutcracker counts of one pool (twemproxy: nc_stats.h STATS_POOL_CODEC). */
export type NutcrackerPoolStats = {
  readonly name: string;
  readonly clientEof: number;
  readonly clientErrors: number;
  readonly clientConnections: number;
  /** Above zero, keys were written to other shards than their owner's: stale duplicates are likely. */
  readonly serverEjects: number;
  readonly forwardErrors: number;
  readonly fragments: number;
  readonly servers: readonly NutcrackerServerStats[];
};

export type NutcrackerStats = {
  readonly version: string;
  readonly source: string;
  /** Seconds since its start. */
  readonly uptime: number;
  /** ms since the epoch, by nutcracker's clock. */
  readonly at: number;
  readonly totalConnections: number;
  readonly currentConnections: number;
  readonly pools: readonly NutcrackerPoolStats[];
};

/** The pools and servers of a nutcracker.yml that is read (64 KiB) stay below. */
const maxBytes = 1024 * 1024;

/**
 * Reads nutcracker's statistics, which it sends as one JSON document to whoever connects and then hangs up.
 * They are aggregated over its interval (30 s by default), so that they lag behind by as much.
 * @param options.timeoutMs for all of it; 5000 when not given.
 * @throws TributaryError CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_FAILED; the signal's reason.
 */
export async function readNutcrackerStats(
  target: { readonly host: string; readonly port: number },
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<NutcrackerStats> {
  const { timeoutMs = 5000, signal } = options;
  const context = { role: "the statistics port", address: formatAddress(target) };
  let text: string;
  try {
    text = await readAll(target, timeoutMs, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error === timedOut) {
      throw new TributaryError("CONNECT_TIMEOUT", { ...context, seconds: timeoutMs / 1000 });
    }
    const mapped = toTributaryError(error, context);
    if (mapped.code === "CONNECT_REFUSED") throw mapped;
    throw new TributaryError("CONNECT_FAILED", { ...context, detail: (error as Error).message });
  }
  const stats = parseNutcrackerStats(text);
  if (stats !== null) return stats;
  throw new TributaryError("CONNECT_FAILED", {
    ...context,
    detail: "its answer is not nutcracker's statistics",
  });
}

/** null for what is not nutcracker's document. A counter that is missing (older versions) is 0. */
export function parseNutcrackerStats(text: string): NutcrackerStats | null {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(document) || document.service !== "nutcracker") return null;
  return {
    version: string(document, "version"),
    source: string(document, "source"),
    uptime: counter(document, "uptime"),
    at: counter(document, "timestamp") * 1000,
    totalConnections: counter(document, "total_connections"),
    currentConnections: counter(document, "curr_connections"),
    pools: objectsOf(document).map(([name, pool]) => ({
      name,
      clientEof: counter(pool, "client_eof"),
      clientErrors: counter(pool, "client_err"),
      clientConnections: counter(pool, "client_connections"),
      serverEjects: counter(pool, "server_ejects"),
      forwardErrors: counter(pool, "forward_error"),
      fragments: counter(pool, "fragments"),
      servers: objectsOf(pool).map(([server, counters]) => serverStats(server, counters)),
    })),
  };
}

function serverStats(name: string, counters: Record<string, unknown>): NutcrackerServerStats {
  const ejectedMicroseconds = counter(counters, "server_ejected_at");
  return {
    name,
    eof: counter(counters, "server_eof"),
    errors: counter(counters, "server_err"),
    timeouts: counter(counters, "server_timedout"),
    connections: counter(counters, "server_connections"),
    ejectedAt: ejectedMicroseconds === 0 ? null : Math.floor(ejectedMicroseconds / 1000),
    requests: counter(counters, "requests"),
    requestBytes: counter(counters, "request_bytes"),
    responses: counter(counters, "responses"),
    responseBytes: counter(counters, "response_bytes"),
    inQueue: counter(counters, "in_queue"),
    inQueueBytes: counter(counters, "in_queue_bytes"),
    outQueue: counter(counters, "out_queue"),
    outQueueBytes: counter(counters, "out_queue_bytes"),
  };
}

const timedOut = new Error("timed out");

function readAll(
  target: { readonly host: string; readonly port: number },
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.port });
    const fail = (error: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(fail, timeoutMs, timedOut);
    const onAbort = () => fail(signal?.reason);
    if (signal?.aborted) return fail(signal.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const chunks: Buffer[] = [];
    let length = 0;
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) fail(new Error("its answer does not end"));
    });
    socket.on("error", fail);
    socket.on("end", () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString());
    });
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectsOf(value: Record<string, unknown>): [string, Record<string, unknown>][] {
  return Object.entries(value).filter((entry): entry is [string, Record<string, unknown>] =>
    isObject(entry[1]),
  );
}

function string(value: Record<string, unknown>, name: string): string {
  const found = value[name];
  return typeof found === "string" ? found : "";
}

function counter(value: Record<string, unknown>, name: string): number {
  const found = value[name];
  return typeof found === "number" && Number.isSafeInteger(found) ? found : 0;
}
