import { BellRing, CircleDot, type LucideIcon, TriangleAlert } from "lucide-react";
import { capitalized } from "@/components/format/capitalized";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import type { EventView } from "@/server/control/views/task-view";
import type { EventLevel } from "@/server/sync/report/shard-report";
import { groupEvents } from "./group-events";
import { type Tone, toneText } from "./status-words";

const levels: Record<EventLevel, { icon: LucideIcon; tone: Tone; word: string }> = {
  info: { icon: CircleDot, tone: "idle", word: "Info" },
  warning: { icon: TriangleAlert, tone: "warn", word: "Warning" },
  alert: { icon: BellRing, tone: "bad", word: "Alert" },
};

type EventListProps = {
  events: readonly EventView[];
  /** Names of the shards, for events that belong to one; leave out on a shard's own page. */
  shardNames?: ReadonlyMap<string, string>;
};

/** What happened, newest first. */
export function EventList({ events, shardNames }: EventListProps) {
  if (events.length === 0) return <p className="px-4 pb-5 text-ink-3 sm:px-5">Nothing has happened yet.</p>;
  return (
    <ol className="relative max-h-[26rem] overflow-y-auto pb-2" aria-label="Events, newest first">
      {groupEvents(events).map(({ event, count, firstAt }) => (
        <EventItem
          key={event.id}
          event={event}
          count={count}
          firstAt={firstAt}
          shardName={shardNames?.get(event.shardId ?? "")}
        />
      ))}
    </ol>
  );
}

type EventItemProps = { event: EventView; count: number; firstAt: number; shardName: string | undefined };

export function EventItem({ event, count, firstAt, shardName }: EventItemProps) {
  return (
    <li className="flex gap-2.5 px-4 py-1.5 sm:px-5">
      <EventIcon level={event.level} className="mt-[3px]" />
      <p className="min-w-0 flex-1 break-words">
        {shardName !== undefined && !event.message.includes(shardName) && (
          <span className="mr-1.5 font-medium">{shardName}</span>
        )}
        <span className={event.level === "info" ? "text-ink-2" : "text-ink"}>
          {capitalized(event.message)}
        </span>
        {count > 1 && (
          <span className="num ml-2 inline-block rounded-full bg-idle-soft px-1.5 text-xs leading-5 whitespace-nowrap text-ink-2">
            {formatCount(count)} times, first <Ago at={firstAt} />
          </span>
        )}
      </p>
      <Ago at={event.at} className="num shrink-0 text-xs leading-5 whitespace-nowrap text-ink-3" />
    </li>
  );
}

export function EventIcon({ level, className }: { level: EventLevel; className?: string }) {
  const { icon: Icon, tone, word } = levels[level];
  return (
    <span className={cx("shrink-0", toneText[tone], className)}>
      <Icon className="size-3.5" aria-hidden />
      <span className="sr-only">{word}: </span>
    </span>
  );
}
