import { Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { NutcrackerPool } from "./nutcracker-pool.ts";

/** The one Redis that a pool is to have, as nutcracker can reach it: over TCP, with a password at most. */
export type OnlyServer = {
  readonly host: string;
  readonly port: number;
  readonly password: string | null;
  /** What nutcracker selects; it selects nothing where it has a password. */
  readonly db: number;
};

/** Its name on a ring of one, in nutcracker's log and statistics. */
const NAME = "destination";

/**
 * A nutcracker.yml in which one pool has a single server. All else stays as it is, other pools and comments included:
 * clients find the pool where it was. The pool ejects nothing any more, since it would have no server left.
 * @param text a nutcracker.yml that has been read without an error.
 */
export function switchedConfig(text: string, pool: string, server: OnlyServer): string {
  const document = parseDocument(text, { schema: "failsafe", uniqueKeys: false });
  const root = document.contents;
  if (!isMap(root)) throw new Error("it was read as a map of pools before");
  const entry = (root.items as Pair[]).find(({ key }) => isScalar(key) && String(key.value) === pool);
  if (entry === undefined || !isMap(entry.value)) throw new Error("it was read with this pool before");
  change(document, entry.value as YAMLMap, server);
  return document.toString({ lineWidth: 0 });
}

/** The same for a pool whose file is not known any more: with what is known of it. */
export function rebuiltConfig(pool: Omit<NutcrackerPool, "redisAuth">, server: OnlyServer): string {
  const document = new Document({ [pool.name]: directivesOf(pool) });
  change(document, document.get(pool.name) as YAMLMap, server);
  return document.toString({ lineWidth: 0 });
}

const MASK = "********";

/** A nutcracker.yml to be shown: without the passwords of its pools, those in comments too. */
export function maskedConfig(text: string): string {
  const document = parseDocument(text, { schema: "failsafe", uniqueKeys: false });
  if (isMap(document.contents)) {
    for (const { value } of document.contents.items as Pair[]) {
      if (isMap(value) && value.has("redis_auth")) put(document, value, "redis_auth", MASK);
    }
  }
  return document.toString({ lineWidth: 0 }).replace(/(#.*redis_auth["']?\s*:).*$/gm, `$1 ${MASK}`);
}

function change(document: Document, pool: YAMLMap, { host, port, password, db }: OnlyServer): void {
  put(document, pool, "redis_auth", password);
  put(document, pool, "redis_db", password === null && db !== 0 ? String(db) : null);
  // Of forks: their masters would take the server's place.
  pool.delete("sentinels");
  if (pool.has("auto_eject_hosts")) put(document, pool, "auto_eject_hosts", "false");
  put(document, pool, "servers", [`${host}:${port}:1 ${NAME}`]);
}

/** In the place where it stands, else at the end. */
function put(
  document: Document,
  pool: YAMLMap,
  name: string,
  value: string | readonly string[] | null,
): void {
  if (value === null) pool.delete(name);
  else pool.set(name, document.createNode(value));
}

function directivesOf(pool: Omit<NutcrackerPool, "redisAuth">): Record<string, string> {
  const { listen, hash, hashTag, distribution, timeoutMs, redisDb } = pool;
  return {
    ...(listen === null ? {} : { listen }),
    hash,
    ...(hashTag === null ? {} : { hash_tag: hashTag }),
    distribution,
    redis: "true",
    ...(timeoutMs === null ? {} : { timeout: String(timeoutMs) }),
    ...(redisDb === 0 ? {} : { redis_db: String(redisDb) }),
    auto_eject_hosts: "false",
    server_connections: String(pool.serverConnections),
    server_retry_timeout: String(pool.serverRetryTimeoutMs),
    server_failure_limit: String(pool.serverFailureLimit),
  };
}
