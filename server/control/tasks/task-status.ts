import type { ShardStatus } from "../../sync/report/shard-report.ts";

/** From the worst to the best: a task's status is that of the first of these that any of its shards has. */
const worstFirst: readonly ShardStatus[] = [
  "failed",
  "held",
  "retrying",
  "connecting",
  "initial-sync",
  "prechecking",
  "pending",
  "paused",
  "synchronizing",
  "finished",
];

/** The state that stands for all; `states` has at least one. */
export function worstOf<State extends { readonly status: ShardStatus }>(states: readonly State[]): State {
  return states.reduce((worst, state) =>
    worstFirst.indexOf(state.status) < worstFirst.indexOf(worst.status) ? state : worst,
  );
}
