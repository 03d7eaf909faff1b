import { type Redis, ReplyError } from "ioredis";
import { type PlainReason, reasonOf, type TributaryError, toReason } from "../errors/tributary-error.ts";
import { countDatabases, openClient, toTributaryError } from "../redis/client.ts";
import { formatAddress, type RedisEndpoint } from "../redis/endpoint.ts";
import { parseInfo, type ServerFacts, serverFacts } from "../redis/server-info.ts";
import { isNutcracker } from "./nutcracker-probe.ts";
import type { ServerAnswers } from "./server-answers.ts";

/** ms for connecting, and again for each command. */
export const probeTimeoutMs = 5000;

/** A conversation with one server of the precheck. */
export type Conversation = {
  readonly redis: Redis;
  readonly role: string;
  readonly address: string;
  readonly facts: ServerFacts | null;
  /** Opens a further connection, which the caller closes. */
  open(): Promise<Redis>;
  /** The error of a command as a reason. @throws what is no reply: a broken connection, a time-out. */
  refusal(error: unknown, command: string): PlainReason;
};

export type ProbeOptions = {
  readonly subject: string;
  readonly role: string;
  readonly endpoint: RedisEndpoint;
  /** Names for CONFIG GET; patterns are allowed. */
  readonly settings: readonly string[];
  /** Databases that are looked for. */
  readonly databasesNeeded: () => readonly number[];
  /** What else is asked of this kind of server. */
  readonly more: (
    conversation: Conversation,
  ) => Promise<Partial<Pick<ServerAnswers, "refusals" | "ownKeys" | "neighbors" | "began">>>;
  readonly signal: AbortSignal | undefined;
};

/** A server of which nothing is known but why. */
export function noAnswers(
  known: Pick<ServerAnswers, "subject" | "role" | "address" | "failure">,
): ServerAnswers {
  return {
    ...known,
    facts: null,
    settings: new Map(),
    databaseCount: null,
    refusals: new Map(),
    ownKeys: new Map(),
    neighbors: [],
    began: false,
  };
}

/** Asks a server all that the checks want to know. What fails is in the answers; only an abort is thrown. */
export async function probeServer(options: ProbeOptions): Promise<ServerAnswers> {
  const { endpoint, role, signal } = options;
  const address = formatAddress(endpoint);
  const context = { role, address, seconds: probeTimeoutMs / 1000 };
  const answers = (failure: PlainReason | null, more: Partial<ServerAnswers> = {}): ServerAnswers => ({
    ...noAnswers({ subject: options.subject, role, address, failure }),
    ...more,
  });
  const open = () =>
    openClient(endpoint, {
      role,
      db: 0,
      timeoutMs: probeTimeoutMs,
      commandTimeoutMs: probeTimeoutMs,
      connectionName: "tributary:precheck",
      looksOnly: true,
      ...(signal === undefined ? {} : { signal }),
    });
  let redis: Redis | null = null;
  try {
    redis = await open();
    const facts = await readFacts(redis);
    if (facts?.mode === "sentinel") return answers(reasonOf("IS_SENTINEL", context), { facts });
    if (facts?.loading) return answers(reasonOf("SERVER_LOADING", context), { facts });
    const refusal = (error: unknown, command: string) => {
      if (!isReply(error)) throw error;
      return toTributaryError(error, { ...context, command }).toPlain();
    };
    const more = await options.more({ redis, role, address, facts, open, refusal });
    return answers(null, {
      facts,
      settings: await readSettings(redis, options.settings),
      databaseCount: await missingDatabases(redis, options.databasesNeeded()),
      ...more,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const failure = toTributaryError(error, context);
    if (suspicious.has(failure.code) && (await isNutcracker(endpoint, probeTimeoutMs))) {
      return answers(
        reasonOf(options.subject === "destination" ? "DESTINATION_IS_NUTCRACKER" : "IS_NUTCRACKER", context),
      );
    }
    return answers(toReason(failure));
  } finally {
    redis?.disconnect();
  }
}

/** What a nutcracker looks like to a client that asks it for more than it forwards. */
const suspicious = new Set<string>([
  "AUTH_REQUIRED",
  "AUTH_FAILED",
  "CONNECT_FAILED",
  "NOT_REDIS",
  "SOURCE_LINK_LOST",
  "DESTINATION_LINK_LOST",
] satisfies TributaryError["code"][]);

/** An error that the server sent: not one of the connection or of a time limit. */
export function isReply(error: unknown): boolean {
  return error instanceof ReplyError;
}

/**
 * NOPERM, or a command that is renamed or disabled; every other reply means that the command may be called.
 * @throws what is no reply.
 */
export function isMissingPermission(error: unknown): boolean {
  if (!isReply(error)) throw error;
  return /^NOPERM|^ERR unknown command/i.test((error as Error).message);
}

async function readFacts(redis: Redis): Promise<ServerFacts | null> {
  try {
    return serverFacts(parseInfo(await redis.info()));
  } catch (error) {
    if (isReply(error)) return null;
    throw error;
  }
}

async function readSettings(redis: Redis, names: readonly string[]): Promise<Map<string, string>> {
  const settings = new Map<string, string>();
  for (const name of names) {
    try {
      // One name a command: several at once are understood from 7.0 on only.
      const reply = (await redis.call("CONFIG", "GET", name)) as string[];
      for (let at = 0; at + 1 < reply.length; at += 2) settings.set(reply[at]!, reply[at + 1]!);
    } catch (error) {
      if (!isReply(error)) throw error;
    }
  }
  return settings;
}

/** null when the highest of `needed` is there; else how many databases there are. */
async function missingDatabases(redis: Redis, needed: readonly number[]): Promise<number | null> {
  const highest = Math.max(0, ...needed);
  if (highest === 0) return null;
  try {
    await redis.call("SELECT", highest);
    return null;
  } catch (error) {
    if (!isReply(error)) throw error;
    // NOPERM says nothing about the number.
    if (/^NOPERM/.test((error as Error).message)) return null;
    return await countDatabases(redis, highest);
  }
}
