"use client";

import { ClipboardCopy, Wrench } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { formatCount, formatPlural } from "@/components/format/count";
import { ForRole } from "@/components/people/me";
import type { Finding } from "./finding-kinds";
import { RepairDialog } from "./repair-dialog";

type SelectionBarProps = {
  taskId: string;
  run: number;
  /** Numbers of the chosen findings of the run. */
  chosen: readonly number[];
  findings: readonly Finding[];
  onClear: () => void;
};

/** What can be done with the chosen differences. */
export function SelectionBar({ taskId, run, chosen, findings, onClear }: SelectionBarProps) {
  const [repairing, setRepairing] = useState(false);
  const those = findings.filter(({ number }) => chosen.includes(number));
  const names = those.map(({ key }) => key.text);
  async function copy() {
    try {
      await navigator.clipboard.writeText(`${names.join("\n")}\n`);
      toast.success(`Copied ${formatPlural(names.length, "name")}`);
    } catch {
      toast.error("The browser does not let the names be copied", {
        description: "Export them as CSV or JSON instead.",
      });
    }
  }
  return (
    <div role="toolbar" aria-label="Chosen differences" className="flex flex-wrap items-center gap-2">
      <span className="num text-[0.8125rem] font-medium">{formatCount(chosen.length)} chosen</span>
      <ForRole needs="operator">
        <Button small onClick={() => setRepairing(true)}>
          <Wrench className="size-3.5" aria-hidden />
          Repair…
        </Button>
      </ForRole>
      <Button small onClick={() => void copy()}>
        <ClipboardCopy className="size-3.5" aria-hidden />
        Copy names
      </Button>
      <Button small look="quiet" onClick={onClear}>
        Choose none
      </Button>
      {repairing && (
        <RepairDialog
          taskId={taskId}
          run={run}
          selection={{
            keys: those.flatMap(({ db, key }) => (key.base64 === null ? [] : { db, key: key.base64 })),
          }}
          onClose={() => setRepairing(false)}
        />
      )}
    </div>
  );
}
