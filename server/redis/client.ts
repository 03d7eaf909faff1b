import { Redis, ReplyError } from "ioredis";
import { knowSecret } from "../errors/known-secrets.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "./endpoint.ts";
import { authError, isProtocolError, toTributaryError } from "./reply-error.ts";

export { toTributaryError } from "./reply-error.ts";

export type ClientOptions = {
  /** How messages call the server: "the destination" or e.g. "shard alpha-1". */
  readonly role: string;
  /** ms for all of connecting, AUTH, PING and SELECT; 5000 when not given. */
  readonly timeoutMs?: number;
  /** ms for each later command, whose failure is then CONNECT_TIMEOUT; 30,000 when not given. */
  readonly commandTimeoutMs?: number;
  /** The name in CLIENT LIST; a server that refuses it is used without. */
  readonly connectionName?: string;
  /** Overrides the endpoint's database; 0 where neither names one. */
  readonly db?: number;
  readonly signal?: AbortSignal;
};

/**
 * One connection to a Redis or Valkey from 2.8 on, in RESP2, that is authenticated, has answered PING and has
 * its database selected. It never reconnects by itself: once it is closed its commands fail and the owner
 * opens another. The owner ends it with `disconnect()`.
 * @throws TributaryError CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_FAILED, TLS_FAILED, AUTH_REQUIRED,
 * AUTH_FAILED, SERVER_LOADING, NOT_REDIS, DATABASE_MISSING; the signal's reason when it is aborted.
 */
