import type { RunPrechecks } from "../checks/precheck-verdict.ts";
import type { EngineLives } from "../engine/engine-lives.ts";
import type { ShardRunner, ShardRunnerListener } from "../engine/shard-runner.ts";
import type { EventLog } from "../history/event-log.ts";
import type { TaskInput } from "../plan/task-input.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { GivenUpShards } from "../tasks/given-up-shards.ts";
import type { TaskRecord } from "../tasks/task-record.ts";
import type { TaskStore } from "../tasks/task-store.ts";

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
