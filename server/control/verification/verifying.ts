import type { Database } from "../../../db/open-database.ts";
import { TributaryError } from "../../errors/tributary-error.ts";
import { printable } from "../../verify/printable.ts";
import type { EventLog } from "../history/event-log.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Actor } from "../tasks/actor.ts";
import { clearedBy } from "./cleared-shards.ts";
import { RepairJobs, type RepairPreview, type RepairView } from "./repair-jobs.ts";
import type { RepairSelection } from "./repair-selection.ts";
import { RepairStore } from "./repair-store.ts";
import type { VerifyOrder } from "./verification-store.ts";
import { VerificationStore } from "./verification-store.ts";
import { VerifyJobs, type VerifyView } from "./verify-jobs.ts";

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
    onEnded: (taskId, { outcome, sentence }) => {
      const level = outcome === "different" ? "alert" : outcome === "equal" ? "info" : "warning";
      events.add({ taskId, shardId: null, at: now(), level, type: "task-verified", message: `${sentence}.` });
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
  const repairJobs = new RepairJobs({ ...options, store: repairStore, verifications });
  /** @throws TributaryError TASK_UNKNOWN */
  const known = (taskId: string) => supervisor.run(taskId).record;
  return {
    verifyJobs,
    verifications,
    /** Keys are being repaired, or wait for it. */
    repairing: (taskId: string): boolean =>
      repairJobs.view(taskId).rows.some(({ state }) => state === "running" || state === "waiting"),
    /** Takes up what a restart has broken off. */
    begin: (): void => {
      verifyJobs.begin(known);
      repairJobs.begin();
    },
    /** Of a task that is about to be deleted. */
    end: async (taskId: string): Promise<void> => {
      await Promise.all([verifyJobs.end(taskId), repairJobs.end(taskId)]);
    },
    close: async (): Promise<void> => {
      await Promise.all([verifyJobs.close(), repairJobs.close()]);
    },
    actions: {
      /** Begins a verification; what it comes to is in `verifications`. @throws TributaryError VERIFY_RUNNING */
      verify: (taskId: string, order: VerifyOrder): VerifyView => verifyJobs.start(known(taskId), order),
      cancelVerification: (taskId: string): VerifyView => verifyJobs.cancel(known(taskId).id),
      pauseVerification: (taskId: string, paused: boolean): VerifyView =>
        verifyJobs.pause(known(taskId).id, paused),
      setVerificationPace: (
        taskId: string,
        pace: Pick<VerifyOrder, "keysPerSecond" | "bytesPerSecond">,
      ): VerifyView => verifyJobs.setPace(known(taskId).id, pace),
      verifications: (taskId: string): VerifyView => verifyJobs.view(known(taskId).id),
      /** @throws TributaryError VERIFICATION_UNKNOWN */
      verification: (taskId: string, id: number) => {
        const { name } = known(taskId);
        const found = verifications.get(taskId, id);
        if (found === null) throw new TributaryError("VERIFICATION_UNKNOWN", { task: name, run: id });
        return found;
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
      /** What has come of the keys of a repair, from the key `from` on. */
      repairedKeys: (taskId: string, id: number, from: number) =>
        repairStore.keys(known(taskId).id, id, from, PAGE).map(({ key, ...row }) => ({
          ...row,
          key: { text: printable(key), base64: key.toString("base64") },
        })),
    },
  };
}
