import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";
import {
  type ConnectionInput,
  type ConnectionText,
  connectionText,
  editedAddresses,
} from "../plan/edited-addresses.ts";
import { placed } from "../plan/input-place.ts";
import { refuseControls } from "../plan/refuse-controls.ts";
import {
  destinationPlace,
  openAddresses,
  openEndpoint,
  sealAddresses,
  sealEndpoint,
} from "../secrets/endpoint-secrets.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import type { ShardRecord, TaskRecord } from "../tasks/task-record.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { holdsTask } from "./holds-task.ts";
import { idleRun } from "./idle-run.ts";
import type { Supervisor } from "./supervisor.ts";

/** Which addresses and credentials change; what is not named stays as it is. */
export type ConnectionsChange = {
  readonly shards: readonly (ConnectionInput & { readonly id: string })[];
  readonly destination?: ConnectionInput | undefined;
};

/** How a task reaches its servers, without passwords. */
export type ConnectionsView = {
  readonly shards: readonly (ConnectionText & {
    readonly id: string;
    readonly name: string;
    readonly hasPassword: boolean;
  })[];
  readonly destination: ConnectionText & { readonly hasPassword: boolean };
};

type ConnectionsOptions = {
  readonly supervisor: Supervisor;
  readonly store: TaskStore;
  readonly box: SecretBox;
};

/** @throws TributaryError TASK_UNKNOWN, SECRET_WRONG */
export function connectionsOf(
  { supervisor, box }: Pick<ConnectionsOptions, "supervisor" | "box">,
  taskId: string,
): ConnectionsView {
  const { record } = supervisor.run(taskId);
  const view = (addresses: SourceAddresses) => ({
    ...connectionText(addresses),
    hasPassword: addresses.source.password !== null,
  });
  return {
    shards: record.shards.map((shard) => ({
      id: shard.id,
      name: shard.name,
      ...view(openAddresses(box, shard, taskId)),
    })),
    destination: view(destinationOf(record, box)),
  };
}

/**
 * Changes where a task finds its servers, and how it signs in there. It is checked again at the next start, and then
 * goes on at its checkpoints: a shard whose new server does not continue the former one's history is copied again.
 * @throws TributaryError TASK_UNKNOWN, TASK_NOT_READY unless it is paused or was never started, SHARD_UNKNOWN,
 * ADDRESS_INVALID, DESTINATION_IS_ANOTHER where the task has begun and its checkpoints do not lie at the new address,
 * whatever stands against asking for them there, DATABASE_UNWRITABLE
 */
export async function changeConnections(
  { supervisor, store, box }: ConnectionsOptions,
  taskId: string,
  change: ConnectionsChange,
  actor: Actor,
): Promise<TaskRun> {
  const action = "be given other connections";
  const asked = idleRun(supervisor, taskId, action);
  const { moved, endpoint } = editedDestination(asked.record, change.destination, box);
  if (moved && asked.began) await holdsTask(asked.record, endpoint);
  // It may have been started, or changed otherwise, while the destination was asked.
  const run = idleRun(supervisor, taskId, action);
  const { record } = run;
  const unknown = change.shards.find(({ id }) => !record.shards.some((shard) => shard.id === id));
  if (unknown !== undefined)
    throw new TributaryError("SHARD_UNKNOWN", { task: record.name, shard: unknown.id });
  const shards = record.shards.map((shard) => editedShard(record, shard, change, box));
  const destination = editedDestination(record, change.destination, box);
  const said = [...shards, destination].flatMap(({ said: one }) => one);
  if (said.length === 0) return run;
  const records = shards.map((shard) => shard.record);
  const { stored } = destination;
  supervisor.change(run, { prechecked: false }, () => store.setConnections(taskId, records, stored));
  run.record = { ...run.record, shards: records, destination: stored };
  for (const [index, shard] of run.shards.entries()) shard.record = records[index]!;
  supervisor.say(run, "connections-changed", `Changed ${said.join("; ")}, ${byWhom(actor)}.`);
  return run;
}

function editedShard(task: TaskRecord, shard: ShardRecord, change: ConnectionsChange, box: SecretBox) {
  const index = change.shards.findIndex(({ id }) => id === shard.id);
  if (index < 0) return { record: shard, said: [] };
  const former = openAddresses(box, shard, task.id);
  refuseControls(`shards.${index}`, change.shards[index]!);
  const next = placed(`shards.${index}.address`, () => editedAddresses(former, change.shards[index]!));
  const said = differenceText(shard.name, former, next);
  if (said === null) return { record: shard, said: [] };
  return { record: { ...shard, ...sealAddresses(box, next, task.id, shard.id) }, said: [said] };
}

function editedDestination(task: TaskRecord, input: ConnectionInput | undefined, box: SecretBox) {
  const former = destinationOf(task, box);
  const unchanged = { stored: task.destination, endpoint: former.source, moved: false, said: [] };
  if (input === undefined) return unchanged;
  refuseControls("destination", input);
  const next = placed("destination.address", () => editedAddresses(former, { ...input, further: "" }));
  if (next.alternatives.length > 0 || next.sentinel !== null) {
    const detail = "a destination has one address";
    throw new TributaryError("INPUT_INVALID", { field: "Destination", detail, path: "destination.address" });
  }
  // Which databases are written was decided when the task was created.
  const endpoint = { ...next.source, db: former.source.db };
  const said = differenceText("the destination", former, { ...next, source: endpoint });
  if (said === null) return unchanged;
  return {
    stored: sealEndpoint(box, endpoint, destinationPlace(task.id)),
    endpoint,
    moved: formatAddress(endpoint) !== formatAddress(former.source),
    said: [said],
  };
}

function destinationOf(task: TaskRecord, box: SecretBox): SourceAddresses {
  const source = openEndpoint(box, task.destination, destinationPlace(task.id));
  return { source, alternatives: [], sentinel: null };
}

/** What has changed of a server, without a password; null for nothing. */
function differenceText(name: string, former: SourceAddresses, next: SourceAddresses): string | null {
  const [was, is] = [connectionText(former), connectionText(next)];
  const parts = [
    was.address !== is.address && `the address of ${name} from ${was.address} to ${is.address}`,
    was.further !== is.further &&
      `the further addresses of ${name} from ${was.further || "none"} to ${is.further || "none"}`,
    was.username !== is.username &&
      `the user of ${name} from ${was.username || "default"} to ${is.username || "default"}`,
    passwordsOf(former) !== passwordsOf(next) && `the password of ${name}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? null : parts.join(", ");
}

function passwordsOf({ source, alternatives, sentinel }: SourceAddresses): string {
  const all = [source, ...alternatives, ...(sentinel?.sentinels ?? [])];
  return JSON.stringify(all.map(({ password }) => password));
}
