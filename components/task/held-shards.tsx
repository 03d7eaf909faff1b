import { Hand } from "lucide-react";
import Link from "next/link";
import { buttonLook } from "@/components/controls/button";
import type { TaskView } from "@/server/control/views/task-view";

/** The way to each shard that waits for a decision; nothing where none does. */
export function HeldShards({ task }: { task: TaskView }) {
  const held = task.shards.filter(({ status }) => status === "held");
  if (held.length === 0) return null;
  return (
    <div className="mt-2.5 flex flex-wrap gap-2">
      {held.map(({ id, name }) => (
        <Link key={id} href={`/tasks/${task.id}/shards/${id}`} className={buttonLook("plain", true)}>
          <Hand className="size-3.5" aria-hidden />
          Decide on {name}
        </Link>
      ))}
    </div>
  );
}
