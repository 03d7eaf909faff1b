import { copiedKeys, totalKeys } from "@/components/task/key-totals";
import type { TaskView } from "@/server/control/views/task-view";
import type { OrderFacts } from "./order-fields";

/** What the choices of a verification of the task are told by. */
export function factsOf(task: TaskView, runs: OrderFacts["runs"]): OrderFacts {
  const counts = task.shards.map(({ report }) =>
    totalKeys(copiedKeys(report?.sourceKeys ?? null, task.databases, "source")),
  );
  const known = counts.filter((count) => count !== null);
  const keys = known.length < counts.length ? null : known.reduce((sum, count) => sum + count.keys, 0);
  return { shards: task.shards, keys, runs };
}
