import type { EventView } from "@/server/control/task-view";

export type EventGroup = {
  /** The first of the group as given: the newest where the list is newest first. */
  readonly event: EventView;
  readonly count: number;
};

/** Neighbours that say the same of the same shard become one, so that a repeated event does not hide the others. */
export function groupEvents(events: readonly EventView[]): EventGroup[] {
  const groups: { event: EventView; count: number }[] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last !== undefined && last.event.message === event.message && last.event.shardId === event.shardId)
      last.count++;
    else groups.push({ event, count: 1 });
  }
  return groups;
}
