import type { TaskPlan } from "../control/plan/task-plan.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { type DifferenceKind, differenceKinds } from "../verify/difference.ts";
import type { PaceLimits } from "../verify/pace.ts";
import { printedBytes } from "../verify/printable.ts";
import { type VerifyDepth, type VerifyRange, verifyDepths } from "../verify/verify-spec.ts";
import { oneOf, readOptions, taskOf, taskOptions } from "./sync-arguments.ts";

export const verifyUsage = `Compares the destination with the shards, even while they are being synchronized.

  npm run verify -- --nutcracker FILE [--pool NAME] --destination URL [options]
  npm run verify -- --shard URL [--shard URL …]     --destination URL [options]

  --nutcracker FILE, --pool NAME, --shard URL, --also NAME=URL, --destination URL, --db SOURCE[:DEST],
  --merge-policy WHO, --id NAME
                      the same as for npm run sync; they identify the task. --id also takes the id of a
                      task that was created on the pages
  --depth WHAT        counts (seconds), keys (existence and type) or full (value and expiry, the default)
  --sample PERCENT    only this share of the keys, chosen by name
  --prefix TEXT       only keys with this prefix; \\xNN stands for any byte
  --only-shard NAME   only the keys of this shard
  --keys-per-second N, --mb-per-second N
                      read at most this much
  --replicas          read from a replica of each shard instead of its master, if one answers
  --repair KINDS      let the running shard syncs repair the differences, then verify again: all, or some
                      of missing,extra,type,value,expiry
  --patience SECONDS  how long to wait for the destination to catch up (default: 30)
  --list N            how many differences to show (default: 20)
  --json              print the verdict as JSON on standard output, with up to 10,000 differences
  -h, --help

It writes nothing, except with --repair. A difference counts only if it outlasts the lag.
Exit codes: 0 equal (with --repair: now), 1 different, 2 could not tell (usage included).`;

export type VerifyArguments = {
  readonly plan: TaskPlan;
  readonly taskId: string;
  readonly depth: VerifyDepth;
  readonly range: VerifyRange;
  readonly pace: PaceLimits;
  readonly patienceMs: number;
  readonly list: number;
  readonly json: boolean;
  readonly replicas: boolean;
  /** Kinds of differences that are repaired; empty for none. */
  readonly repair: readonly DifferenceKind[];
};

/**
 * Reads the command line of `npm run verify`. @returns null for --help.
 * @throws TributaryError USAGE and those of planTask.
 */
export function verifyArguments(argv: readonly string[]): VerifyArguments | null {
  const values = parse(argv);
  if (values.help) return null;
  const { plan, taskId } = taskOf(values);
  const depth = oneOf("--depth", values.depth, verifyDepths) ?? "full";
  const sample = numberOf("--sample", values.sample, 100, 100);
  const prefix = values.prefix === undefined ? null : printedBytes(values.prefix);
  const only = values["only-shard"];
  const shard =
    only === undefined ? null : plan.shards.findIndex(({ name, id }) => name === only || id === only);
  if (shard === -1) {
    const names = plan.shards.map(({ name }) => name).join(", ");
    throw new TributaryError("USAGE", { detail: `--only-shard takes one of ${names}` });
  }
  if (depth === "counts" && (sample < 100 || prefix !== null || shard !== null)) {
    throw new TributaryError("USAGE", { detail: "--depth counts takes all keys: without a range" });
  }
  return {
    plan,
    taskId,
    depth,
    range: { sample, prefix, shard },
    pace: {
      keysPerSecond: numberOf("--keys-per-second", values["keys-per-second"], Number.POSITIVE_INFINITY),
      bytesPerSecond: numberOf("--mb-per-second", values["mb-per-second"], Number.POSITIVE_INFINITY) * 1e6,
    },
    patienceMs: numberOf("--patience", values.patience, 30) * 1000,
    list: numberOf("--list", values.list, 20),
    json: values.json ?? false,
    replicas: values.replicas ?? false,
    repair: kindsOf(values.repair, depth),
  };
}

function parse(argv: readonly string[]) {
  return readOptions(argv, {
    ...taskOptions,
    depth: { type: "string" },
    sample: { type: "string" },
    prefix: { type: "string" },
    "only-shard": { type: "string" },
    "keys-per-second": { type: "string" },
    "mb-per-second": { type: "string" },
    patience: { type: "string" },
    list: { type: "string" },
    json: { type: "boolean" },
    replicas: { type: "boolean" },
    repair: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
}

function numberOf(
  option: string,
  text: string | undefined,
  otherwise: number,
  most = Number.POSITIVE_INFINITY,
): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= most) return value;
  const bound = most === Number.POSITIVE_INFINITY ? "" : ` up to ${most}`;
  throw new TributaryError("USAGE", { detail: `${option} takes a number above 0${bound}, not ${text}` });
}

function kindsOf(text: string | undefined, depth: VerifyDepth): readonly DifferenceKind[] {
  if (text === undefined) return [];
  if (depth === "counts")
    throw new TributaryError("USAGE", { detail: "--repair takes a --depth that finds keys: keys or full" });
  if (text === "all") return differenceKinds;
  return text.split(",").map((kind) => oneOf("--repair", kind, differenceKinds)!);
}
