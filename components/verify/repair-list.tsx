import Link from "next/link";
import { CardSection } from "@/components/controls/card";
import { Ago } from "@/components/live/ago";
import type { Outputs } from "@/components/live/trpc";

type RepairListProps = { taskId: string; repairs: Outputs["verify"]["repairs"] };

/** The repairs that are remembered, newest first; each leads to its page. Nothing where there was none. */
export function RepairList({ taskId, repairs: { rows } }: RepairListProps) {
  if (rows.length === 0) return null;
  return (
    <CardSection title="Repairs">
      <ol className="divide-y border-t" aria-label="Repairs, newest first">
        {rows.map(({ id, sentence, by, startedAt }) => (
          <li key={id} className="num relative px-4 py-3 transition-colors hover:bg-sunken/70 sm:px-5">
            <Link
              href={`/tasks/${taskId}/repairs/${id}`}
              className="break-words after:absolute after:inset-0 hover:underline"
            >
              {sentence === "" ? "Under way" : sentence}
            </Link>
            <p className="mt-0.5 text-xs text-ink-3">
              No. {id}, by {by}, <Ago at={startedAt} />
            </p>
          </li>
        ))}
      </ol>
    </CardSection>
  );
}
