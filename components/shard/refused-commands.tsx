import { Ban, SkipForward } from "lucide-react";
import { CardSection } from "@/components/controls/card";
import { capitalized } from "@/components/format/capitalized";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import type { RefusedCommand } from "@/server/sync/report/shard-report";

/** The log of commands that were not applied: skipped by a rule, or rejected by the destination. */
export function RefusedCommands({ refused }: { refused: readonly RefusedCommand[] }) {
  return (
    <div id="refused" className="mt-5 scroll-mt-20">
      <CardSection
        title="Skipped and rejected commands"
        aside={
          refused.length > 0 && <span className="num text-xs text-ink-3">since the task was created</span>
        }
      >
        {refused.length === 0 ? (
          <p className="px-4 pb-5 text-ink-3 sm:px-5">No command of this shard was skipped or rejected.</p>
        ) : (
          <ul className="divide-y border-t">
            {refused.map((entry) => (
              <RefusedItem
                key={`${entry.kind} ${entry.command} ${entry.db} ${entry.reasonCode}`}
                entry={entry}
              />
            ))}
          </ul>
        )}
      </CardSection>
    </div>
  );
}

function RefusedItem({ entry }: { entry: RefusedCommand }) {
  const skipped = entry.kind === "skipped";
  const Icon = skipped ? SkipForward : Ban;
  return (
    <li className="grid gap-x-5 gap-y-2 px-4 py-3.5 sm:px-5 md:grid-cols-[11rem_7rem_minmax(0,1fr)_10rem]">
      <div className="min-w-0">
        <p className="font-mono text-[0.8125rem] font-medium break-words">{entry.command}</p>
        <p className="mt-0.5 text-xs text-ink-3">db {entry.db}</p>
      </div>
      <div>
        <p className="num font-medium">{formatCount(entry.count)}</p>
        <p className={cx("mt-0.5 flex items-center gap-1 text-xs", skipped ? "text-warn" : "text-bad")}>
          <Icon className="size-3" aria-hidden />
          {entry.kind}
        </p>
      </div>
      <div className="min-w-0">
        <p className="break-words">{capitalized(entry.reason)}</p>
        <p className="mt-0.5 font-mono text-[0.6875rem] text-ink-3">{entry.reasonCode}</p>
        {entry.samples.length > 0 && (
          <ul aria-label="Samples" className="mt-2 space-y-1">
            {[...new Set(entry.samples)].map((sample) => (
              <li
                key={sample}
                className="rounded-md bg-sunken px-2 py-1 font-mono text-[0.6875rem] break-all text-ink-2"
              >
                {sample}
              </li>
            ))}
          </ul>
        )}
      </div>
      <dl className="num flex gap-x-5 text-xs text-ink-3 md:block md:space-y-0.5 md:text-right">
        <div>
          <dt className="inline">last </dt>
          <dd className="inline text-ink-2">
            <Ago at={entry.lastAt} />
          </dd>
        </div>
        <div>
          <dt className="inline">first </dt>
          <dd className="inline text-ink-2">
            <Ago at={entry.firstAt} />
          </dd>
        </div>
      </dl>
    </li>
  );
}
