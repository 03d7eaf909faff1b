import { CircleAlert, CircleCheck, CircleMinus, type LucideIcon, OctagonX, RefreshCw } from "lucide-react";
import { capitalized } from "@/components/format/capitalized";
import { formatPlural } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { statusWords, type Tone } from "@/components/status/status-words";
import type { Health, StatusBoard, StatusShard, StatusTask } from "@/server/control/views/status-board";

export const healthLooks: Readonly<Record<Health, { readonly tone: Tone; readonly icon: LucideIcon }>> = {
  failed: { tone: "bad", icon: OctagonX },
  attention: { tone: "warn", icon: CircleAlert },
  busy: { tone: "busy", icon: RefreshCw },
  good: { tone: "good", icon: CircleCheck },
  idle: { tone: "idle", icon: CircleMinus },
};

/** The state of all that is shown, as a sentence to be read from afar. */
export function headlineOf(
  board: Pick<StatusBoard, "groups" | "health" | "shards" | "synchronizing">,
): string {
  const tasks = board.groups.flatMap((group) => group.tasks);
  if (tasks.length === 0) return "No task is shown here";
  return sentenceOf(
    board.health,
    tasks.flatMap(({ shards }) => shards),
    board.shards,
  );
}

/** @param running shards that are to run. */
export function sentenceOf(health: Health, shards: readonly StatusShard[], running: number): string {
  const count = (wanted: Health) => shards.filter((shard) => shard.health === wanted).length;
  if (health === "failed") {
    const failed = count("failed");
    return `${formatPlural(failed, "shard")} ${failed === 1 ? "has" : "have"} failed`;
  }
  if (health === "attention") {
    const waiting = count("attention");
    if (waiting === 0) return "A verification found differences";
    return `${formatPlural(waiting, "shard")} ${waiting === 1 ? "needs" : "need"} attention`;
  }
  if (health === "busy") return `${formatPlural(count("busy"), "shard")} on the way`;
  if (health === "idle") return "Nothing runs now";
  return running === 1 ? "The shard is synchronizing" : `All ${running} shards are synchronizing`;
}

/** What a cell says of a shard: its lag while it synchronizes, how far a copy is, otherwise its status. */
export function figureOf({ status, lag, copied, differs }: StatusShard): string {
  if (copied !== null) return `${Math.min(99, Math.floor(copied * 100))}%`;
  if (status !== "synchronizing") return shortWords[status] ?? statusWords[status].word;
  if (lag.seconds !== null) return formatDuration(lag.seconds);
  return differs ? "Differs" : "Live";
}

const shortWords: Partial<Record<StatusShard["status"], string>> = {
  "initial-sync": "Copying",
  held: "Decide",
  pending: "New",
};

/** All that a cell says, for whoever points at it or hears it read. */
export function wordsOf(shard: StatusShard): string {
  const { word } = statusWords[shard.status];
  const { lag, copied, differs } = shard;
  return [
    `${shard.name}: ${word}`,
    copied === null ? null : `${Math.floor(copied * 100)}% copied`,
    shard.status === "synchronizing" &&
      (lag.seconds === null ? "lag unknown" : `${formatDuration(lag.seconds)} behind`),
    differs && "the destination differs",
  ]
    .filter(Boolean)
    .join(", ");
}

export type Problem = { readonly id: string; readonly where: string; readonly what: string };

/** The worst tasks, with what their worst shard says. */
export function problemsOf({ groups }: Pick<StatusBoard, "groups">): readonly Problem[] {
  return groups
    .flatMap(({ tasks }) => tasks)
    .filter(({ health }) => health === "failed" || health === "attention")
    .sort((one, other) => Number(other.health === "failed") - Number(one.health === "failed"))
    .slice(0, MOST_PROBLEMS)
    .map((task) => {
      const [worst] = task.shards;
      const isOne = worst !== undefined && task.shards.length > 1;
      return {
        id: task.id,
        where: isOne ? `${task.name} · ${worst.name}` : task.name,
        what: task.reason === null ? whatOf(task, worst) : capitalized(task.reason.message),
      };
    });
}

const MOST_PROBLEMS = 3;

function whatOf({ verdict }: StatusTask, worst: StatusShard | undefined): string {
  if (worst?.differs) return "The destination is known to differ from the shard.";
  if (worst?.health === "attention" && worst.status === "synchronizing")
    return `It is ${formatDuration(worst.lag.seconds ?? 0)} behind.`;
  if (verdict?.outcome === "different") return "The last verification found differences.";
  return worst === undefined ? "" : statusWords[worst.status].meaning;
}

/** The shards that have a cell of their own: not the only one of its task, and none of a task that is over. */
export function cellsOf(task: StatusTask): readonly StatusShard[] {
  const isOver = task.status === "finished" || task.status === "pending";
  return isOver || task.shards.length === 1 ? [] : task.shards;
}

/** Columns of a task's own cell: two where shards follow it. */
export function columnsOf(task: StatusTask): 1 | 2 {
  return cellsOf(task).length === 0 ? 1 : 2;
}

/** What the names of a task's shards begin with, up to the last sign that parts words; empty where that is nothing. */
export function commonBeginning(names: readonly string[]): string {
  const [first = "", ...others] = names;
  if (others.length === 0) return "";
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  return /^.*[-_.:/ ]/.exec(first.slice(0, length))?.[0] ?? "";
}
