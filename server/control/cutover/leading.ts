import type { Database } from "../../../db/open-database.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Actor } from "../tasks/actor.ts";
import type { FinalDepth } from "../tasks/cutover-state.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import type { RepairRow } from "../verification/repair-store.ts";
import type { VerificationStore } from "../verification/verification-store.ts";
import type { VerifyJobs } from "../verification/verify-jobs.ts";
import { CUTOVER_BOUNDS, type CutoverBounds, type GateName } from "./cutover-gates.ts";
import { CutoverStore } from "./cutover-store.ts";
import type { CutoverView } from "./cutover-view.ts";
import { type CutoverOrder, Cutovers } from "./cutovers.ts";
import { type ClientsOfShard, clientsOf } from "./held-writes.ts";
import { type MigrationReport, migrationReport } from "./migration-report.ts";
import { type SwitchFile, switchFile } from "./switch-file.ts";

export type LeadingOptions = {
  readonly db: Database;
  readonly supervisor: Supervisor;
  readonly store: TaskStore;
  readonly writes: WriteBehind;
  readonly health: StorageHealth;
  readonly verifying: {
    readonly verifyJobs: VerifyJobs;
    readonly verifications: VerificationStore;
    readonly repairing: (taskId: string) => boolean;
    readonly repairsOf: (taskId: string) => readonly RepairRow[];
  };
  readonly box: SecretBox;
  readonly dataDirectory: string;
  readonly bounds: Partial<CutoverBounds>;
  readonly now: () => number;
  readonly onFailure: (what: string, error: unknown) => void;
};

/** The part of the control that leads tasks through their cutovers, and tells of whole migrations. */
export function openLeading(options: LeadingOptions) {
  const { db, supervisor, store, writes, box, dataDirectory, now } = options;
  const { verifyJobs, verifications, repairing, repairsOf } = options.verifying;
  const cutoverStore = new CutoverStore(db);
  const reportOf = (run: TaskRun): MigrationReport => {
    writes.flush();
    return migrationReport(
      run,
      {
        ...{ db, store, verifications },
        cutovers: cutoverStore.list(run.record.id),
        repairs: repairsOf(run.record.id),
      },
      now(),
    );
  };
  const cutovers = new Cutovers({
    ...{ supervisor, verifyJobs, verifications, repairing, box, dataDirectory, now },
    health: options.health,
    onFailure: options.onFailure,
    store: cutoverStore,
    bounds: { ...CUTOVER_BOUNDS, ...options.bounds },
    report: reportOf,
  });
  return {
    open: (): void => cutovers.open(),
    recall: (run: TaskRun): void => cutovers.recall(run),
    forget: (taskId: string): void => cutovers.forget(taskId),
    close: (): void => cutovers.close(),
    actions: {
      /** @throws TributaryError TASK_UNKNOWN */
      cutover: (taskId: string): CutoverView => cutovers.view(taskId),
      beginCutover: (taskId: string, actor: Actor): CutoverView => cutovers.begin(taskId, actor),
      orderCutover: (taskId: string, order: CutoverOrder, actor: Actor): CutoverView =>
        cutovers.order(taskId, order, actor),
      overrideGate: (taskId: string, gate: GateName, reason: string, actor: Actor): CutoverView =>
        cutovers.override(taskId, gate, reason, actor),
      withdrawOverride: (taskId: string, gate: GateName, actor: Actor): CutoverView =>
        cutovers.withdraw(taskId, gate, actor),
      verifyCutoverAgain: (taskId: string, depth: FinalDepth, actor: Actor): CutoverView =>
        cutovers.verifyAgain(taskId, depth, actor),
      holdWrites: (taskId: string, seconds: number, actor: Actor): Promise<CutoverView> =>
        cutovers.hold(taskId, seconds, actor),
      releaseWrites: (taskId: string, actor: Actor): Promise<CutoverView> => cutovers.release(taskId, actor),
      /** Who is connected to the shards. */
      shardClients: (taskId: string): Promise<ClientsOfShard[]> => clientsOf(cutovers.shardsAt(taskId)),
      switchFile: (taskId: string): SwitchFile =>
        switchFile(supervisor.run(taskId).record, { box, dataDirectory }),
      /** As it was at the end of the cutover, else as it is now. */
      report: (taskId: string): MigrationReport => {
        const run = supervisor.run(taskId);
        const kept = run.record.wanted === "finished" ? cutoverStore.report(taskId) : null;
        return kept ?? reportOf(run);
      },
    },
  };
}
