import type { Database } from "../../../db/open-database.ts";
import { TributaryError } from "../../errors/tributary-error.ts";
import { printable } from "../../verify/printable.ts";
import type { EventLog } from "../history/event-log.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Actor } from "../tasks/actor.ts";
import type { LastVerdict } from "../views/task-view.ts";
import { clearedBy } from "./cleared-shards.ts";
import { basisOf, lastVerdict } from "./last-verdict.ts";
import { RepairJobs, type RepairPreview, type RepairView } from "./repair-jobs.ts";
import type { RepairSelection } from "./repair-selection.ts";
import { type RepairRow, RepairStore } from "./repair-store.ts";
import { verificationQueries } from "./verification-queries.ts";
import { VerificationStore } from "./verification-store.ts";
import { VerifyJobs, type VerifyView } from "./verify-jobs.ts";
import type { VerifyOrder, VerifyPace } from "./verify-order.ts";
import { type ScheduleInput, type ScheduleView, VerifySchedules } from "./verify-schedules.ts";

export type VerifyingOptions = {
  readonly db: Database;
  readonly supervisor: Supervisor;
  readonly events: EventLog;
  readonly health: StorageHealth;
  readonly box: SecretBox;
  readonly dataDirectory: string;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
};

/** Keys of a repair that are given at a time. */
const PAGE = 1000;

/** The part of the control that verifies tasks and repairs what that finds. */
export function openVerifying(options: VerifyingOptions) {
  const { db, supervisor, events, now } = options;
  const verifications = new VerificationStore(db);
  const repairStore = new RepairStore(db);
  const verifyJobs = new VerifyJobs({
    ...options,
    store: verifications,
    basisOf: (taskId) => basisOf(supervisor.run(taskId)),
    onEnded: (taskId, { outcome, sentence }) => {
      const level = outcome === "different" ? "alert" : outcome === "equal" ? "info" : "warning";
      const message = sentence.endsWith(".") ? sentence : `${sentence}.`;
      events.add({ taskId, shardId: null, at: now(), level, type: "task-verified", message });
    },
    onVerdict: (taskId, verdict) => {
      const run = supervisor.run(taskId);
      const shards = run.shards.map(({ record, facts }) => ({
        id: record.id,
        differs: facts?.differs ?? null,
      }));
      for (const shardId of clearedBy(verdict, shards)) {
        supervisor.tell({ type: "acknowledge", taskId, shardId });
        const message = "Nothing differs from the shard any more: a verification has compared all keys.";
        supervisor.say(run, "difference-ended", message, "info", shardId);
      }
    },
  });
  const schedules = new VerifySchedules({
    ...options,
    hindrance: (taskId) => {
      if (verifyJobs.isRunning(taskId)) return "The run before it had not ended.";
      const { wanted } = supervisor.run(taskId).record;
      return wanted === "running" ? null : `The task was ${wanted === "created" ? "not started" : wanted}.`;
    },
    start: (taskId, order) => {
      verifyJobs.start(supervisor.run(taskId).record, order, "schedule");
    },
  });
  const repairJobs = new RepairJobs({ ...options, store: repairStore, verifications });
  /** @throws TributaryError TASK_UNKNOWN */
  const known = (taskId: string) => supervisor.run(taskId).record;
  return {
    verifyJobs,
    verifications,
    /** Keys are being repaired, or wait for it. */
    repairing: (taskId: string): boolean =>
      repairJobs.view(taskId).rows.some(({ state }) => state === "running" || state === "waiting"),
    /** Newest first. */
    repairsOf: (taskId: string): RepairRow[] => repairStore.list(taskId),
    /** Takes up what a restart has broken off. */
    begin: (): void => {
      verifyJobs.begin(known);
      repairJobs.begin();
      schedules.begin();
    },
    /** What the pages say of the last verdict of a task; null before there is one. */
    lastVerdict: (taskId: string): LastVerdict | null => {
      const newest = verifications.newest(taskId);
      if (newest === null) return null;
      return lastVerdict(supervisor.run(taskId), newest, repairStore.lastEnded(taskId), now());
    },
    /** Of a task that is about to be deleted. */
    end: async (taskId: string): Promise<void> => {
      await Promise.all([verifyJobs.end(taskId), repairJobs.end(taskId)]);
    },
    close: async (): Promise<void> => {
      schedules.close();
      await Promise.all([verifyJobs.close(), repairJobs.close()]);
    },
    actions: {
      /** Begins a verification; what it comes to is in `verifications`. @throws TributaryError VERIFY_RUNNING */
      verify: (taskId: string, order: VerifyOrder): VerifyView => verifyJobs.start(known(taskId), order),
      cancelVerification: (taskId: string): VerifyView => verifyJobs.cancel(known(taskId).id),
      pauseVerification: (taskId: string, paused: boolean): VerifyView =>
        verifyJobs.pause(known(taskId).id, paused),
      setVerificationPace: (taskId: string, pace: VerifyPace): VerifyView =>
        verifyJobs.setPace(known(taskId).id, pace),
      verifications: (taskId: string): VerifyView => verifyJobs.view(known(taskId).id),
      ...verificationQueries(supervisor, verifications),
      /** null where the task is verified only when somebody asks for it. */
      verifySchedule: (taskId: string): ScheduleView | null => schedules.get(known(taskId).id),
      /** @throws TributaryError INPUT_INVALID, SHARD_UNKNOWN */
      setVerifySchedule: (taskId: string, schedule: ScheduleInput | null): ScheduleView | null => {
        const { name, shards } = known(taskId);
        const shardId = schedule?.order.shardId ?? null;
        if (shardId !== null && !shards.some(({ id }) => id === shardId))
          throw new TributaryError("SHARD_UNKNOWN", { task: name, shard: shardId });
        if (schedule === null) schedules.remove(taskId);
        else schedules.set(taskId, schedule);
        return schedules.get(taskId);
      },
      /** What a repair of differences of a run would do. @throws TributaryError VERIFICATION_UNKNOWN */
      repairPreview: (taskId: string, id: number, selection: RepairSelection): RepairPreview =>
        repairJobs.preview(taskId, id, selection),
      /** @throws TributaryError REPAIR_RUNNING, REPAIR_REFUSED, VERIFICATION_UNKNOWN */
      repair: (
        taskId: string,
        id: number,
        selection: RepairSelection,
        agreed: boolean,
        actor: Actor,
      ): RepairView => repairJobs.start(taskId, id, selection, agreed, actor),
      cancelRepair: (taskId: string): RepairView => repairJobs.cancel(known(taskId).id),
      repairs: (taskId: string): RepairView => repairJobs.view(known(taskId).id),
      /** What became of the keys of a repair, from the key `from` on. */
      repairedKeys: (taskId: string, id: number, from: number, most = PAGE) =>
        repairStore.keys(known(taskId).id, id, from, most).map(({ key, ...row }) => ({
          ...row,
          key: { text: printable(key), base64: key.toString("base64") },
        })),
    },
  };
}
