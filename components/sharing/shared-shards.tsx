import { CircleHelp } from "lucide-react";
import { healthLooks } from "@/components/board/board-words";
import { cellLook } from "@/components/board/shard-cell";
import { CardSection } from "@/components/controls/card";
import { Unknown } from "@/components/controls/fact";
import { formatCompact, formatCount, formatPercent, formatRate } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { formatDuration } from "@/components/format/duration";
import { statusWords } from "@/components/status/status-words";
import { totalKeys } from "@/components/task/key-totals";
import type { SharedShard, SharedTask } from "@/server/control/views/shared-task";
import type { StatusShard } from "@/server/control/views/status-board";

const cell = "px-3 py-2 text-right whitespace-nowrap";

/** The shards of a shared task, those that need somebody first. */
export function SharedShards({ shared, old }: { shared: SharedTask; old: boolean }) {
  const details = new Map(shared.details.map((one) => [one.id, one]));
  return (
    <CardSection title="Shards" className="mt-4">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reached by keys, too */}
      <section className="overflow-x-auto" tabIndex={0} aria-label="Shards, as a table">
        <table className="num w-full text-[0.8125rem]">
          <thead className="border-b text-xs text-ink-3">
            <tr>
              <th className="px-3 py-2 pl-4 text-left font-medium sm:pl-5">Shard</th>
              <th className="px-3 py-2 text-left font-medium">Status</th>
              <th className={cx(cell, "font-medium")}>Lag</th>
              <th className={cx(cell, "font-medium")}>Commands</th>
              <th className={cx(cell, "font-medium")}>Keys</th>
              <th className={cx(cell, "pr-4 font-medium sm:pr-5")}>Not applied</th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {shared.task.shards.map((shard) => (
              <ShardRow key={shard.id} shard={shard} more={details.get(shard.id)} old={old} />
            ))}
          </tbody>
        </table>
      </section>
    </CardSection>
  );
}

type ShardRowProps = { shard: StatusShard; more: SharedShard | undefined; old: boolean };

function ShardRow({ shard, more, old }: ShardRowProps) {
  const keys = totalKeys(more?.sourceKeys ?? null);
  const refused = (more?.skippedTotal ?? 0) + (more?.rejectedTotal ?? 0);
  return (
    <tr data-shard={shard.name}>
      <td className="px-3 py-2 pl-4 sm:pl-5">
        <span className="font-medium">{shard.name}</span>
        {more !== undefined && more.address !== shard.name && (
          <span className="block font-mono text-[0.6875rem] text-ink-3">{more.address}</span>
        )}
      </td>
      <td className="px-3 py-2">
        <ShardStatus shard={shard} left={more?.rates.initialSyncSecondsLeft ?? null} old={old} />
      </td>
      <td className={cell}>{shard.lag.seconds === null ? <Unknown /> : formatDuration(shard.lag.seconds)}</td>
      <td className={cell}>
        {more?.rates.commandsPerSecond == null ? <Unknown /> : formatRate(more.rates.commandsPerSecond)}
      </td>
      <td className={cell}>{keys === null ? <Unknown /> : formatCompact(keys.keys)}</td>
      <td className={cx(cell, "pr-4 sm:pr-5", refused > 0 && "text-warn")}>
        {refused === 0 ? <span className="text-ink-3">none</span> : formatCount(refused)}
      </td>
    </tr>
  );
}

function ShardStatus({ shard, left, old }: { shard: StatusShard; left: number | null; old: boolean }) {
  const { tone, icon } = healthLooks[shard.health];
  const { word, meaning } = statusWords[shard.status];
  const Icon = old ? CircleHelp : icon;
  return (
    <span
      title={meaning}
      className={cx(
        "inline-flex h-6 items-center gap-1.5 rounded-full border px-2.5 font-medium whitespace-nowrap",
        cellLook[old ? "idle" : tone],
      )}
    >
      <Icon className="size-3.5 shrink-0" aria-hidden />
      {old ? `Was ${word.toLowerCase()}` : word}
      {shard.copied !== null && ` ${formatPercent(shard.copied, 1)}`}
      {left !== null && !old && `, ${formatDuration(left)} left`}
      {shard.differs && ", differs"}
    </span>
  );
}
