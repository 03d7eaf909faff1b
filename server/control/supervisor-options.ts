import type { EngineLives } from "./engine-lives.ts";
import type { EventLog } from "./event-log.ts";
import type { GivenUpShards } from "./given-up-shards.ts";
import type { RunPrechecks } from "./precheck-verdict.ts";
import type { SecretBox } from "./secret-box.ts";
import type { ShardRunner, ShardRunnerListener } from "./shard-runner.ts";
import type { StorageHealth } from "./storage-health.ts";
import type { TaskInput } from "./task-input.ts";
import type { TaskPlan } from "./task-plan.ts";
import type { TaskRecord } from "./task-record.ts";
import type { TaskStore } from "./task-store.ts";
import type { WriteBehind } from "./write-behind.ts";

export type SupervisorOptions = {
  readonly store: TaskStore;
  readonly events: EventLog;
  readonly writes: WriteBehind;
  readonly health: StorageHealth;
  /** How the engine's former lives ended. */
  readonly lives: EngineLives;
  /** Shards that are not started again by themselves. */
  readonly givenUp: GivenUpShards;
  readonly box: SecretBox;
  readonly runPrechecks: RunPrechecks;
  readonly plan: (input: Omit<TaskInput, "name">) => Promise<TaskPlan>;
  /** Makes the runner, given who listens to it. */
  readonly runner: (listener: ShardRunnerListener) => ShardRunner;
  readonly dataDirectory: string;
  readonly spoolQuotaBytes: () => number;
  /** What a deleted task left behind on the destination can be cleared away. */
  readonly onDeleted: (task: TaskRecord) => void;
  readonly now?: () => number;
};
