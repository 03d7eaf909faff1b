import { createHash } from "node:crypto";
import { TributaryError } from "../../errors/tributary-error.ts";
import type { DestinationUse, PrecheckReport } from "../../precheck/precheck-report.ts";
import type { DestinationKeysPolicy } from "../../sync/spec/shard-sync-spec.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import type { StartConfirmation, TaskRecord } from "../tasks/task-record.ts";

/** What has to be confirmed before a task writes into a destination that is in use. */
export type StartQuestion = {
  /** Names what is asked: given back, it says what was confirmed. */
  readonly token: string;
  readonly destinationKeys: DestinationKeysPolicy;
  readonly address: string;
  readonly use: DestinationUse;
};

/** What a caller sends to confirm. */
export type GivenConfirmation = Actor & { readonly token: string };

/** @returns null where nothing needs to be confirmed: the destination is empty, or the task has been there before. */
export function startQuestion(
  report: PrecheckReport,
  destinationKeys: DestinationKeysPolicy,
): StartQuestion | null {
  const { use } = report;
  if (use === null || use.began) return null;
  if (use.keys.length === 0 && use.neighbors.length === 0) return null;
  // Beside another task keys come and go: then it is the task that is confirmed, not which databases hold keys now.
  const ids = use.neighbors.map(({ id }) => id).sort();
  const seen = ids.length > 0 ? ids : use.keys.map(({ db }) => db);
  const token = createHash("sha256")
    .update(JSON.stringify([destinationKeys, seen]))
    .digest("hex");
  return { token: token.slice(0, 16), destinationKeys, address: report.destination.address, use };
}

/** @throws UnconfirmedError where there is a question that this does not answer. */
export function confirmStart(
  question: StartQuestion | null,
  given: GivenConfirmation | null,
  now: number,
): StartConfirmation | null {
  if (question === null) return null;
  if (given === null || given.token !== question.token) throw new UnconfirmedError(question);
  const { token, destinationKeys, use } = question;
  return {
    by: given.by,
    from: given.from,
    token,
    at: now,
    destinationKeys,
    keys: use.keys.reduce((sum, { keys }) => sum + keys, 0),
    neighbors: use.neighbors.map(({ id, name }) => name ?? id),
  };
}

/** A start that has to be confirmed, with what is to be confirmed at hand. */
export class UnconfirmedError extends TributaryError {
  readonly question: StartQuestion;

  constructor(question: StartQuestion) {
    const { address, use } = question;
    const keys = use.keys.reduce((sum, one) => sum + one.keys, 0);
    const held = keys === 0 ? [] : [`holds ${keys} ${keys === 1 ? "key" : "keys"} already`];
    const names = use.neighbors.map(({ id, name }) => name ?? id).slice(0, 3);
    const shared = names.length === 0 ? [] : [`is written by another task (${names.join(", ")})`];
    super("START_UNCONFIRMED", { address, detail: [...held, ...shared].join(" and ") });
    this.question = question;
  }
}

/** What a caller of a first start says about a destination in use. */
export type StartAnswer = {
  readonly confirmation?: GivenConfirmation | null;
  /** Replaces the task's choice. */
  readonly destinationKeys?: DestinationKeysPolicy | undefined;
};

/** What an answer changes in the record, before the checks say whether it was an answer to their question. */
export function answeredChange(
  record: Pick<TaskRecord, "destinationKeys" | "confirmed">,
  answer: StartAnswer,
  at: number,
): Pick<TaskRecord, "destinationKeys" | "confirmed"> {
  const { confirmation = null, destinationKeys = record.destinationKeys } = answer;
  if (confirmation === null) return { destinationKeys, confirmed: record.confirmed };
  return { destinationKeys, confirmed: { ...confirmation, at, destinationKeys, keys: null, neighbors: [] } };
}

const outcomes: Readonly<Record<DestinationKeysPolicy, string>> = {
  "must-be-empty": "no key may be there",
  overwrite: "keys of the same name are overwritten",
  keep: "keys that are there are kept",
};

/** The sentence of the event. */
export function confirmationText(confirmed: StartConfirmation): string {
  const { keys, neighbors, destinationKeys } = confirmed;
  const beside = neighbors.length === 0 ? "" : `, beside ${neighbors.join(", ")}`;
  const found = keys === null ? "" : ` that holds ${keys} ${keys === 1 ? "key" : "keys"}`;
  return `The start into a destination${found}${beside} was confirmed ${byWhom(confirmed)}: ${outcomes[destinationKeys]}.`;
}
