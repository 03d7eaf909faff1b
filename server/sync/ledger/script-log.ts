import { withoutSecrets } from "../../errors/known-secrets.ts";
import { commandSample } from "../commands/command-sample.ts";
import { mergeAnswers } from "../report/script-answers.ts";
import type { ScriptRuns } from "../report/shard-report.ts";

/** Scripts that are told apart; what others did is gathered under one name. */
const MAX_SCRIPTS = 100;
const OTHERS = { sha: "", name: "(other scripts)" };

export type RunScript = { readonly sha: string; readonly name: string };

type Gathering = { -readonly [K in keyof ScriptRuns]: ScriptRuns[K] };

/** Gathers how a shard's scripts ran on the destination, between two reports. */
export class ScriptLog {
  readonly #now: () => number;
  readonly #reported = new Set<string>();
  #records = new Map<string, Gathering>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param answer of the destination: what the script returned, or its error. */
  add(script: RunScript, failed: boolean, answer: string): void {
    const { sha, name } = this.#slot(script);
    const at = this.#now();
    let record = this.#records.get(sha);
    if (record === undefined) {
      record = { sha, name, ran: 0, failed: 0, answers: [], lastAnswer: "", lastFailed: false, lastAt: at };
      this.#records.set(sha, record);
    }
    if (failed) record.failed++;
    else record.ran++;
    record.answers = mergeAnswers(record.answers, [{ text: answer, failed, count: 1 }]);
    record.lastAnswer = answer;
    record.lastFailed = failed;
    record.lastAt = at;
  }

  #slot(script: RunScript): RunScript {
    if (this.#reported.has(script.sha)) return script;
    if (this.#reported.size >= MAX_SCRIPTS) return OTHERS;
    this.#reported.add(script.sha);
    return script;
  }

  /** What has come since the last call. */
  take(): ScriptRuns[] {
    if (this.#records.size === 0) return [];
    const records = [...this.#records.values()];
    this.#records = new Map();
    for (const record of records) {
      record.answers = record.answers.map((answer) => ({ ...answer, text: withoutSecrets(answer.text) }));
      record.lastAnswer = withoutSecrets(record.lastAnswer);
    }
    return records;
  }
}

/** How a script is called on the page: the first of its lines that says something. */
export function scriptName(body: Uint8Array): string {
  const line = Buffer.from(body.subarray(0, 1024))
    .toString("latin1")
    .split("\n")
    .map((text) => text.trim())
    .find((text) => text !== "");
  return commandSample([Buffer.from(line ?? "", "latin1")], 1);
}
