import Link from "next/link";
import { cx } from "@/components/format/cx";
import { shorten } from "@/components/format/shorten";
import { statusWords, toneText } from "@/components/status/status-words";
import type { ShardView } from "@/server/control/views/task-view";

type SiblingNavProps = { taskId: string; current: string; siblings: ShardView["siblings"] };

/** The shards of the task, each with its status' icon. */
export function SiblingNav({ taskId, current, siblings }: SiblingNavProps) {
  if (siblings.length < 2) return null;
  return (
    <nav aria-label="Shards of this task" className="min-w-0 max-w-full">
      <ul className="flex flex-wrap gap-1 rounded-xl border bg-sunken p-1">
        {siblings.map((sibling) => {
          const { icon: Icon, tone, word } = statusWords[sibling.status];
          const here = sibling.id === current;
          return (
            <li key={sibling.id} className="min-w-0">
              <Link
                href={`/tasks/${taskId}/shards/${sibling.id}`}
                title={sibling.name}
                aria-current={here ? "page" : undefined}
                className={cx(
                  "flex h-8 items-center gap-1.5 rounded-lg px-2.5 text-[0.8125rem]",
                  here ? "bg-surface font-medium shadow-card ring-1 ring-line" : "text-ink-2 hover:text-ink",
                )}
              >
                <Icon className={cx("size-3.5 shrink-0", toneText[tone])} role="img" aria-label={word} />
                <span className="max-w-40 truncate">{shorten(sibling.name, 20)}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
