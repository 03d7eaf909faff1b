import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";
import type { TaskInput } from "../control/plan/task-input.ts";
import { planTask, type TaskPlan } from "../control/plan/task-plan.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { mergePolicies } from "../merge/merge-policy.ts";
import { formatAddress } from "../redis/endpoint.ts";
import { SHRINK_POLICY, type ShrinkPolicy } from "../sync/spec/shard-sync-spec.ts";
import { parseNutcrackerConfig } from "../twemproxy/nutcracker-config.ts";

export const usage = `Synchronizes the shards of a Twemproxy Redis cluster into one Redis, without the pages.

  npm run sync -- --nutcracker FILE [--pool NAME] --destination URL [options]
  npm run sync -- --shard URL [--shard URL …]     --destination URL [options]

Source and destination
  --nutcracker FILE   nutcracker.yml; - reads standard input
  --pool NAME         the pool to copy; optional if the file has only one Redis pool
  --shard URL         a Redis server of the source: redis://user:password@host:port, or rediss:// for TLS.
                      To follow failovers, list replicas too (URL,host2:port) or give the Sentinels
                      (redis+sentinel://host:port,host2:port/master). Repeatable
  --also NAME=URL     replicas or Sentinels of a server in nutcracker.yml; repeatable
  --nutcracker-stats HOST[:PORT]
                      where the running nutcracker serves its statistics (default port 22222); a check
                      asks it for ejected servers
  --destination URL   the Redis to write to; /db selects the database
  --db SOURCE[:DEST]  copy only this database, optionally into DEST; repeatable

Merging
  --merge-policy WHO  which shard's value wins if several have the same key: owner-wins (default with a
                      ring), owner-only, or last-write (default without a ring)
  --destination-keys WHAT
                      keys that exist before the first start: must-be-empty (default; refuses to start,
                      except for keys of other tasks), overwrite (those that a shard also has), or keep
  --on-shrink WHAT    if a shard comes back with far fewer keys: hold (default), follow or keep
  --shrink-bound N,P  far fewer means more than N keys and more than P % (default: 1000,10)
  --on-flush WHAT     FLUSHALL on a shard: skip (default), or own-keys to remove the keys that it owns
  --publish WHAT      messages published on the shards: forward (default) or skip
  --on-data-lost WHAT if the destination loses data: resync (default) or stop

Running
  --until synchronizing
                      exit once every shard is synchronizing and has reached a lag of 0 bytes
  --json              print one JSON summary at the end, and nothing else on standard output
  --id NAME           name of the checkpoint (default: derived from the addresses)
  --no-heartbeat      write no heartbeat key; the lag in seconds is then unknown
  --skip-checks       start even if a check fails
  --spool DIRECTORY   where to buffer on disk (default: a folder in the data directory)
  -h, --help

When you start it again, it resumes from its checkpoint.

Exit codes
  0  everything was applied, and the destination matches the shards
  1  a shard failed
  2  wrong usage
  3  a check failed
  4  it ended before everything was applied; the next start resumes
  5  everything was applied, but the destination differs; the output lists what was lost, skipped or rejected
  6  a shard is held until you decide what to do with the keys that it lost`;

export type SyncArguments = {
  readonly plan: TaskPlan;
  readonly taskId: string;
  readonly untilSynchronizing: boolean;
  readonly json: boolean;
  readonly skipChecks: boolean;
  readonly spoolDirectory: string | null;
};

/**
 * Reads the command line of `npm run sync`. @returns null for --help.
 * @throws TributaryError USAGE and those of planTask.
 */
export function syncArguments(argv: readonly string[]): SyncArguments | null {
  const values = parse(argv);
  if (values.help) return null;
  if (values.until !== undefined && values.until !== "synchronizing") {
    throw new TributaryError("USAGE", { detail: `--until takes synchronizing, not ${values.until}` });
  }
  const { plan, taskId } = taskOf(values, {
    stats: values["nutcracker-stats"],
    destinationKeys: oneOf("--destination-keys", values["destination-keys"], destinationKeys),
    shrink: shrinkOf(values["on-shrink"], values["shrink-bound"]),
    onFlush: oneOf("--on-flush", values["on-flush"], ["skip", "own-keys"]),
    publish: oneOf("--publish", values.publish, ["forward", "skip"]),
    onDestinationDataLost: oneOf("--on-data-lost", values["on-data-lost"], ["resync", "stop"]),
  });
  return {
    plan: values["no-heartbeat"] ? { ...plan, heartbeatDb: null } : plan,
    taskId,
    untilSynchronizing: values.until === "synchronizing",
    json: values.json ?? false,
    skipChecks: values["skip-checks"] ?? false,
    spoolDirectory: values.spool ?? null,
  };
}

/** The options that say which task is meant. */
export const taskOptions = {
  nutcracker: { type: "string" },
  pool: { type: "string" },
  shard: { type: "string", multiple: true },
  destination: { type: "string" },
  also: { type: "string", multiple: true },
  db: { type: "string", multiple: true },
  "merge-policy": { type: "string" },
  id: { type: "string" },
} as const;

export type TaskValues = {
  readonly [name in keyof typeof taskOptions]?:
    | (name extends "shard" | "also" | "db" ? string[] : string)
    | undefined;
};

