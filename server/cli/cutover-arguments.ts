import { type GateName, gateNames } from "../control/cutover/cutover-gates.ts";
import { MOST_HELD_SECONDS } from "../control/cutover/held-writes.ts";
import { type FinalDepth, finalDepths } from "../control/tasks/cutover-state.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { oneOf, readOptions } from "./sync-arguments.ts";

export const cutoverUsage = `Leads the cutover of a task of a running Tributary, step by step, as its page does.

  npm run cutover -- --task NAME [options]

  --task NAME         name or id of the task
  --url URL           where Tributary runs (default: http://127.0.0.1:3000)
  --until STEP        the step to go to: stop-writes, drain, verify, switch or finished (default)
  --wait SECONDS      how long to wait for the gates of a step (default: 300)
  --depth WHAT        depth of the final verification: counts, keys (default) or full
  --override GATE=WHY continue although this gate is shut, and record the reason; repeatable
  --hold-writes SECONDS
                      pause writes on the shards for this long (CLIENT PAUSE), from the second step on
  --back              go back one step, then exit
  --leave             leave the cutover, then exit
  --report            print the report of the migration as JSON, then exit
  --by NAME           your name, for the record
  --yes               finish without asking for the task's name
  --json              at the end, print the state of the cutover as JSON on standard output
  -h, --help

Set TRIBUTARY_TOKEN to an API token (Settings, API tokens) of an operator, or of an administrator for the last step.
You need none if Tributary runs with TRIBUTARY_AUTH=off.

Exit codes: 0 the step was reached, 1 a gate stayed shut or the request was refused, 2 wrong usage,
3 Tributary does not answer or has no such task, 4 it ended early and the cutover stays where it is.`;

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
