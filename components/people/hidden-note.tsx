"use client";

import { EyeOff } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/components/format/cx";
import type { Masking } from "@/server/people/masking";
import { useMe } from "./me";

const words: Record<keyof Masking, string> = { values: "values", keys: "names of keys", hosts: "hosts" };

/** What is hidden from whoever looks; nothing for who sees everything. */
export function HiddenNote({ className }: { className?: string }) {
  const { hidden } = useMe();
  if (hidden === null) return null;
  const what = (["values", "keys", "hosts"] as const)
    .filter((name) => hidden[name])
    .map((name) => words[name]);
  const last = what.pop() ?? "";
  const list = what.length === 0 ? last : `${what.join(", ")} and ${last}`;
  return (
    <p className={cx("flex items-center gap-2 text-xs text-ink-3", className)}>
      <EyeOff className="size-3.5 shrink-0" aria-hidden />
      {list.charAt(0).toUpperCase() + list.slice(1)} are hidden from viewers. An administrator can change
      that.
    </p>
  );
}

/** What makes no sense where this is hidden. The server refuses it in any case. */
export function UnlessHidden({ what, children }: { what: keyof Masking; children: ReactNode }) {
  return useMe().hidden?.[what] ? null : children;
}