/** @throws TributaryError USAGE and those of planTask. */
export function taskOf(
  values: TaskValues,
  {
    stats,
    ...more
  }: Partial<Omit<TaskInput, "name" | "source" | "destination" | "databases">> & {
    readonly stats?: string | undefined;
  } = {},
): { readonly plan: TaskPlan; readonly taskId: string } {
  if (values.also !== undefined && values.nutcracker === undefined)
    throw new TributaryError("USAGE", {
      detail: "--also goes with --nutcracker; a --shard takes all its addresses itself",
    });
  if (stats !== undefined && values.nutcracker === undefined)
    throw new TributaryError("USAGE", { detail: "--nutcracker-stats goes with --nutcracker" });
  if (values.destination === undefined)
    throw new TributaryError("USAGE", { detail: "--destination is missing" });
  const source = sourceOf(values.nutcracker, values.pool, values.shard ?? []);
  const plan = planTask({
    ...more,
    source: source.kind === "shards" ? source : { ...source, further: furtherOf(values.also ?? []), stats },
    mergePolicy: oneOf("--merge-policy", values["merge-policy"], mergePolicies),
    destination: { address: values.destination },
    ...(values.db === undefined ? {} : { databases: { kind: "pairs", pairs: values.db.map(pairOf) } }),
  });
  if (values.id !== undefined && !/^[A-Za-z0-9_.-]{1,64}$/.test(values.id)) {
    throw new TributaryError("USAGE", {
      detail: "--id takes 1 to 64 letters, digits, dots, dashes and underscores",
    });
  }
  return { plan, taskId: values.id ?? idOf(plan) };
}

/** The values of a command line without words of its own. @throws TributaryError USAGE */
export function readOptions<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  argv: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: false, options }).values;
  } catch (error) {
    throw unreadable(error);
  }
}

function parse(argv: readonly string[]) {
  return readOptions(argv, {
    ...taskOptions,
    "nutcracker-stats": { type: "string" },
    "destination-keys": { type: "string" },
    "on-shrink": { type: "string" },
    "shrink-bound": { type: "string" },
    "on-flush": { type: "string" },
    publish: { type: "string" },
    "on-data-lost": { type: "string" },
    until: { type: "string" },
    json: { type: "boolean" },
    "no-heartbeat": { type: "boolean" },
    "skip-checks": { type: "boolean" },
    spool: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
}

/** What parseArgs has against a command line. */
function unreadable(error: unknown): TributaryError {
  const detail = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
  return new TributaryError("USAGE", { detail });
}

function sourceOf(file: string | undefined, pool: string | undefined, shards: readonly string[]) {
  if (file === undefined) {
    if (shards.length === 0)
      throw new TributaryError("USAGE", { detail: "--nutcracker or --shard is missing" });
    return { kind: "shards" as const, shards: shards.map((address) => ({ address })) };
  }
  if (shards.length > 0)
    throw new TributaryError("USAGE", { detail: "--nutcracker and --shard exclude each other" });
  const text = readText(file);
  return { kind: "nutcracker" as const, text, pool: pool ?? onlyPool(text) };
}

function furtherOf(texts: readonly string[]): Record<string, string> {
  const further = new Map<string, string>();
  for (const text of texts) {
    const [, name = "", addresses = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    // What follows the name may hold a password: it is not repeated.
    if (name === "") throw new TributaryError("USAGE", { detail: "--also takes NAME=URL" });
    const before = further.get(name);
    further.set(name, before === undefined ? addresses : `${before},${addresses}`);
  }
  return Object.fromEntries(further);
}

/** @throws TributaryError USAGE for what is not among the choices. */
export function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  choices: readonly T[],
): T | undefined {
  const chosen = choices.find((choice) => choice === value);
  if (value !== undefined && chosen === undefined) {
    throw new TributaryError("USAGE", { detail: `${option} takes ${choices.join(" or ")}, not ${value}` });
  }
  return chosen;
}

const destinationKeys = ["must-be-empty", "overwrite", "keep"] as const;

function shrinkOf(onShrink: string | undefined, bound: string | undefined): ShrinkPolicy {
  const chosen = oneOf("--on-shrink", onShrink, ["hold", "follow", "keep"]) ?? SHRINK_POLICY.onShrink;
  if (bound === undefined) return { ...SHRINK_POLICY, onShrink: chosen };
  const [, keys = "", percent = ""] = /^(\d{1,12}),(\d{1,3}(?:\.\d{1,3})?)$/.exec(bound) ?? [];
  if (keys === "" || Number(percent) > 100) {
    throw new TributaryError("USAGE", { detail: `--shrink-bound takes KEYS,PERCENT, not ${bound}` });
  }
  return { onShrink: chosen, maxKeys: Number(keys), maxShare: Number(percent) / 100 };
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new TributaryError("USAGE", { detail: `${file} cannot be read (${why})` });
  }
}

/** A file with one Redis pool needs no --pool; a syntax error is told by planTask. */
function onlyPool(text: string): string {
  const pools = parseNutcrackerConfig(text).pools.filter((pool) => pool.redis);
  if (pools.length > 1) {
    const names = pools.map((pool) => pool.name).join(", ");
    throw new TributaryError("USAGE", { detail: `--pool is missing; the file has ${names}` });
  }
  return pools[0]?.name ?? "";
}

function pairOf(text: string): { source: number; destination: number } {
  const match = /^(\d{1,6})(?::(\d{1,6}))?$/.exec(text);
  if (match === null)
    throw new TributaryError("USAGE", { detail: `--db takes SOURCE or SOURCE:DEST, not ${text}` });
  return { source: Number(match[1]), destination: Number(match[2] ?? match[1]) };
}

/** The same addresses give the same checkpoint, so that a second run goes on where the first one ended. */
function idOf(plan: TaskPlan): string {
  const parts = plan.shards.map((shard) => `${shard.id} ${formatAddress(shard.endpoint)}`);
  const text = [...parts, formatAddress(plan.destination), JSON.stringify(plan.databases)].join("\n");
  return `cli-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}
