import type { Control } from "../control/control.ts";
import type { TaskView } from "../control/views/task-view.ts";
import type { People } from "../people/people.ts";
import type { PersonView } from "../people/person-store.ts";

/** What a mutation is about, as the audit keeps it before and after. */
export type Subject = {
  readonly taskId: string | null;
  readonly name: string | null;
  readonly state: unknown;
};

const nothing: Subject = { taskId: null, name: null, state: null };

/** @param path of a procedure. @param input as it came, before it was validated. */
export function subjectOf(
  { control, people }: { control: Control; people: People },
  path: string,
  input: unknown,
): Subject {
  const { id, taskId = id } = fieldsOf(input);
  try {
    if (path === "people.setMasking") return { taskId: null, name: null, state: people.masking.get() };
    if (path.startsWith("status.")) {
      const { statusPage } = people;
      return {
        taskId: null,
        name: null,
        state: { access: statusPage.access(), ...statusPage.arrangement() },
      };
    }
    if (path.startsWith("share.") && typeof id === "string") {
      const { name, taskId, madeBy, hidden, expiresAt } = people.links.get(id);
      return { taskId, name: `link for ${name}`, state: { name, madeBy, hidden, expiresAt } };
    }
    if (/^(people|account)\./.test(path) && typeof id === "string") {
      const person = people.persons.get(id);
      return { taskId: null, name: person.name, state: personState(person) };
    }
    if (path.startsWith("token.") && typeof id === "string") {
      const { name, role, ownerName, expiresAt } = people.tokens.get(id);
      return { taskId: null, name, state: { name, role, ownerName, expiresAt } };
    }
    if (typeof taskId !== "string") return nothing;
    const task = control.task(taskId);
    return { taskId, name: task.name, state: taskState(task) };
  } catch {
    // There is none, or none any more.
    return nothing;
  }
}

function personState({ name, email, role }: PersonView) {
  return { name, email, role };
}

/** What people decide of a task, and no figure that changes by itself. */
function taskState(task: TaskView) {
  const { name, status, destinationLabel, databases, publish, onDestinationDataLost } = task;
  const { policy, destinationKeys, shrink, onFlush } = task.merging;
  const shards = task.shards.map((shard) => shard.name);
  const choices = { databases, publish, onDestinationDataLost, policy, destinationKeys, shrink, onFlush };
  return { name, status, destinationLabel, shards, ...choices };
}

/**
 * Of an input only what is known to hold no secret is kept; the rest of a task stands in its state. So a field that is
 * added to some procedure tomorrow stays out until it is named here.
 */
const kept = new Set([
  ...["id", "taskId", "shardId", "name", "email", "role", "start", "skipChecks", "decision", "upTo"],
  ...["change", "mergePolicy", "shrink", "onShrink", "maxKeys", "maxShare", "onFlush", "destinationKeys"],
  ...["publish", "onDestinationDataLost", "depth", "sample", "keysPerSecond", "bytesPerSecond", "paused"],
  ...[
    "values",
    "keys",
    "hosts",
    "expiresInDays",
    "expiresInHours",
    "hidden",
    "access",
    "run",
    "step",
    "move",
    "gate",
    "agreed",
    "kind",
    "seconds",
    "count",
    "enabled",
    "every",
    "at",
  ],
]);

export function keptInput(input: unknown): Record<string, unknown> | null {
  const found: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fieldsOf(input))) {
    if (!kept.has(key) || Array.isArray(value)) continue;
    if (typeof value === "string") found[key] = value.slice(0, 200);
    else if (typeof value !== "object" || value === null) found[key] = value;
    else if (keptInput(value) !== null) found[key] = keptInput(value);
  }
  return Object.keys(found).length === 0 ? null : found;
}

export function fieldsOf(input: unknown): Record<string, unknown> {
  return typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
}
