import { CircleHelp } from "lucide-react";
import { cx } from "@/components/format/cx";
import type { Tone } from "@/components/status/status-words";
import type { StatusShard } from "@/server/control/views/status-board";
import { figureOf, healthLooks, wordsOf } from "./board-words";

/** What needs somebody is filled, the rest is quiet: it is seen from across a room. */
export const cellLook: Readonly<Record<Tone, string>> = {
  good: "border-good/25 bg-good-soft text-good",
  busy: "border-busy/30 bg-busy-soft text-busy",
  warn: "border-transparent bg-warn text-surface",
  bad: "border-transparent bg-bad text-surface",
  idle: "border-line bg-idle-soft text-idle",
};

type ShardCellProps = {
  shard: StatusShard;
  /** The name, or the part of it that tells the shard from the others of its task. */
  label: string;
  taskName: string;
  old: boolean;
};

/** One shard of the board. */
export function ShardCell({ shard, label, taskName, old }: ShardCellProps) {
  const { tone, icon } = healthLooks[shard.health];
  const Icon = old ? CircleHelp : icon;
  const words = `${taskName}, ${old ? "when it was last heard: " : ""}${wordsOf(shard)}`;
  return (
    <li
      data-shard={shard.name}
      data-health={shard.health}
      title={words}
      className={cx(
        "flex min-w-0 flex-col justify-center overflow-hidden rounded-lg border px-[6%] leading-tight",
        cellLook[old ? "idle" : tone],
      )}
    >
      <span className="sr-only">{words}</span>
      <span aria-hidden className="flex min-w-0 items-center gap-[0.35em] text-(length:--words)">
        <Icon className="size-[1.15em] shrink-0" />
        <span className="truncate">{label}</span>
      </span>
      <span aria-hidden className="num truncate text-(length:--figure) font-semibold tracking-tight">
        {figureOf(shard)}
      </span>
    </li>
  );
}
