import { isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import { controlCharacterIn } from "../redis/control-character.ts";
import {
  type NutcrackerPool,
  type NutcrackerServer,
  nutcrackerDistributions,
  nutcrackerHashes,
} from "./nutcracker-pool.ts";
import type { ReportProblem } from "./nutcracker-problem.ts";
import { parseServerLine } from "./nutcracker-server-line.ts";

type MutablePool = { -readonly [Name in keyof NutcrackerPool]: NutcrackerPool[Name] };

type Directive = (value: string, pool: MutablePool) => Failure | null;
type Failure = { readonly message: string; readonly remedy: string };

/** The directives with a plain value (twemproxy: nc_conf.c conf_commands). */
const directives: Readonly<Record<string, Directive>> = {
  listen: (value, pool) => {
    pool.listen = value;
    return null;
  },
  hash: (value, pool) => {
    const hash = nutcrackerHashes.find((known) => known === value);
    if (hash === undefined) return failure(`is not one of ${nutcrackerHashes.join(", ")}`);
    pool.hash = hash;
    return null;
  },
  hash_tag: (value, pool) => {
    if (Buffer.byteLength(value) !== 2)
      return failure("must be two characters", 'Write it as hash_tag: "{}".');
    pool.hashTag = value;
    return null;
  },
  distribution: (value, pool) => {
    const distribution = nutcrackerDistributions.find((known) => known === value);
    if (distribution === undefined) return failure(`is not one of ${nutcrackerDistributions.join(", ")}`);
    pool.distribution = distribution;
    return null;
  },
  timeout: number((value, pool) => {
    pool.timeoutMs = value;
  }),
  backlog: number(() => {}),
  client_connections: number(() => {}),
  redis: boolean((value, pool) => {
    pool.redis = value;
  }),
  tcpkeepalive: boolean(() => {}),
  reuseport: boolean(() => {}),
  redis_auth: (value, pool) => {
    pool.redisAuth = value;
    return null;
  },
  redis_db: number((value, pool) => {
    pool.redisDb = value;
  }),
  preconnect: boolean(() => {}),
  auto_eject_hosts: boolean((value, pool) => {
    pool.autoEjectHosts = value;
  }),
  server_connections: number((value, pool) => {
    pool.serverConnections = value;
  }),
  server_retry_timeout: number((value, pool) => {
    pool.serverRetryTimeoutMs = value;
  }),
  server_failure_limit: number((value, pool) => {
    pool.serverFailureLimit = value;
  }),
};

/** One pool of the file. What is wrong is reported and keeps its default, or is left out of the servers. */
export function readPool(
  name: string,
  key: Node,
  map: YAMLMap,
  report: ReportProblem,
  lineOf: (node: Node) => number,
): NutcrackerPool {
  const servers: NutcrackerServer[] = [];
  const pool: MutablePool = {
    name,
    line: lineOf(key),
    listen: null,
    hash: "fnv1a_64",
    hashTag: null,
    distribution: "ketama",
    timeoutMs: null,
    redis: false,
    redisAuth: null,
    redisDb: 0,
    autoEjectHosts: false,
    serverConnections: 1,
    serverRetryTimeoutMs: 30_000,
    serverFailureLimit: 2,
    servers,
  };
  const seen = new Set<string>();
  let hasServers = false;
  for (const item of map.items as Pair<Node, Node | null>[]) {
    if (!isScalar(item.key) || item.key.value === "" || item.key.value === null) {
      report("error", item.key, "A directive's name must be a text", "Write it as `name: value`.");
      continue;
    }
    const directive = String(item.key.value);
    if (directive === "servers") {
      // A list whose lines are all wrong has been reported line by line.
      hasServers = item.value !== null && !(isSeq(item.value) && item.value.items.length === 0);
      readServers(item.key, item.value, servers, report, lineOf);
      continue;
    }
    readDirective(directive, item.key, item.value, seen, pool, report);
  }
  if (pool.listen === null) {
    report("warning", key, `Pool ${name} has no listen: nutcracker refuses it`, "Add listen: host:port.");
  }
  if (!pool.redis && pool.redisAuth !== null) {
    report(
      "warning",
      key,
      "redis_auth is given without redis: true: nutcracker refuses it",
      "Add redis: true.",
    );
  }
  if (servers.length === 0 && !hasServers) {
    report(
      "error",
      key,
      `Pool ${name} has no servers`,
      "List them below servers:, as - host:port:weight name.",
    );
  }
  return pool;
}

function readDirective(
  name: string,
  key: Scalar,
  value: Node | null,
  seen: Set<string>,
  pool: MutablePool,
  report: ReportProblem,
): void {
  const directive = Object.hasOwn(directives, name) ? directives[name] : undefined;
  if (directive === undefined) {
    const remedy =
      name === "sentinels"
        ? "It belongs to a fork of Twemproxy. Tributary reads from the servers listed; check that they are the masters."
        : "Check the spelling. Twemproxy 0.5 refuses it; a fork may know it. Tributary passes it over.";
    report("warning", key, `The directive ${name} is unknown`, remedy);
    return;
  }
  if (seen.has(name)) {
    report("error", key, `The directive ${name} is given twice`, "Remove one of the two lines.");
    return;
  }
  seen.add(name);
  if (!isScalar(value) || value.value === "" || value.value === null) {
    const remedy =
      name === "hash_tag" ? 'Put it in quotes: hash_tag: "{}".' : `Write it on one line as ${name}: value.`;
    report("error", value ?? key, `${name} must have a plain value`, remedy);
    return;
  }
  const found = controlCharacterIn(String(value.value));
  if (found !== null) {
    report("error", value, `${name} holds ${found}`, "Write it without control characters.");
    return;
  }
  const failed = directive(String(value.value), pool);
  if (failed !== null) report("error", value, `${name} ${failed.message}`, failed.remedy);
}

function readServers(
  key: Scalar,
  list: Node | null,
  servers: NutcrackerServer[],
  report: ReportProblem,
  lineOf: (node: Node) => number,
): void {
  const form = "Write one server a line, as - host:port:weight name, with a space after the dash.";
  if (!isSeq(list)) {
    report("error", list ?? key, "servers must be a list", form);
    return;
  }
  for (const item of list.items as (Node | null)[]) {
    if (!isScalar(item)) {
      report("error", item ?? list, "A server must be one text", form);
      continue;
    }
    const parsed = parseServerLine(String(item.value ?? ""), lineOf(item));
    if ("message" in parsed) {
      report("error", item, parsed.message, parsed.remedy);
      continue;
    }
    const twin = servers.find((server) => server.name === parsed.name);
    if (twin !== undefined) {
      const message = `Two servers are named ${parsed.name} (the other is in line ${twin.line})`;
      report("error", item, message, "Give each server a name of its own: it decides which keys it holds.");
      continue;
    }
    if (parsed.socket !== null) {
      const remedy =
        "Replace it by host:port:weight and keep its name, so that the ring stays as it is: " +
        `${parsed.name}.`;
      report("error", item, "A unix socket cannot be reached over the network", remedy);
    }
    servers.push(parsed);
  }
}

/** Digits only, as nc_atoi reads a number: no sign, no unit. */
function number(assign: (value: number, pool: MutablePool) => void): Directive {
  return (text, pool) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > 0x7fffffff) return failure("is not a number from 0 to 2147483647");
    assign(value, pool);
    return null;
  };
}

function boolean(assign: (value: boolean, pool: MutablePool) => void): Directive {
  return (text, pool) => {
    if (text !== "true" && text !== "false")
      return failure("is neither true nor false", "Write true or false.");
    assign(text === "true", pool);
    return null;
  };
}

function failure(message: string, remedy = "Fix the value."): Failure {
  return { message, remedy };
}
