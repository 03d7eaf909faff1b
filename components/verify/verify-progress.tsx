import { Button } from "@/components/controls/button";
import { ProgressBar } from "@/components/controls/progress-bar";
import { formatCount, formatPlural, formatRate } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { useNow } from "@/components/live/now";
import type { Outputs } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";

type Running = NonNullable<Outputs["verify"]["view"]["running"]>;

const phases: Record<Running["phase"], string> = {
  connecting: "Connecting",
  counts: "Counting keys",
  forward: "Comparing the shards' keys",
  backward: "Looking for keys that no shard has",
  settling: "Looking again at what differed",
  done: "Ending",
};

/** How far a run is, how fast it goes, and its end. */
export function VerifyProgress({
  running,
  onPause,
  onCancel,
}: {
  running: Running;
  onPause: (paused: boolean) => void;
  onCancel: () => void;
}) {
  const { phase, done, total, paused, differences, suspects } = running;
  const seconds = Math.max(0.001, (useNow() - running.startedAt) / 1000);
  const rate = done / seconds;
  const left = rate > 0 && total > done ? (total - done) / rate : null;
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="font-medium">{paused ? "Paused" : phases[phase]}</p>
        <ForRole needs="operator">
          <div className="flex gap-2">
            <Button small onClick={() => onPause(!paused)}>
              {paused ? "Resume" : "Pause"}
            </Button>
            <Button small onClick={onCancel}>
              Cancel
            </Button>
          </div>
        </ForRole>
      </div>
      <ProgressBar label="Keys looked at" fraction={total > 0 ? done / total : null} />
      <p className="num text-xs text-ink-3">
        {formatCount(done)} of about {formatPlural(total, "key")}, {formatRate(rate)}
        {left !== null && !paused && `, about ${formatDuration(left)} left`}
        {`; ${formatPlural(differences, "difference")} so far`}
        {suspects > 0 && `, ${formatPlural(suspects, "key")} to look at again`}
      </p>
    </div>
  );
}
