import { formatAddress, parseEndpoint, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseFurther, parseSource } from "../../redis/parse-source.ts";
import type { SentinelSource, SourceAddresses } from "../../redis/source-addresses.ts";

/** Where a server is from now on. Its password is never shown, so an empty one keeps the one there is. */
export type ConnectionInput = {
  /** As parseSource reads it. */
  readonly address: string;
  /** Further servers of the same shard, or its Sentinels; shards only. */
  readonly further?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** It asks for no password any more. */
  readonly withoutPassword?: boolean | undefined;
};

/** The addresses of a server as they stand in a form. */
export type ConnectionText = {
  readonly address: string;
  readonly further: string;
  readonly username: string;
};

type Credentials = Pick<RedisEndpoint, "username" | "password">;
const NONE: Credentials = { username: null, password: null };

export function connectionText(addresses: SourceAddresses): ConnectionText {
  const { source, alternatives, sentinel } = addresses;
  const username = source.username ?? "";
  if (sentinel !== null && isAlone(addresses))
    return { address: sentinelText(sentinel), further: "", username };
  const further = sentinel === null ? alternatives.map(endpointText).join(", ") : sentinelText(sentinel);
  return { address: endpointText(source), further, username };
}

/**
 * The addresses after an edit. Each server whose password is not given keeps the one that it had; a server that is new
 * takes that of the shard.
 * @throws TributaryError ADDRESS_INVALID
 */
export function editedAddresses(former: SourceAddresses, input: ConnectionInput): SourceAddresses {
  const { further = "" } = input;
  const read =
    further.trim() === ""
      ? parseSource(input.address, NONE)
      : furtherRead(parseEndpoint(input.address), further);
  const source = withCredentials(read.source, sourceCredentials(former, read.source, input));
  const alternatives = read.alternatives.map((one) =>
    withCredentials(one, credentialsBeside(former, one, source)),
  );
  if (read.sentinel === null) return { source, alternatives, sentinel: null };
  const alone = isAlone(read);
  const ofFirst = former.sentinel?.sentinels[0] ?? NONE;
  const sentinels = read.sentinel.sentinels.map((one) => {
    if (alone) return withCredentials(one, source);
    return withCredentials(one, says(one) ? one : (known(former, one) ?? ofFirst));
  });
  return { source, alternatives, sentinel: { ...read.sentinel, sentinels } };
}

/** What stands in a text of further servers without a word on credentials has none here. */
function furtherRead(source: RedisEndpoint, further: string): SourceAddresses {
  return { source, ...parseFurther(further, { ...source, ...NONE }) };
}

function sourceCredentials(
  former: SourceAddresses,
  read: RedisEndpoint,
  { username, password, withoutPassword = false }: ConnectionInput,
): Credentials {
  const given = password || read.password;
  const kept = withoutPassword ? null : (known(former, read) ?? former.source).password;
  return { username: username?.trim() || read.username, password: given || kept };
}

/** Of a further server: its own where it has others than the shard's first one. */
function credentialsBeside(former: SourceAddresses, one: RedisEndpoint, source: RedisEndpoint): Credentials {
  if (says(one)) return one;
  const before = known(former, one);
  const own =
    before !== null &&
    (before.username !== former.source.username || before.password !== former.source.password);
  return own ? before : source;
}

function known(former: SourceAddresses, one: RedisEndpoint): RedisEndpoint | null {
  const address = formatAddress(one);
  const all = [former.source, ...former.alternatives, ...(former.sentinel?.sentinels ?? [])];
  return all.find((other) => formatAddress(other) === address) ?? null;
}

const says = ({ username, password }: RedisEndpoint) => username !== null || password !== null;

/** Nothing was given but Sentinels. */
function isAlone({ source, sentinel }: SourceAddresses): boolean {
  const [first] = sentinel?.sentinels ?? [];
  return first !== undefined && formatAddress(first) === formatAddress(source);
}

function withCredentials(endpoint: RedisEndpoint, { username, password }: Credentials): RedisEndpoint {
  return { ...endpoint, username, password };
}

function endpointText(endpoint: RedisEndpoint): string {
  const { tls, db } = endpoint;
  return `${tls ? "rediss://" : ""}${formatAddress(endpoint)}${db === null ? "" : `/${db}`}`;
}

function sentinelText({ masterName, sentinels }: SentinelSource): string {
  const scheme = sentinels[0]?.tls ? "rediss+sentinel" : "redis+sentinel";
  return `${scheme}://${sentinels.map(formatAddress).join(",")}/${encodeURIComponent(masterName)}`;
}
