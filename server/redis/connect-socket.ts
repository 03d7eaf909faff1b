import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { TributaryError } from "../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "./endpoint.ts";
import { type BytesHandler, RedisSocket } from "./redis-socket.ts";

export { RedisSocket } from "./redis-socket.ts";

export type ConnectSocketOptions = {
  /** How messages call the peer: "the destination" or e.g. "shard alpha-1". */
  readonly role: string;
  /** ms until the connection, TLS included, must stand. */
  readonly timeoutMs: number;
  /** Gives up connecting, and destroys the socket when it is aborted later. */
  readonly signal?: AbortSignal;
  /** ms of silence after which the kernel probes whether the peer is alive; 15,000 when not given. */
  readonly keepAliveMs?: number;
  /** May also be set later; nothing is read before. */
  readonly onBytes?: BytesHandler;
  /** Bytes of one read of a plain socket at most; 256 KiB when not given. */
  readonly readBufferBytes?: number;
};

/** Reads of a plain socket land in a buffer of this size, without an allocation for each. */
const usualReadBufferBytes = 256 * 1024;

/**
 * Opens a connection to a Redis, with or without TLS, and says nothing on it yet.
 * @throws TributaryError CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_FAILED, TLS_FAILED; the signal's reason
 * when it is aborted.
 */
export function connectSocket(endpoint: RedisEndpoint, options: ConnectSocketOptions): Promise<RedisSocket> {
  const { role, signal, timeoutMs } = options;
  const address = formatAddress(endpoint);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let forwarder: RedisSocket | null = null;
    const socket = endpoint.tls
      ? openTls(endpoint)
      : openPlain(endpoint, options.readBufferBytes, (chunk) => forwarder?.take(chunk));
    socket.pause();
    let reached = false;

    const fail = (error: unknown) => {
      stopWaiting();
      // What the dying socket still says is of no interest, but unheard it would end the process.
      socket.on("error", () => {});
      socket.destroy();
      signal?.removeEventListener("abort", onAbort);
      reject(error);
    };
    const onError = (error: Error) =>
      fail(connectError(error, reached && endpoint.tls, role, address, timeoutMs));
    const onEnd = () => onError(new Error("it closed the connection"));
    const onReached = () => {
      reached = true;
    };
    const onAbort = () => (forwarder === null ? fail(signal?.reason) : forwarder.destroy());
    const timer = setTimeout(() => fail(timeoutError(reached, role, address, timeoutMs)), timeoutMs);
    const stopWaiting = () => {
      clearTimeout(timer);
      socket.off("error", onError).off("close", onEnd).off("connect", onReached);
    };
    const onReady = () => {
      stopWaiting();
      socket.setNoDelay(true);
      socket.setKeepAlive(true, options.keepAliveMs ?? 15_000);
      const opened = new RedisSocket(socket, role, address);
      forwarder = opened;
      if (endpoint.tls) socket.on("data", (chunk: Buffer) => opened.take(chunk));
      opened.setOnBytes(options.onBytes ?? null);
      void opened.closed.then(() => signal?.removeEventListener("abort", onAbort));
      resolve(opened);
    };
    socket.once("connect", onReached);
    socket.once("error", onError);
    socket.once("close", onEnd);
    socket.once(endpoint.tls ? "secureConnect" : "connect", onReady);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function openPlain(
  endpoint: RedisEndpoint,
  readBufferBytes = usualReadBufferBytes,
  take: BytesHandler,
): Socket {
  return connectTcp({
    host: endpoint.host,
    port: endpoint.port,
    onread: {
      buffer: new Uint8Array(readBufferBytes),
      callback: (length: number, buffer: Uint8Array) => {
        take(buffer.subarray(0, length));
        return true;
      },
    },
  });
}

function openTls(endpoint: RedisEndpoint): Socket {
  return connectTls({
    host: endpoint.host,
    port: endpoint.port,
    // A name for SNI only: an address is not allowed there (RFC 6066).
    ...(isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
  });
}

function timeoutError(reached: boolean, role: string, address: string, timeoutMs: number): TributaryError {
  const seconds = timeoutMs / 1000;
  // A Redis without TLS takes the client's hello for the start of a command and waits for its end.
  return reached
    ? new TributaryError("TLS_FAILED", { role, address, detail: `no handshake within ${seconds} s` })
    : new TributaryError("CONNECT_TIMEOUT", { role, address, seconds });
}

function connectError(error: Error, inTls: boolean, role: string, address: string, timeoutMs: number) {
  // A name with several addresses fails with one AggregateError, whose message is empty.
  const code = "code" in error ? String(error.code) : "";
  const detail = error.message === "" ? code : error.message.replace(/\s*\.?\s*$/, "");
  if (inTls) return new TributaryError("TLS_FAILED", { role, address, detail: tlsDetail(detail, code) });
  if (code === "ECONNREFUSED") return new TributaryError("CONNECT_REFUSED", { role, address });
  if (code === "ETIMEDOUT") {
    return new TributaryError("CONNECT_TIMEOUT", { role, address, seconds: timeoutMs / 1000 });
  }
  return new TributaryError("CONNECT_FAILED", { role, address, detail });
}

function tlsDetail(detail: string, code: string): string {
  if (/wrong version number|packet length too long/i.test(detail)) return "that port does not speak TLS";
  return code === "" || detail.includes(code) ? detail : `${detail} (${code})`;
}
