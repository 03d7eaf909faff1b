import { TributaryError } from "../errors/tributary-error.ts";
import { type ClientOptions, openClient, toTributaryError } from "./client.ts";
import { formatAddress, type RedisEndpoint } from "./endpoint.ts";
import type { SentinelSource } from "./source-addresses.ts";

/** ms for each Sentinel. */
const TIMEOUT_MS = 3000;

/**
 * Where the Sentinels say that the master is; they are asked one after the other, and the first that knows is
 * believed. The address comes with the user, password and TLS of `lends`.
 * @throws TributaryError SENTINEL_MASTER_UNKNOWN when one answers and none knows the name, SENTINEL_UNREACHABLE
 * when none answers; the signal's reason when it is aborted.
 */
export async function sentinelMaster(
  { masterName, sentinels }: SentinelSource,
  lends: RedisEndpoint,
  options: { readonly role: string; readonly signal?: AbortSignal },
): Promise<RedisEndpoint> {
  const failures: string[] = [];
  let answered: string | null = null;
  for (const sentinel of sentinels) {
    try {
      const address = await ask(sentinel, masterName, options);
      if (address !== null) return { ...lends, ...address };
      answered ??= formatAddress(sentinel);
    } catch (error) {
      options.signal?.throwIfAborted();
      const context = {
        ...{ role: "the Sentinel", address: formatAddress(sentinel) },
        ...{ command: "SENTINEL", seconds: TIMEOUT_MS / 1000 },
      };
      failures.push(toTributaryError(error, context).message.replace(/\.$/, ""));
    }
  }
  const details = { role: options.role, master: masterName };
  if (answered !== null)
    throw new TributaryError("SENTINEL_MASTER_UNKNOWN", { ...details, address: answered });
  throw new TributaryError("SENTINEL_UNREACHABLE", { ...details, detail: failures.join("; ") });
}

/** null when this Sentinel does not know the name. */
async function ask(
  sentinel: RedisEndpoint,
  masterName: string,
  { signal }: { readonly signal?: AbortSignal },
): Promise<{ host: string; port: number } | null> {
  const client = await openSentinel(sentinel, {
    role: "the Sentinel",
    timeoutMs: TIMEOUT_MS,
    commandTimeoutMs: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const reply = (await client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName)) as unknown;
    return reply === null ? null : masterIn(reply, formatAddress(sentinel));
  } finally {
    client.disconnect();
  }
}

/**
 * A host name or address, and a port: what goes on from here is dialed, shown and kept.
 * @throws TributaryError ANSWER_REFUSED
 */
function masterIn(reply: unknown, address: string): { host: string; port: number } {
  const [host, port] = Array.isArray(reply) ? reply : [];
  const named = typeof host === "string" && /^[0-9A-Za-z_:][0-9A-Za-z._:%-]{0,252}$/.test(host);
  const reached = typeof port === "string" && /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
  if (named && reached) return { host, port: Number(port) };
  const detail = "the master that it names has no address";
  throw new TributaryError("ANSWER_REFUSED", { role: "the Sentinel", address, detail });
}

/** Most Sentinels want no password even where their servers do, and refuse one that they have no user for. */
async function openSentinel(sentinel: RedisEndpoint, options: ClientOptions) {
  const looking = { ...options, looksOnly: true };
  try {
    return await openClient({ ...sentinel, username: null, password: null, db: null }, looking);
  } catch (error) {
    const wanted = error instanceof TributaryError && error.code === "AUTH_REQUIRED";
    if (!wanted || sentinel.password === null) throw error;
    return await openClient({ ...sentinel, db: null }, looking);
  }
}
