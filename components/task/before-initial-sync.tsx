import { ProgressBar } from "@/components/controls/progress-bar";
import type { ShardStatus } from "@/server/sync/report/shard-report";

const steps: Partial<Record<ShardStatus, string>> = {
  prechecking: "Checking both ends",
  connecting: "Setting up the replication link",
  "initial-sync": "Asking the master for its RDB",
};

/** Holds the place of the initial sync's progress until the first is known, so that the card does not jump. */
export function BeforeInitialSync({ status }: { status: ShardStatus }) {
  const step = steps[status];
  if (step === undefined) return null;
  return (
    <div className="mt-4 rounded-lg bg-sunken px-3.5 py-3">
      <p className="mb-2 text-[0.8125rem] font-medium">{step}</p>
      <ProgressBar label={step} fraction={null} />
      <p className="mt-2 min-h-8 text-xs text-ink-2">The copy starts when it answers.</p>
    </div>
  );
}
