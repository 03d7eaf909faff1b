import type { EventView } from "@/server/control/views/task-view";

export type EventGroup = {
  /** The first of the group as given: the newest where the list is newest first. */
  readonly event: EventView;
  /** How often it has happened, and when first, in ms since the epoch. */
  readonly count: number;
  readonly firstAt: number;
};

/** Neighbors that say the same of the same shard become one, so that a repeated event does not hide the others. */
export function groupEvents(events: readonly EventView[]): EventGroup[] {
  const groups: { event: EventView; count: number; firstAt: number }[] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last !== undefined && last.event.message === event.message && last.event.shardId === event.shardId) {
      last.count += event.count;
      last.firstAt = event.firstAt;
    } else groups.push({ event, count: event.count, firstAt: event.firstAt });
  }
  return groups;
}
