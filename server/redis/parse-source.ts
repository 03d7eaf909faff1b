import { TributaryError } from "../errors/tributary-error.ts";
import { parseEndpoint, type RedisEndpoint, refuseControls } from "./endpoint.ts";
import type { SentinelSource, SourceAddresses } from "./source-addresses.ts";

type Credentials = Pick<RedisEndpoint, "username" | "password">;

const SENTINEL_SCHEME = /^redis(s?)\+sentinel:\/\//i;

/**
 * Reads where a shard is: one address as parseEndpoint takes it, several of its servers separated by commas
 * (`host:port,host2:port`), or its Sentinels (`redis+sentinel://user:password@h1:26379,h2/mymaster`, with
 * rediss+sentinel:// for TLS). What the first address says of user, password and TLS holds for those that say
 * nothing.
 * @param given wins over the user and password in the text.
 * @throws TributaryError ADDRESS_INVALID
 */
export function parseSource(text: string, given: Credentials): SourceAddresses {
  refuseControls(text.trim(), "it");
  if (SENTINEL_SCHEME.test(text.trim())) {
    const sentinel = withCredentials(parseSentinel(text.trim()), given);
    return { source: sentinel.sentinels[0]!, alternatives: [], sentinel };
  }
  const [first = "", ...others] = splitAddresses(text);
  const source = credited(parseEndpoint(first), given);
  return { source, alternatives: others.map((other) => parseAlternative(other, source)), sentinel: null };
}

/**
 * Reads what is given beside an address that is known: further servers of the same shard, or its Sentinels.
 * @throws TributaryError ADDRESS_INVALID
 */
export function parseFurther(text: string, source: RedisEndpoint): Omit<SourceAddresses, "source"> {
  if (text.trim() === "") return { alternatives: [], sentinel: null };
  refuseControls(text.trim(), "it");
  if (SENTINEL_SCHEME.test(text.trim())) return { alternatives: [], sentinel: parseSentinel(text.trim()) };
  return {
    alternatives: splitAddresses(text).map((other) => parseAlternative(other, source)),
    sentinel: null,
  };
}

/** User and password are for Sentinels that want one; 26379 is their port. */
function parseSentinel(text: string): SentinelSource {
  const tls = SENTINEL_SCHEME.exec(text)![1] !== "";
  const rest = text.replace(SENTINEL_SCHEME, "");
  const slash = rest.lastIndexOf("/");
  const masterName = slash < 0 ? "" : rest.slice(slash + 1);
  if (masterName === "") throw invalid("the master's name is missing after the /");
  const hosts = rest.slice(0, slash);
  const at = hosts.lastIndexOf("@");
  const credentials = at < 0 ? "" : hosts.slice(0, at + 1);
  const sentinels = hosts
    .slice(at + 1)
    .split(",")
    .map((host) => {
      const port = /:\d+$/.test(host.trim()) ? "" : ":26379";
      return parseEndpoint(`${tls ? "rediss" : "redis"}://${credentials}${host.trim()}${port}`);
    });
  const decoded = decode(masterName);
  refuseControls(decoded, "the master's name");
  return { masterName: decoded, sentinels };
}

/** A comma may also stand in a password: such a piece goes on in the next one, up to its @. */
function splitAddresses(text: string): string[] {
  const addresses: string[] = [];
  for (const piece of text.split(",")) {
    const last = addresses.at(-1);
    const cut = last !== undefined && /^\s*rediss?:\/\/[^@]*$/i.test(last) && /@/.test(piece);
    if (cut && !/^\s*rediss?:\/\//i.test(piece)) addresses[addresses.length - 1] = `${last},${piece}`;
    else addresses.push(piece);
  }
  return addresses;
}

function parseAlternative(text: string, first: RedisEndpoint): RedisEndpoint {
  const endpoint = parseEndpoint(text);
  const says = endpoint.username !== null || endpoint.password !== null;
  return {
    ...endpoint,
    tls: /:\/\//.test(text) ? endpoint.tls : first.tls,
    username: says ? endpoint.username : first.username,
    password: says ? endpoint.password : first.password,
    db: first.db,
  };
}

function credited(endpoint: RedisEndpoint, given: Credentials): RedisEndpoint {
  return {
    ...endpoint,
    username: given.username ?? endpoint.username,
    password: given.password ?? endpoint.password,
  };
}

function withCredentials(sentinel: SentinelSource, given: Credentials): SentinelSource {
  return { ...sentinel, sentinels: sentinel.sentinels.map((one) => credited(one, given)) };
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalid("a % in the master's name must be written as %25");
  }
}

function invalid(detail: string): TributaryError {
  return new TributaryError("ADDRESS_INVALID", { input: "The Sentinels' address", detail });
}
