import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { AbstractConnector, Redis, ReplyError } from "ioredis";
import { knowSecret } from "../errors/known-secrets.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { connectSocket } from "./connect-socket.ts";
import { formatAddress, type RedisEndpoint } from "./endpoint.ts";
import { FilteredStream } from "./filtered-stream.ts";
import { allowOnlyHarmless } from "./harmless-commands.ts";
import { authError, COMMAND_MS, toTributaryError } from "./reply-error.ts";

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
  /** Bytes that an answer may have whose length depends on data; 16 MiB when not given. A longer one ends the client. */
  readonly answerBytes?: number;
  /** Only what harmless-commands.ts lists may be sent: the server is looked at. */
  readonly looksOnly?: boolean;
  /** Gives up opening, and ends the client when it is aborted later. */
  readonly signal?: AbortSignal;
  /** Integers are answered as text: past 2^53 a number is not exact. */
  readonly stringNumbers?: boolean;
};

const ANSWER_BYTES = 16 * 1024 * 1024;
/** Conversations are of few words: what comes in many bytes comes in several reads. */
const READ_BUFFER_BYTES = 16 * 1024;
/** The socket's own time limit says better what was waited for. */
const BEHIND_SOCKET_MS = 20;
/** ms that a connection may take to send its last bytes. */
const DISCONNECT_MS = 2000;

/**
 * One connection to a Redis or Valkey from 2.8 on, in RESP2, that is authenticated, has answered PING and has
 * its database selected. It never reconnects by itself: once it is closed its commands fail and the owner
 * opens another. The owner ends it with `disconnect()`. What the server says is looked at before ioredis reads it: an
 * answer that no Redis gives ends the connection, and the commands that wait fail with ANSWER_REFUSED.
 * @throws TributaryError CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_FAILED, TLS_FAILED, AUTH_REQUIRED,
 * AUTH_FAILED, SERVER_LOADING, NOT_REDIS, DATABASE_MISSING; the signal's reason when it is aborted.
 */
export async function openClient(endpoint: RedisEndpoint, options: ClientOptions): Promise<Redis> {
  const { signal, timeoutMs = 5000 } = options;
  signal?.throwIfAborted();
  const context = { role: options.role, address: formatAddress(endpoint) };
  const opening = new AbortController();
  const onAbort = () => opening.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => {
    opening.abort(new TributaryError("CONNECT_TIMEOUT", { ...context, seconds: timeoutMs / 1000 }));
  }, timeoutMs + BEHIND_SOCKET_MS);
  let redis: Redis | null = null;
  // An 'error' event without a listener would end the process.
  let lastError: Error | null = null;
  const stopped = new Promise<never>((_, reject) => {
    opening.signal.addEventListener("abort", () => reject(opening.signal.reason), { once: true });
  });
  stopped.catch(() => {});
  try {
    const connecting = connectSocket(endpoint, {
      role: options.role,
      timeoutMs,
      signal: opening.signal,
      readBufferBytes: READ_BUFFER_BYTES,
    });
    const stream = new FilteredStream(await connecting, options.answerBytes ?? ANSWER_BYTES);
    const client = clientOver(stream, endpoint, options);
    redis = client;
    client.on("error", (error: Error) => {
      lastError = error;
      // Those that wait for an answer are to hear why there is none: ioredis says only that the connection is closed.
      if (error instanceof TributaryError) (client as unknown as Flushable).flushQueue(error);
    });
    await Promise.race([enter(client, endpoint, options, context), stopped]);
    endWith(client, signal);
    return client;
  } catch (error) {
    if (redis !== null) dropClient(redis);
    if (signal?.aborted) throw signal.reason;
    if (opening.signal.aborted) throw opening.signal.reason;
    throw openingError(error instanceof TributaryError ? error : (lastError ?? error), context);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** What ioredis has and does not declare. */
type Flushable = { flushQueue(error: Error): void };

/** ioredis over a connection that stands already. */
function clientOver(stream: FilteredStream, endpoint: RedisEndpoint, options: ClientOptions): Redis {
  class Connector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_MS);
    }

    override async connect(): Promise<Socket> {
      // It has all of a socket that ioredis uses.
      this.stream = stream as unknown as Socket;
      return this.stream as Socket;
    }
  }
  // AUTH, SELECT and the ready check are done here and not by ioredis: it would hide why they fail, and its
  // check by INFO fails for an ACL user that may not call INFO.
  const redis = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    Connector,
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    retryStrategy: null,
    disableClientInfo: true,
    // A peer that is gone without a word must not be waited for: commands end, and the kernel asks after it.
    commandTimeout: options.commandTimeoutMs ?? COMMAND_MS,
    stringNumbers: options.stringNumbers ?? false,
  });
  if (options.looksOnly === true) allowOnlyHarmless(redis);
  return redis;
}

/** What waits for an answer when the signal is aborted waits no longer: a peer that hangs must not hold up an end. */
function endWith(client: Redis, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  // As many clients end with one signal as there are servers and connections to them.
  setMaxListeners(0, signal);
  const drop = () => dropClient(client);
  signal.addEventListener("abort", drop, { once: true });
  client.once("end", () => signal.removeEventListener("abort", drop));
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

function openingError(error: unknown, context: Context): TributaryError {
  const mapped = toTributaryError(error, context);
  if (mapped.code === "SOURCE_LINK_LOST" || mapped.code === "DESTINATION_LINK_LOST") {
    const detail = "it closed the connection without an answer";
    return new TributaryError("CONNECT_FAILED", { ...context, detail });
  }
  if (mapped.code !== "ANSWER_REFUSED") return mapped;
  return new TributaryError("NOT_REDIS", { ...context, detail: mapped.details.detail });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
