"use client";

import { Wrench } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import type { Outputs } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import type { FindingKind } from "./finding-kinds";
import { RepairDialog } from "./repair-dialog";

type Verdict = NonNullable<Outputs["verify"]["run"]["verdict"]>;

const repairable = ["missing", "extra", "type", "value", "expiry"] as const;

type RepairAllProps = {
  taskId: string;
  run: number;
  verdict: Pick<Verdict, "counts" | "depth" | "differences">;
  /** null for all kinds. */
  kind: FindingKind | null;
};

/** A button for all differences of a kind, or of all kinds; nothing for what is no difference. */
export function RepairAll({ taskId, run, verdict, kind }: RepairAllProps) {
  const [open, setOpen] = useState(false);
  const one = repairable.find((candidate) => candidate === kind);
  const count = one === undefined ? verdict.differences : (verdict.counts[one] ?? 0);
  if ((kind !== null && one === undefined) || count === 0 || verdict.depth === "counts") return null;
  return (
    <ForRole needs="operator">
      <Button small onClick={() => setOpen(true)}>
        <Wrench className="size-3.5" aria-hidden />
        {one === undefined ? "Repair all…" : "Repair all of this kind…"}
      </Button>
      {open && (
        <RepairDialog
          taskId={taskId}
          run={run}
          selection={one === undefined ? {} : { kind: one }}
          onClose={() => setOpen(false)}
        />
      )}
    </ForRole>
  );
}
