"use client";

import { ClipboardCopy } from "lucide-react";
import type { ReactNode } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { formatCount, formatPlural } from "@/components/format/count";
import type { Finding } from "./finding-kinds";

type SelectionBarProps = {
  taskId: string;
  run: number;
  /** Numbers of the chosen findings of the run. */
  chosen: readonly number[];
  findings: readonly Finding[];
  onClear: () => void;
  /** What else can be done with them. */
  children?: ReactNode;
};

/** What can be done with the chosen differences. */
export function SelectionBar({ chosen, findings, onClear, children }: SelectionBarProps) {
  const names = findings.filter(({ number }) => chosen.includes(number)).map(({ key }) => key.text);
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
      {children}
      <Button small onClick={() => void copy()}>
        <ClipboardCopy className="size-3.5" aria-hidden />
        Copy names
      </Button>
      <Button small look="quiet" onClick={onClear}>
        Choose none
      </Button>
    </div>
  );
}
