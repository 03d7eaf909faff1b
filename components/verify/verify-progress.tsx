"use client";

import { Gauge, Pause, Play, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { ProgressBar } from "@/components/controls/progress-bar";
import { formatByteRate } from "@/components/format/bytes";
import { formatCount, formatPlural, formatRate } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { ForRole } from "@/components/people/me";
import { LimitsDialog } from "./limits-dialog";
import type { Running, useVerification } from "./use-verification";

const phases: Record<Running["phase"], string> = {
  connecting: "Connecting",
  counts: "Counting keys",
  forward: "Comparing the shards' keys",
  backward: "Looking for keys that no shard has",
  settling: "Looking again at what differed",
  done: "Ending",
};

type VerifyProgressProps = {
  taskId: string;
  running: Running;
  verification: ReturnType<typeof useVerification>;
};

/** How far a run is and how fast it goes; its limits, a pause, its end. */
export function VerifyProgress({ taskId, running, verification }: VerifyProgressProps) {
  const { phase, done, total, paused } = running;
  const { pause, cancel, setPace } = verification;
  const [limits, setLimits] = useState(false);
  return (
    <div className="space-y-3" data-verifying={phase}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="font-medium">{paused ? "Paused" : phases[phase]}</p>
        <ForRole needs="operator">
          <div className="flex flex-wrap gap-2">
            {running.depth !== "counts" && (
              <>
                <Button small onClick={() => setLimits(true)}>
                  <Gauge className="size-3.5" aria-hidden />
                  Limits…
                </Button>
                <Button
                  small
                  busy={pause.isPending}
                  onClick={() => pause.mutate({ id: taskId, paused: !paused })}
                >
                  {paused ? (
                    <Play className="size-3.5" aria-hidden />
                  ) : (
                    <Pause className="size-3.5" aria-hidden />
                  )}
                  {paused ? "Resume" : "Pause"}
                </Button>
              </>
            )}
            <Button small busy={cancel.isPending} onClick={() => cancel.mutate({ id: taskId })}>
              <X className="size-3.5" aria-hidden />
              Cancel
            </Button>
          </div>
        </ForRole>
      </div>
      <ProgressBar label="Keys looked at" fraction={total > 0 ? done / total : null} />
      <p className="num text-xs text-ink-3">
        {sentences(running)
          .filter((text) => text !== null)
          .join("; ")}
      </p>
      {limits && (
        <LimitsDialog taskId={taskId} running={running} setPace={setPace} onClose={() => setLimits(false)} />
      )}
    </div>
  );
}

function sentences(running: Running): (string | null)[] {
  const { done, total, paused, keysReadPerSecond: rate, bytesReadPerSecond: bytes, secondsLeft } = running;
  const { keysPerSecond, bytesPerSecond, differences, suspects } = running;
  const most = [
    keysPerSecond === null ? null : `${formatCount(keysPerSecond)} keys/s`,
    bytesPerSecond === null ? null : `${bytesPerSecond / 1e6} MB/s`,
  ].filter((limit) => limit !== null);
  return [
    total === 0 ? null : `${formatCount(done)} of about ${formatPlural(total, "key")}`,
    rate === null || paused
      ? null
      : `${formatRate(rate)}${bytes === null ? "" : `, ${formatByteRate(bytes)}`}`,
    secondsLeft === null || paused ? null : `about ${formatDuration(secondsLeft)} left`,
    most.length === 0 ? null : `at most ${most.join(" and ")}`,
    `${formatPlural(differences, "difference")} so far`,
    suspects === 0 ? null : `${formatPlural(suspects, "key")} to look at again`,
  ];
}
