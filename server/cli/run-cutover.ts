import { setTimeout as sleep } from "node:timers/promises";
import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import type { AppRouter } from "../api/router.ts";
import type { Gate, GateName } from "../control/cutover/cutover-gates.ts";
import type { CutoverView } from "../control/cutover/cutover-view.ts";
import type { CutoverStep } from "../control/tasks/cutover-state.ts";
import { shownText } from "../errors/shown-text.ts";
import type { CutoverArguments } from "./cutover-arguments.ts";

/** Exit codes of `npm run cutover`, beside 0: the step was reached. */
export const cutoverExitCodes = { refused: 1, usage: 2, unreachable: 3, ended: 4 } as const;

const LOOK_MS = 500;
/** ms between two words about the same gates. */
const SAY_MS = 5000;

type Api = ReturnType<typeof createTRPCClient<AppRouter>>;

export type CutoverTalk = {
  /** What is going on, for people. */
  readonly say: (line: string) => void;
  readonly print: (text: string) => void;
  /** Asks for the task's name before the end; null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
};

/** Leads the cutover of a task of a running Tributary through its API. @returns the exit code */
export async function runCutover(
  options: CutoverArguments,
  { say, print, ask }: CutoverTalk,
  stop: AbortSignal,
): Promise<number> {
  const headers = options.token === null ? {} : { authorization: `Bearer ${options.token}` };
  const api = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${options.url}/api/trpc`, headers })] });
  try {
    const id = await taskId(api, options.task);
    if (id === null) {
      const problem = `There is no task ${shownText(options.task)} at ${options.url}.`;
      say(problem);
      if (options.json) print(JSON.stringify({ problem, reason: null }, null, 2));
      return cutoverExitCodes.unreachable;
    }
    if (options.only === "report") {
      print(JSON.stringify(await api.cutover.report.query({ id }), null, 2));
      return 0;
    }
    const leader = new Leader(api, id, options, { say, print, ask }, stop);
    const code = options.only === null ? await leader.lead() : await leader.turn(options.only);
    if (options.json) print(JSON.stringify(await api.cutover.get.query({ id }), null, 2));
    return code;
  } catch (error) {
    if (stop.aborted) return cutoverExitCodes.ended;
    const reason = error instanceof TRPCClientError ? (error.data?.reason ?? null) : null;
    const sentence =
      reason === null
        ? `Tributary does not answer at ${options.url}: ${error instanceof Error ? error.message : error}`
        : `${reason.message} ${reason.remedy}`;
    say(sentence);
    if (options.json) print(JSON.stringify({ problem: sentence, reason }, null, 2));
    return reason === null ? cutoverExitCodes.unreachable : cutoverExitCodes.refused;
  }
}

async function taskId(api: Api, task: string): Promise<string | null> {
  const tasks = await api.task.list.query();
  return tasks.find(({ id, name }) => id === task || name === task)?.id ?? null;
}

const order: readonly CutoverStep[] = [
  "gates",
  "stop-writes",
  "drain",
  "verify",
  "settle",
  "switch",
  "finish",
  "finished",
];

class Leader {
  readonly #api: Api;
  readonly #id: string;
  readonly #options: CutoverArguments;
  readonly #talk: CutoverTalk;
  readonly #stop: AbortSignal;

  constructor(api: Api, id: string, options: CutoverArguments, talk: CutoverTalk, stop: AbortSignal) {
    this.#api = api;
    this.#id = id;
    this.#options = options;
    this.#talk = talk;
    this.#stop = stop;
  }

  get #who() {
    const { by } = this.#options;
    return { id: this.#id, ...(by === undefined ? {} : { by }) };
  }

  /** One order alone. */
  async turn(move: "back" | "leave"): Promise<number> {
    const { cutover } = await this.#view();
    const step = cutover?.state.step ?? "gates";
    await this.#api.cutover.order.mutate({ ...this.#who, step, move });
    this.#talk.say(move === "back" ? `Went back from ${step}.` : "The cutover was left.");
    return 0;
  }

  /** From where it is to the step that is wanted. */
  async lead(): Promise<number> {
    let view = await this.#view();
    if (view.cutover === null || view.cutover.state.step === "left")
      view = await this.#api.cutover.begin.mutate(this.#who);
    for (;;) {
      const step = view.cutover!.state.step;
      if (order.indexOf(step) >= order.indexOf(this.#options.until)) return this.#arrived(view);
      this.#talk.say(`Step ${step}`);
      if (step === "stop-writes" && this.#options.holdSeconds !== null && view.cutover!.heldWrites === null)
        await this.#hold(this.#options.holdSeconds);
      const open = await this.#untilOpen(step);
      if (open === null) return this.#stop.aborted ? cutoverExitCodes.ended : cutoverExitCodes.refused;
      view = open;
      if (view.cutover!.state.step !== step) continue;
      const { name } = view.task;
      if (step === "switch" && !(await this.#confirmed(name))) return cutoverExitCodes.ended;
      const { depth } = this.#options;
      const confirm = step === "switch" ? { confirm: name } : {};
      view = await this.#api.cutover.order.mutate({ ...this.#who, step, move: "proceed", depth, ...confirm });
    }
  }

  /** Shows where the application is to be switched to, and asks whether that is done. */
  async #confirmed(name: string): Promise<boolean> {
    await this.#sayTarget();
    if (this.#options.yes) return true;
    const { ask } = this.#talk;
    if (ask === null) {
      this.#talk.say("It waits at the switch: run it again with --yes to finish.");
      return false;
    }
    const typed = await ask(`Switch the application. Then type ${name} to finish for good: `);
    if (typed.trim() === name) return true;
    this.#talk.say("Not finished: it waits at the switch.");
    return false;
  }

  #view(): Promise<CutoverView> {
    return this.#api.cutover.get.query({ id: this.#id });
  }

  async #hold(seconds: number): Promise<void> {
    const { cutover } = await this.#api.cutover.holdWrites.mutate({ ...this.#who, seconds });
    for (const { name, problem } of cutover?.heldWrites?.shards ?? [])
      this.#talk.say(`  ${name}: ${problem ?? `writes are paused for ${seconds} s`}`);
  }

  /** Waits until nothing stands against going on, or the step has changed by itself. @returns null where it stays so. */
  async #untilOpen(step: CutoverStep): Promise<CutoverView | null> {
    const deadline = Date.now() + this.#options.waitMs;
    let [said, saidAt] = ["", 0];
    for (;;) {
      const view = await this.#view();
      if (view.cutover?.state.step !== step) return view;
      // What goes on by itself has no gates.
      const shut = view.gates.filter(({ ok, override, advisory }) => !ok && override === null && !advisory);
      const waits = step === "settle" || step === "finish";
      if (!waits && shut.length === 0) return view;
      if (await this.#override(shut)) continue;
      const text = view.problem ?? shut.map(gateText).join("\n");
      // Numbers change all the time: what is shut is said at once, how it goes now and then.
      const which = shut.map(({ name }) => name).join() + (view.problem ?? "");
      if (text !== "" && (which !== said || Date.now() - saidAt >= SAY_MS)) {
        this.#talk.say(text);
        [said, saidAt] = [which, Date.now()];
      }
      if (this.#stop.aborted || Date.now() >= deadline) return null;
      await sleep(LOOK_MS, undefined, { signal: this.#stop }).catch(() => {});
    }
  }

  async #override(shut: readonly Gate[]): Promise<boolean> {
    const gate = shut.find(({ name }) => this.#options.overrides.has(name));
    if (gate === undefined) return false;
    const name: GateName = gate.name;
    const reason = this.#options.overrides.get(name)!;
    await this.#api.cutover.override.mutate({ ...this.#who, gate: name, reason });
    this.#talk.say(`  overridden: ${gate.title} (${reason})`);
    return true;
  }

  async #sayTarget(): Promise<void> {
    const { directory, endpoint, notes } = await this.#api.cutover.file.query({ id: this.#id });
    if (directory !== null)
      this.#talk.say(`  nutcracker.yml, and the former one, lie in ${directory} on its host`);
    this.#talk.say(`  the destination: ${endpoint}`);
    for (const note of notes) this.#talk.say(`  note: ${note}`);
  }

  #arrived({ cutover, task }: CutoverView): number {
    const step = cutover!.state.step;
    this.#talk.say(step === "finished" ? `${task.name} is finished.` : `${task.name} is at ${step}.`);
    return 0;
  }
}

function gateText({ title, parts, remedy }: Gate): string {
  const wrong = parts.filter(({ ok }) => !ok);
  const measured = wrong.map(({ shard, measured }) => (shard === null ? measured : `${shard}: ${measured}`));
  return `  shut: ${title}: ${measured.map((text) => shownText(text)).join("; ")}. ${remedy}`;
}
