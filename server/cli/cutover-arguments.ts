import { type GateName, gateNames } from "../control/cutover/cutover-gates.ts";
import { MOST_HELD_SECONDS } from "../control/cutover/held-writes.ts";
import { type FinalDepth, finalDepths } from "../control/tasks/cutover-state.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { oneOf, readOptions } from "./sync-arguments.ts";

export const cutoverUsage = `Leads the cutover of a task of a running Tributary, step by step, as its page does.

  npm run cutover -- --task NAME [options]

  --task NAME         the task, by its name or its id
  --url URL           where Tributary runs; http://127.0.0.1:3000 unless given
  --until STEP        stop-writes, drain, verify, switch or finished (the default): go as far as this step
  --wait SECONDS      wait so long for the gates of a step; 300 unless given
  --depth WHAT        of the final verification: counts, keys (the default) or full
  --override GATE=WHY go on although this gate is shut; may be repeated. The reason is recorded
  --hold-writes SECONDS
                      have the shards hold up writes for so long (CLIENT PAUSE), from the second step on
  --back              go one step back, and end
  --leave             leave the cutover, and end
  --report            print the report of the migration as JSON, and end
  --by NAME           who does this; recorded
  --yes               finish without asking for the task's name
  --json              print where the cutover is at the end as JSON on standard output
  -h, --help

TRIBUTARY_TOKEN holds an API token, as Settings, API tokens makes it: an operator's, or an administrator's for the last
step. Nobody is asked for one where Tributary runs with TRIBUTARY_AUTH=off.

Exit codes: 0 the step was reached, 1 a gate stayed shut or the order was refused, 2 usage,
3 Tributary does not answer or has no such task, 4 it was ended before: the cutover stays where it is.`;

const targets = ["stop-writes", "drain", "verify", "switch", "finished"] as const;

export type CutoverArguments = {
  readonly task: string;
  readonly url: string;
  readonly until: (typeof targets)[number];
  readonly waitMs: number;
  readonly depth: FinalDepth;
  readonly overrides: ReadonlyMap<GateName, string>;
  /** null where writes are not to be held up. */
  readonly holdSeconds: number | null;
  readonly only: "back" | "leave" | "report" | null;
  readonly by: string | undefined;
  readonly yes: boolean;
  readonly json: boolean;
  /** For the Authorization header; null without one. */
  readonly token: string | null;
};

/**
 * Reads the command line of `npm run cutover`. A token comes by the environment, since a command line is for every user
 * of the machine to read.
 * @returns null for --help. @throws TributaryError USAGE
 */
export function cutoverArguments(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CutoverArguments | null {
  const values = parse(argv);
  if (values.help) return null;
  if (values.task === undefined) throw usage("--task is missing");
  const only = (["back", "leave", "report"] as const).filter((one) => values[one]);
  if (only.length > 1) throw usage(`--${only.join(" and --")} exclude each other`);
  const url = values.url ?? "http://127.0.0.1:3000";
  if (!/^https?:\/\/[^/]/.test(url)) throw usage(`--url takes the address of Tributary, not ${url}`);
  return {
    task: values.task,
    url: url.replace(/\/+$/, ""),
    until: oneOf("--until", values.until, targets) ?? "finished",
    waitMs: secondsOf("--wait", values.wait, 86_400, 300) * 1000,
    depth: oneOf("--depth", values.depth, finalDepths) ?? "keys",
    overrides: new Map((values.override ?? []).map(overrideOf)),
    holdSeconds:
      values["hold-writes"] === undefined
        ? null
        : secondsOf("--hold-writes", values["hold-writes"], MOST_HELD_SECONDS, 0),
    only: only[0] ?? null,
    by: values.by,
    yes: values.yes ?? false,
    json: values.json ?? false,
    token: environment.TRIBUTARY_TOKEN?.trim() || null,
  };
}

function parse(argv: readonly string[]) {
  return readOptions(argv, {
    task: { type: "string" },
    url: { type: "string" },
    until: { type: "string" },
    wait: { type: "string" },
    depth: { type: "string" },
    override: { type: "string", multiple: true },
    "hold-writes": { type: "string" },
    back: { type: "boolean" },
    leave: { type: "boolean" },
    report: { type: "boolean" },
    by: { type: "string" },
    yes: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
}

function overrideOf(text: string): [GateName, string] {
  const at = text.indexOf("=");
  const name = gateNames.find((one) => one === text.slice(0, at));
  const reason = text.slice(at + 1).trim();
  if (at < 0 || name === undefined || reason === "")
    throw usage(`--override takes GATE=REASON with one of ${gateNames.join(", ")}, not ${text}`);
  return [name, reason];
}

function secondsOf(option: string, text: string | undefined, most: number, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw usage(`${option} takes whole seconds from 1 to ${most}, not ${text}`);
  return value;
}

function usage(detail: string): TributaryError {
  return new TributaryError("USAGE", { detail });
}
