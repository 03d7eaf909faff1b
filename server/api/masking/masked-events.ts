import type { EventView } from "../../control/views/task-view.ts";
import type { Masking } from "../../people/masking.ts";
import { HIDDEN, hidesQuotes, maskedSentence, withoutExamples } from "./masked-text.ts";

/** Events whose text is our own, and holds names of tasks, shards, people and servers at most. */
const ownWords = new Set([
  ...["task-created", "task-renamed", "task-started", "task-paused", "task-resumed", "task-stopped"],
  ...["task-finished", "settings-changed", "shards-added", "start-confirmed", "repair-asked", "resync-asked"],
  ...["resync-requested", "difference-ended", "database-unwritable", "database-written-again"],
  ...["cutover-begun", "cutover-moved", "cutover-writes-held", "cutover-rested", "cutover-behind"],
  ...["initial-sync-started", "initial-sync-finished", "databases-left-out", "database-left-out"],
  ...["stream-resumed", "source-is-replica", "source-split", "source-located", "source-moved"],
  ...["destination-went-back", "destination-data-lost", "not-fenced", "neighbors-changed", "clocks-differ"],
  ...["attempt-delayed", "spool-problem", "spool-recovered", "spool-full", "large-command-missed"],
]);
/** Events that name keys as examples. */
const withKeys = new Set(["stale-keys-kept", "shard-keys-kept", "shard-shrank", "shard-followed"]);

export function maskedEvents(events: readonly EventView[], masking: Masking): EventView[] {
  return events.map((event) => maskedEvent(event, masking));
}

/** Of an event that may quote a server, or name a key, its kind stays. What is not known here may. */
export function maskedEvent<Event extends Said>(event: Event, masking: Masking): Event {
  return { ...event, message: messageOf(event, masking) };
}

type Said = { readonly type?: string; readonly message: string };

function messageOf({ type = "event", message }: Said, masking: Masking): string {
  // A command that was skipped is said with the rule by which it was.
  if (!hidesQuotes(masking) || ownWords.has(type) || type.endsWith("-skipped")) return message;
  if (withKeys.has(type)) return withoutExamples(message, masking);
  const said = message.replace(/^Repair: /, "");
  if (type === "task-verified" || type === "repair-ended")
    return message.slice(0, -said.length) + maskedSentence(said, masking);
  const kind = type.replaceAll("-", " ");
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}: ${HIDDEN}`;
}
