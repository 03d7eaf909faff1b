import { cx } from "@/components/format/cx";
import type { ShardStatus } from "@/server/sync/shard-report";
import { statusWords, toneSoft } from "./status-words";

/** A status as icon and word on a soft ground. */
export function StatusBadge({ status, className }: { status: ShardStatus; className?: string }) {
  const { word, tone, icon: Icon, meaning } = statusWords[status];
  return (
    <span
      title={meaning}
      data-status={status}
      className={cx(
        "inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-[0.8125rem] font-medium whitespace-nowrap",
        toneSoft[tone],
        className,
      )}
    >
      <Icon
        className={cx(
          "size-3.5 shrink-0",
          status === "retrying" && "motion-safe:animate-spin [animation-duration:3s]",
        )}
        aria-hidden
      />
      {word}
    </span>
  );
}
