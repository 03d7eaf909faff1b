import { Plus } from "lucide-react";
import Link from "next/link";
import { buttonLook } from "@/components/controls/button";
import { ForRole } from "@/components/people/me";
import { Notice } from "@/components/shell/notice";

const steps = [
  {
    title: "The source",
    text: "Your nutcracker.yml. Each server of its pool becomes a shard that is read directly, as a replica would.",
  },
  {
    title: "The destination",
    text: "The address of one Redis or Valkey with room for all shards together, and its password.",
  },
  {
    title: "Start",
    text: "Both ends are checked, the shards are copied, and from then on every write follows live.",
  },
] as const;

/** What the list says before there is a task. */
export function TaskListEmpty() {
  return (
    <Notice
      title="No task yet"
      actions={
        <ForRole needs="operator" otherwise={<p className="text-ink-3">An operator can create one.</p>}>
          <Link href="/tasks/new" className={buttonLook("primary")}>
            <Plus className="size-4" aria-hidden />
            Create a task
          </Link>
        </ForRole>
      }
    >
      <p>A task merges the shards of one Twemproxy cluster into one Redis, live. You need:</p>
      <ol className="mt-5 space-y-3 text-left">
        {steps.map((step, index) => (
          <li key={step.title} className="flex gap-3 rounded-xl border bg-surface px-4 py-3 shadow-card">
            <span className="mt-0.5 inline-flex size-5 shrink-0 items-center justify-center rounded-full bg-river-soft text-xs font-semibold text-river">
              {index + 1}
            </span>
            <span>
              <span className="font-medium text-ink">{step.title}.</span> {step.text}
            </span>
          </li>
        ))}
      </ol>
    </Notice>
  );
}
