import { withoutSecrets } from "../errors/known-secrets.ts";

const MOST_MODULES = 64;

/** INFO's text by section (lower case, e.g. "replication") and field. */
export type ServerInfo = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** One database of INFO keyspace. */
export type DatabaseKeys = { readonly db: number; readonly keys: number; readonly expires: number };

export type ServerFacts = {
  readonly flavor: "redis" | "valkey" | "keydb" | "dragonfly";
  /** The server's own version, e.g. 7.0.15; "" where INFO does not say. */
  readonly version: string;
  /** The Redis version it is compatible with: differs from `version` on Valkey and forks. */
  readonly redisVersion: string;
  readonly mode: "standalone" | "sentinel" | "cluster";
  /** "replica" for INFO's slave. */
  readonly role: "master" | "replica";
  /** 40 hex digits, new at every start; "" where INFO does not say. */
  readonly runId: string;
  readonly loading: boolean;

  /** "" before 4.0, where the replication id is the run id. */
  readonly replid: string;
  /** The id before the last failover, valid up to `secondReplOffset`; null where there is none. */
  readonly replid2: string | null;
  readonly masterReplOffset: bigint;
  readonly secondReplOffset: bigint | null;
  readonly backlogActive: boolean;
  /** Bytes of repl-backlog-size, also while it is not active. */
  readonly backlogSize: number;
  /** The first offset that the backlog still holds; null while it is not active. */
  readonly backlogFirstByteOffset: bigint | null;
  readonly connectedReplicas: number;
  /** A replica's master as host:port; null on a master. */
  readonly masterAddress: string | null;
  /** A replica's link to its master; null on a master. */
  readonly masterLinkUp: boolean | null;
  /** A replica that refuses writes; null on a master and where INFO does not say (before 2.8). */
  readonly replicaReadOnly: boolean | null;

  /** Bytes. */
  readonly usedMemory: number;
  /** Bytes of the data alone; null before 4.0. */
  readonly usedMemoryDataset: number | null;
  /** Bytes; 0 is without limit. null before 3.2, which does not say. */
  readonly maxMemory: number | null;
  /** null before 3.2. */
  readonly maxMemoryPolicy: string | null;

  /** Databases with keys, in ascending order. */
  readonly keyspace: readonly DatabaseKeys[];
  /** Names of loaded modules. */
  readonly modules: readonly string[];
};

/** Lines, and sections, of an INFO that are read: some hundred and twelve, and as many databases as are in use. */
const MOST_LINES = 50_000;
const MOST_SECTIONS = 64;
/** Characters of a name or an address in it. */
const LONGEST_NAME = 255;

/** Reads INFO's reply. It takes any text: a line that is not `field:value` is passed over. */
export function parseInfo(text: string): ServerInfo {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  sections.set("", section);
  let sectionName = "";
  /** How often a field has come in its section. */
  const times = new Map<string, number>();
  for (const line of text.split(/\r?\n/, MOST_LINES)) {
    if (line.startsWith("#")) {
      if (sections.size >= MOST_SECTIONS) break;
      sectionName = line.slice(1).trim().toLowerCase();
      section = sections.get(sectionName) ?? new Map<string, string>();
      sections.set(sectionName, section);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).trimEnd();
    // Modules and slaves repeat a field: the first stays, the others get a number.
    const place = `${sectionName}:${field}`;
    const time = (times.get(place) ?? 0) + 1;
    times.set(place, time);
    const free = time === 1 ? field : `${field}#${time}`;
    if (!section.has(free)) section.set(free, value);
  }
  return sections;
}

/**
 * The facts that Tributary goes by, of any INFO since 2.8 (redis: server.c genRedisInfoString). A field that
 * is missing or is not what it should be takes the value that promises least: "", 0, false or null.
 */
