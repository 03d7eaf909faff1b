import { CircleHelp } from "lucide-react";
import Link from "next/link";
import { cx } from "@/components/format/cx";
import { formatDuration } from "@/components/format/duration";
import { statusWords, toneText } from "@/components/status/status-words";
import type { StatusTask } from "@/server/control/views/status-board";
import { columnsOf, figureOf, healthLooks } from "./board-words";
import { cellLook } from "./shard-cell";

type TaskCellProps = {
  task: StatusTask;
  /** For who may open the task's page. */
  linked: boolean;
  old: boolean;
};

/** The head of a task, before its shards; or all there is of one that has a single shard, or is over. */
export function TaskCell({ task, linked, old }: TaskCellProps) {
  const { tone, icon } = healthLooks[task.health];
  const Icon = old ? CircleHelp : icon;
  const alone = columnsOf(task) === 1;
  const shown = old ? "idle" : tone;
  const words = wordsOfTask(task);
  return (
    <li
      data-task={task.name}
      data-health={task.health}
      title={`${task.name}: ${old ? "was " : ""}${statusWords[task.status].word}`}
      className={cx(
        "relative flex min-w-0 flex-col justify-center overflow-hidden rounded-lg border leading-tight",
        alone ? "px-[6%]" : "col-span-2 border-line bg-surface px-[3%]",
        alone && cellLook[shown],
      )}
    >
      <span
        className={cx(
          "flex min-w-0 items-center gap-[0.35em]",
          alone ? "text-(length:--words)" : "text-[length:calc(var(--words)*1.25)] font-semibold text-ink",
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
      <span
        className={cx(
          "num truncate",
          alone ? "text-(length:--figure) font-semibold tracking-tight" : "text-(length:--words) text-ink-2",
        )}
      >
        {old && !alone ? "was: " : ""}
        {words}
      </span>
    </li>
  );
}

function wordsOfTask(task: StatusTask): string {
  const [only] = task.shards;
  if (task.shards.length === 1 && only !== undefined) return figureOf(only);
  if (task.health === "idle") return statusWords[task.status].word;
  const lag = task.lag.seconds === null ? "" : ` · ${formatDuration(task.lag.seconds)}`;
  return `${task.shardsSynchronizing} of ${task.shards.length}${lag}`;
}