export async function openClient(endpoint: RedisEndpoint, options: ClientOptions): Promise<Redis> {
  const { signal, timeoutMs = 5000 } = options;
  signal?.throwIfAborted();
  const context = { role: options.role, address: formatAddress(endpoint) };
  // AUTH, SELECT and the ready check are done here and not by ioredis: it would hide why they fail, and its
  // check by INFO fails for an ACL user that may not call INFO.
  const redis = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    ...(endpoint.tls ? { tls: {} } : {}),
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    retryStrategy: null,
    disableClientInfo: true,
    connectTimeout: timeoutMs,
    // A peer that is gone without a word must not be waited for: commands end, and the kernel asks after it.
    commandTimeout: options.commandTimeoutMs ?? 30_000,
    keepAlive: 15_000,
  });
  // An 'error' event without a listener would end the process. What it says reaches the callers of commands.
  let lastError: Error | null = null;
  redis.on("error", (error: Error) => {
    lastError = error;
  });

  let giveUp: (reason: unknown) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const timer = setTimeout(() => {
    const seconds = timeoutMs / 1000;
    // A Redis without TLS takes the client's hello for the start of a command and waits for its end.
    const noHandshake = endpoint.tls && redis.status === "connecting" && redis.stream?.connecting === false;
    giveUp(
      noHandshake
        ? new TributaryError("TLS_FAILED", { ...context, detail: `no handshake within ${seconds} s` })
        : new TributaryError("CONNECT_TIMEOUT", { ...context, seconds }),
    );
  }, timeoutMs);
  const onAbort = () => giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([enter(redis, endpoint, options, context), givenUp]);
    return redis;
  } catch (error) {
    dropClient(redis);
    if (signal?.aborted) throw signal.reason;
    if (error instanceof TributaryError) throw error;
    throw connectError(lastError ?? error, endpoint, context, timeoutMs);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Ends a connection at once, whatever its peer does: commands that wait for an answer fail. */
export function dropClient(redis: Redis): void {
  redis.disconnect();
  // A peer that hangs does not answer the end of the connection either; ioredis would give it 2 s.
  redis.stream?.destroy();
}

type Context = { readonly role: string; readonly address: string };

async function enter(redis: Redis, endpoint: RedisEndpoint, options: ClientOptions, context: Context) {
  await redis.connect();
  if (endpoint.password !== null) await authenticate(redis, endpoint, context, endpoint.password);
  await ping(redis, context);
  const db = options.db ?? endpoint.db ?? 0;
  if (db !== 0) await select(redis, db, context);
  if (options.connectionName !== undefined) {
    // Refused without +client and unknown before 2.6.9; the name is a convenience.
    await redis.call("CLIENT", "SETNAME", options.connectionName).catch(onlyReplies);
  }
}

async function authenticate(redis: Redis, endpoint: RedisEndpoint, context: Context, password: string) {
  // The default user's name is left out: before 6.0 AUTH takes the password alone.
  const user = endpoint.username === null || endpoint.username === "default" ? [] : [endpoint.username];
  knowSecret(password);
  try {
    await redis.call("AUTH", ...user, password);
  } catch (error) {
    onlyReplies(error);
    const text = messageOf(error);
    // A password that is not needed does no harm: one password is often given for all of a pool's servers.
    if (user.length === 0 && /no password is set|without any password configured/.test(text)) return;
    throw authError(text, context);
  }
}

async function ping(redis: Redis, context: Context) {
  try {
    const reply = await redis.call("PING");
    if (reply !== "PONG") {
      throw new TributaryError("NOT_REDIS", { ...context, detail: "it does not answer PING with PONG" });
    }
  } catch (error) {
    onlyReplies(error);
    const mapped = toTributaryError(error, { ...context, command: "PING" });
    // An ACL without +ping, a renamed PING, a replica without its master, a long script: it is a Redis.
    if (passable.test(mapped.code)) return;
    throw mapped;
  }
}

const passable = /_DENIED$|_BUSY$|^SOURCE_NOT_READY$|^INTERNAL$/;

async function select(redis: Redis, db: number, context: Context) {
  try {
    await redis.call("SELECT", db);
  } catch (error) {
    onlyReplies(error);
    if (!noSuchDatabase.test(messageOf(error))) {
      throw toTributaryError(error, { ...context, command: "SELECT" });
    }
    throw new TributaryError("DATABASE_MISSING", { ...context, db, count: await countDatabases(redis, db) });
  }
}

const noSuchDatabase = /out of range|invalid DB index|not allowed in cluster mode/i;

/** How many databases a server has; Infinity where it does not say. Another one is selected afterwards. */
export async function databaseCount(redis: Redis): Promise<number> {
  const many = 65_536;
  const refusal = await redis.call("SELECT", many - 1).then(
    () => "",
    (error: unknown) => {
      onlyReplies(error);
      return messageOf(error);
    },
  );
  return noSuchDatabase.test(refusal) ? await countDatabases(redis, many - 1) : Number.POSITIVE_INFINITY;
}

/** How many databases there are, all below `missing`; by bisection, since CONFIG is often forbidden. */
export async function countDatabases(redis: Redis, missing: number): Promise<number> {
  let exists = 0;
  let absent = missing;
  while (absent - exists > 1) {
    const middle = (exists + absent) >> 1;
    const there = await redis.call("SELECT", middle).then(
      () => true,
      (error: unknown) => {
        onlyReplies(error);
        return false;
      },
    );
    if (there) exists = middle;
    else absent = middle;
  }
  return exists + 1;
}

/** Lets an error reply pass and throws on what is not one: a broken connection is no answer. */
/** For `catch`: what the server answered is dealt with by the caller, what broke the connection is thrown on. */
export function onlyReplies(error: unknown): null {
  if (!(error instanceof ReplyError)) throw error;
  return null;
}

function connectError(error: unknown, endpoint: RedisEndpoint, context: Context, timeoutMs: number) {
  const text = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (isProtocolError(text)) {
    // A TLS port answers plain text with an alert record, whose first byte is 0x15.
    return /^Unknown RESP type 21 /.test(text)
      ? new TributaryError("TLS_FAILED", { ...context, detail: "that port speaks TLS only" })
      : new TributaryError("NOT_REDIS", { ...context, detail: "its answer is not RESP" });
  }
  if (code === "ETIMEDOUT") {
    return new TributaryError("CONNECT_TIMEOUT", { ...context, seconds: timeoutMs / 1000 });
  }
  if (endpoint.tls && !/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EACCES)$/.test(code)) {
    return new TributaryError("TLS_FAILED", { ...context, detail: tlsDetail(text, code) });
  }
  const mapped = toTributaryError(error, context);
  if (mapped.code === "SOURCE_LINK_LOST" || mapped.code === "DESTINATION_LINK_LOST") {
    return new TributaryError("CONNECT_FAILED", {
      ...context,
      detail: "it closed the connection without an answer",
    });
  }
  return mapped;
}

function tlsDetail(text: string, code: string): string {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || /wrong version number|packet length too long/.test(text)) {
    return "that port does not speak TLS";
  }
  return code === "" || text.includes(code) ? text : `${text} (${code})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