export function serverFacts(info: ServerInfo): ServerFacts {
  const field = (name: string) => findField(info, name)?.slice(0, LONGEST_NAME);
  const replica = field("role") === "slave" || field("role") === "replica";
  const backlogActive = field("repl_backlog_active") === "1";
  const replid2 = field("master_replid2") ?? "";
  const hasReplid2 = /^[0-9a-f]{40}$/.test(replid2) && !/^0+$/.test(replid2);
  const text = (name: string) => withoutSecrets(field(name) ?? "");
  const redisVersion = text("redis_version");
  const flavor = flavorOf(info);
  return {
    flavor,
    version: (flavor === "valkey" ? text("valkey_version") : "") || redisVersion,
    redisVersion,
    mode: modeOf(field("redis_mode") ?? field("server_mode")),
    role: replica ? "replica" : "master",
    runId: text("run_id"),
    loading: field("loading") === "1",
    replid: field("master_replid") ?? "",
    replid2: hasReplid2 ? replid2 : null,
    masterReplOffset: bigint(field("master_repl_offset")) ?? 0n,
    secondReplOffset: hasReplid2 ? bigint(field("second_repl_offset")) : null,
    backlogActive,
    backlogSize: count(field("repl_backlog_size")) ?? 0,
    backlogFirstByteOffset: backlogActive ? bigint(field("repl_backlog_first_byte_offset")) : null,
    connectedReplicas: count(field("connected_slaves") ?? field("connected_replicas")) ?? 0,
    masterAddress:
      replica && field("master_host") ? `${text("master_host")}:${text("master_port") || "?"}` : null,
    masterLinkUp: replica ? field("master_link_status") === "up" : null,
    replicaReadOnly: replica ? flag(field("slave_read_only") ?? field("replica_read_only")) : null,
    usedMemory: count(field("used_memory")) ?? 0,
    usedMemoryDataset: count(field("used_memory_dataset")),
    maxMemory: count(field("maxmemory")),
    maxMemoryPolicy: text("maxmemory_policy") || null,
    keyspace: keyspaceOf(info),
    modules: modulesOf(info),
  };
}

function findField(info: ServerInfo, name: string): string | undefined {
  for (const section of info.values()) {
    const value = section.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function flavorOf(info: ServerInfo): ServerFacts["flavor"] {
  if (findField(info, "server_name") === "valkey" || findField(info, "valkey_version")) return "valkey";
  if (findField(info, "dragonfly_version")) return "dragonfly";
  if (info.has("keydb") || /keydb/i.test(findField(info, "executable") ?? "")) return "keydb";
  return "redis";
}

function modeOf(text: string | undefined): ServerFacts["mode"] {
  return text === "sentinel" || text === "cluster" ? text : "standalone";
}

/** `db0:keys=2,expires=1,avg_ttl=0`; later servers append fields, which are passed over. */
function keyspaceOf(info: ServerInfo): DatabaseKeys[] {
  const databases: DatabaseKeys[] = [];
  for (const [name, value] of info.get("keyspace") ?? []) {
    const db = /^db(\d{1,9})$/.exec(name)?.[1];
    const keys = count(/(?:^|,)keys=(\d+)/.exec(value)?.[1]);
    if (db === undefined || keys === null) continue;
    databases.push({
      db: Number(db),
      keys,
      expires: count(/(?:^|,)expires=(\d+)/.exec(value)?.[1]) ?? 0,
    });
  }
  return databases.sort((a, b) => a.db - b.db);
}

/** `module:name=bf,ver=20612,…`, one line for each module. */
function modulesOf(info: ServerInfo): string[] {
  const names: string[] = [];
  for (const [name, value] of info.get("modules") ?? []) {
    const module = /^module(#\d+)?$/.test(name) ? /(?:^|,)name=([^,]+)/.exec(value)?.[1] : undefined;
    if (module !== undefined && names.length < MOST_MODULES)
      names.push(withoutSecrets(module.slice(0, LONGEST_NAME)));
  }
  return names;
}

/** A decimal of at most 2^53 - 1; null for anything else. */
function count(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function bigint(text: string | undefined): bigint | null {
  return text !== undefined && /^-?\d{1,19}$/.test(text) ? BigInt(text) : null;
}

function flag(text: string | undefined): boolean | null {
  return text === "1" ? true : text === "0" ? false : null;
}

/** "7.4.1" as 704. Development builds call themselves 255.255.255 and count as the newest. */
export function releaseOf(version: string): number {
  const match = /^(\d+)\.(\d+)/.exec(version);
  return match === null ? 0 : Number(match[1]) * 100 + Number(match[2]);
}
