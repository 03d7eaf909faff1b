import { CircleHelp } from "lucide-react";
import Link from "next/link";
import { cx } from "@/components/format/cx";
import { formatDuration } from "@/components/format/duration";
import { statusWords, toneText } from "@/components/status/status-words";
import type { StatusTask } from "@/server/control/views/status-board";
import { cellsOf, figureOf, healthLooks } from "./board-words";
import { cellLook } from "./shard-cell";

type TaskCellProps = {
  task: StatusTask;
  /** For who may open the task's page. */
  linked: boolean;
  old: boolean;
};

/** The head of a task, before its shards; the only cell of one that has no others. */
export function TaskCell({ task, linked, old }: TaskCellProps) {
  const { tone, icon } = healthLooks[task.health];
  const Icon = old ? CircleHelp : icon;
  const alone = cellsOf(task).length === 0 && task.health !== "idle";
  const shown = old ? "idle" : tone;
  return (
    <li
      data-task={task.name}
      data-health={task.health}
      title={`${task.name}: ${old ? "was " : ""}${statusWords[task.status].word}`}
      className={cx(
        "relative col-span-2 flex min-w-0 flex-col justify-center overflow-hidden rounded-lg border px-[3%] leading-tight",
        alone ? cellLook[shown] : "border-line bg-surface",
      )}
    >
      <span
        className={cx(
          "flex min-w-0 items-center gap-[0.35em] text-[length:calc(var(--words)*1.25)] font-semibold",
          !alone && "text-ink",
        )}
      >
        <Icon className={cx("size-[1.1em] shrink-0", !alone && toneText[shown])} aria-hidden />
        {linked ? (
          <Link href={`/tasks/${task.id}`} className="truncate after:absolute after:inset-0">
            {task.name}
          </Link>
        ) : (
          <span className="truncate">{task.name}</span>
        )}
      </span>
      <span className={cx("num truncate text-(length:--words)", alone ? "font-semibold" : "text-ink-2")}>
        {old ? "was: " : ""}
        {wordsOfTask(task)}
      </span>
    </li>
  );
}

function wordsOfTask(task: StatusTask): string {
  const { word } = statusWords[task.status];
  const [only] = task.shards;
  if (task.health === "idle") return word;
  if (task.shards.length === 1 && only !== undefined) return `${word} · ${figureOf(only)}`;
  const lag = task.lag.seconds === null ? "" : ` · ${formatDuration(task.lag.seconds)}`;
  return `${task.shardsSynchronizing} of ${task.shards.length}${lag}`;
}
