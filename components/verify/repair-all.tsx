"use client";

import { Wrench } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { formatCount } from "@/components/format/count";
import type { Outputs } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import type { FindingKind } from "./finding-kinds";
import { RepairDialog } from "./repair-dialog";

type Verdict = NonNullable<Outputs["verify"]["run"]["verdict"]>;

const repairable = ["missing", "extra", "type", "value", "expiry"] as const;

type RepairAllProps = {
  taskId: string;
  run: number;
  verdict: Pick<Verdict, "counts" | "depth" | "shards">;
  /** null for all kinds. */
  kind: FindingKind | null;
  /** The id of the only shard; null for all. */
  shardId: string | null;
};

/** A button for all differences of a kind, of a shard, or of all; nothing for what is no difference. */
export function RepairAll({ taskId, run, verdict, kind, shardId }: RepairAllProps) {
  const [open, setOpen] = useState(false);
  const kinds = repairable.filter((candidate) => kind === null || candidate === kind);
  const shard = shardId === null ? -1 : verdict.shards.findIndex((one) => one.shardId === shardId);
  const counts = shardId === null ? verdict.counts : verdict.shards[shard]?.counts;
  const count = kinds.reduce((sum, one) => sum + (counts?.[one] ?? 0), 0);
  if (count === 0 || verdict.depth === "counts") return null;
  return (
    <ForRole needs="operator">
      <Button small onClick={() => setOpen(true)}>
        <Wrench className="size-3.5" aria-hidden />
        Repair all {formatCount(count)}…
      </Button>
      {open && (
        <RepairDialog
          taskId={taskId}
          run={run}
          selection={{ ...(kind !== null && { kind: kinds[0] }), ...(shard >= 0 && { shard }) }}
          onClose={() => setOpen(false)}
        />
      )}
    </ForRole>
  );
}
