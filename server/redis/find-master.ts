import type { TributaryError } from "../errors/tributary-error.ts";
import { openClient, toTributaryError } from "./client.ts";
import { formatAddress, type RedisEndpoint } from "./endpoint.ts";
import { parseInfo, type ServerFacts, serverFacts } from "./server-info.ts";

/** ms for connecting and again for INFO. */
const TIMEOUT_MS = 3000;

/** A place in a shard's history: all up to `offset` has been received. */
export type KnownHistory = { readonly replid: string; readonly offset: bigint };

/** One server of a shard and what it said of itself. */
export type AskedServer = {
  readonly endpoint: RedisEndpoint;
  /** null when it did not answer, or does not permit INFO. */
  readonly facts: ServerFacts | null;
  readonly error: TributaryError | null;
};

/** The server to read from. `replica`: no master is there. `unknown`: it does not permit INFO. */
export type Choice = { readonly kind: "master" | "unknown" | "replica"; readonly server: AskedServer };

/** Asks all at once who they are. What fails is in the answers. @throws only the signal's reason. */
export async function askServers(
  endpoints: readonly RedisEndpoint[],
  options: { readonly role: string; readonly signal?: AbortSignal },
): Promise<AskedServer[]> {
  const { role, signal } = options;
  const asked = await Promise.all(
    endpoints.map(async (endpoint): Promise<AskedServer> => {
      try {
        const client = await openClient(endpoint, {
          role,
          db: 0,
          timeoutMs: TIMEOUT_MS,
          commandTimeoutMs: TIMEOUT_MS,
          looksOnly: true,
          ...(signal === undefined ? {} : { signal }),
        });
        try {
          return { endpoint, facts: serverFacts(parseInfo(await client.info())), error: null };
        } finally {
          client.disconnect();
        }
      } catch (thrown) {
        const context = {
          role,
          address: formatAddress(endpoint),
          command: "INFO",
          seconds: TIMEOUT_MS / 1000,
        };
        const error = toTributaryError(thrown, context);
        return { endpoint, facts: null, error: /_DENIED$/.test(error.code) ? null : error };
      }
    }),
  );
  signal?.throwIfAborted();
  return asked;
}

/**
 * The server to go on with. Of several that say master (a split brain) it is the one that continues the known
 * history: under the replid itself, or under that from before its promotion, which holds up to the offset at
 * which it was promoted (redis: replication.c masterTryPartialResynchronization); else the first of `servers`.
 * A replica is taken only if it has all that was received: one that is behind would answer with a full
 * resynchronization. @returns null when none can be used now.
 */
export function chooseServer(servers: readonly AskedServer[], history: KnownHistory | null): Choice | null {
  const usable = servers.filter(({ facts }) => facts !== null && !facts.loading && facts.mode !== "sentinel");
  const masters = usable.filter(({ facts }) => facts!.role === "master");
  const best = masters.reduce<AskedServer | null>(
    (one, other) => (one === null || continuity(other, history) > continuity(one, history) ? other : one),
    null,
  );
  if (best !== null) return { kind: "master", server: best };
  const unknown = servers.find(({ facts, error }) => facts === null && error === null);
  if (unknown !== undefined) return { kind: "unknown", server: unknown };
  const replica = usable.find(
    ({ facts }) =>
      facts!.masterLinkUp === true && (history === null || facts!.masterReplOffset >= history.offset),
  );
  return replica === undefined ? null : { kind: "replica", server: replica };
}

/** Those that say they are masters. */
export function mastersOf(servers: readonly AskedServer[]): AskedServer[] {
  return servers.filter(({ facts }) => facts?.role === "master" && facts.mode !== "sentinel");
}

/** 3: our very history, 2: ours up to its promotion, 1: ours, but we have received more than it had, 0: another. */
function continuity({ facts }: AskedServer, history: KnownHistory | null): number {
  if (history === null || facts === null) return 0;
  // Before 4.0 a history goes by its master's run id.
  if ((facts.replid || facts.runId) === history.replid) return 3;
  if (facts.replid2 !== history.replid) return 0;
  return facts.secondReplOffset !== null && history.offset + 1n <= facts.secondReplOffset ? 2 : 1;
}
