import type { Inputs } from "@/components/live/trpc";
import type { ShrinkForm } from "@/components/merging/shrink-fields";
import type { MergePolicy } from "@/server/merge/merge-policy";
import type { DestinationKeysPolicy, FlushPolicy } from "@/server/sync/spec/shard-sync-spec";
import { parseBound } from "../merging/merge-choices";

type TaskInput = Inputs["task"]["create"];

export type AddressForm = { address: string; username: string; password: string };
export type ShardForm = AddressForm & { key: number; name: string };
export type PairForm = { key: number; source: string; destination: string };

/** What stands in the fields of the new task's page, as text. */
export type TaskForm = {
  name: string;
  kind: "nutcracker" | "shards";
  text: string;
  pool: string;
  /** By the name of a server of the pool: its replicas or Sentinels. */
  further: Readonly<Record<string, string>>;
  /** Where the running nutcracker gives its statistics; empty for nowhere. */
  stats: string;
  shards: readonly ShardForm[];
  destination: AddressForm;
  databases: "default" | "all" | "pairs";
  pairs: readonly PairForm[];
  publish: "forward" | "skip";
  onDestinationDataLost: "resync" | "stop";
  /** null is the default: that of the ring. */
  mergePolicy: MergePolicy | null;
  destinationKeys: DestinationKeysPolicy;
  shrink: ShrinkForm;
  onFlush: FlushPolicy;
};

/** What is wrong, by the field's path: `name`, `shards.0.address`, `destination.address`, `pairs.1`. */
export type FormErrors = Readonly<Record<string, string>>;

const emptyAddress: AddressForm = { address: "", username: "", password: "" };

export const emptyForm: TaskForm = {
  name: "",
  kind: "nutcracker",
  text: "",
  pool: "",
  further: {},
  stats: "",
  shards: [
    { ...emptyAddress, key: 1, name: "" },
    { ...emptyAddress, key: 2, name: "" },
  ],
  destination: emptyAddress,
  databases: "default",
  pairs: [{ key: 1, source: "0", destination: "0" }],
  publish: "forward",
  onDestinationDataLost: "resync",
  mergePolicy: null,
  destinationKeys: "must-be-empty",
  shrink: { onShrink: "hold", maxKeys: "1000", maxPercent: "10" },
  onFlush: "skip",
};

/** A row for the end of a list, with a key that none of the others has. */
export function newShard(shards: readonly ShardForm[]): ShardForm {
  return { ...emptyAddress, name: "", key: Math.max(0, ...shards.map((shard) => shard.key)) + 1 };
}

export function newPair(pairs: readonly PairForm[]): PairForm {
  const next = Math.max(-1, ...pairs.map((pair) => Number(pair.source) || 0)) + 1;
  const key = Math.max(0, ...pairs.map((pair) => pair.key)) + 1;
  return { key, source: String(next), destination: String(next) };
}

/** Finds what can be told without asking a server; an empty object when nothing is wrong. */
export function findErrors(form: TaskForm): FormErrors {
  const errors: Record<string, string> = {};
  if (form.name.trim() === "") errors.name = "Give the task a name.";
  if (form.kind === "nutcracker") {
    if (form.text.trim() === "") errors.text = "Paste your nutcracker.yml, or enter the shards by hand.";
    else if (form.pool === "") errors.pool = "Choose a pool.";
  } else {
    Object.assign(errors, shardErrors(form.shards));
  }
  if (form.destination.address.trim() === "")
    errors["destination.address"] = "Give the destination's address.";
  if (form.databases === "pairs") Object.assign(errors, pairErrors(form.pairs));
  if (parseBound(form.shrink.maxKeys, form.shrink.maxPercent) === null)
    errors["shrink.maxKeys"] = "Give a number of keys, and a percentage.";
  return errors;
}

function shardErrors(shards: readonly ShardForm[]): FormErrors {
  const errors: Record<string, string> = {};
  const rows = new Map<string, number>();
  shards.forEach((shard, index) => {
    const address = shard.address.trim();
    const first = rows.get(address);
    // Rows that are wholly empty are left out of the task, but one shard there must be.
    if (address === "" && (index === 0 || !isBlank(shard)))
      errors[`shards.${index}.address`] = "Give the shard's address.";
    else if (address !== "" && first !== undefined) {
      errors[`shards.${index}.address`] = `The same address as shard ${first + 1}: remove one of them.`;
    }
    if (address !== "" && first === undefined) rows.set(address, index);
  });
  return errors;
}

function pairErrors(pairs: readonly PairForm[]): FormErrors {
  const errors: Record<string, string> = {};
  const sources = new Set<string>();
  const destinations = new Set<string>();
  pairs.forEach((pair, index) => {
    const path = `pairs.${index}`;
    if (!/^\d{1,6}$/.test(pair.source) || !/^\d{1,6}$/.test(pair.destination)) {
      errors[path] = "Both are database numbers, from 0.";
    } else if (sources.has(pair.source)) {
      errors[path] = `Source database ${pair.source} is listed twice.`;
    } else if (destinations.has(pair.destination)) {
      errors[path] =
        `Two source databases would go to database ${pair.destination}: equal keys would overwrite each other.`;
    }
    sources.add(pair.source);
    destinations.add(pair.destination);
  });
  return errors;
}

/** A row in which nothing stands; it is left out of the task. */
export function isBlank(shard: ShardForm): boolean {
  return [shard.name, shard.address, shard.username, shard.password].every((text) => text.trim() === "");
}

/** Without a ring nobody owns a key, whatever was chosen for a pool before. */
export function effectivePolicy(form: Pick<TaskForm, "mergePolicy">, hasRing: boolean): MergePolicy {
  return hasRing ? (form.mergePolicy ?? "owner-wins") : "last-write";
}

/** The form as the API takes it; meant for a form without errors. */
export function toTaskInput(form: TaskForm): TaskInput {
  const databases: TaskInput["databases"] =
    form.databases === "default"
      ? undefined
      : form.databases === "all"
        ? { kind: "all" }
        : {
            kind: "pairs",
            pairs: form.pairs.map((pair) => ({
              source: Number(pair.source),
              destination: Number(pair.destination),
            })),
          };
  return {
    name: form.name.trim(),
    source:
      form.kind === "nutcracker"
        ? {
            kind: "nutcracker",
            text: form.text,
            pool: form.pool,
            ...furtherOf(form),
            ...filled({ stats: form.stats.trim() }),
          }
        : {
            kind: "shards",
            shards: form.shards
              .filter((shard) => !isBlank(shard))
              .map((shard) => ({ ...filled({ name: shard.name.trim() }), ...toAddress(shard) })),
          },
    destination: toAddress(form.destination),
    ...(databases === undefined ? {} : { databases }),
    ...(form.publish === "forward" ? {} : { publish: form.publish }),
    ...mergingOf(form),
    ...(form.onDestinationDataLost === "resync" ? {} : { onDestinationDataLost: form.onDestinationDataLost }),
  };
}

/** What is not the default; what needs a ring goes with a pool only. */
function mergingOf({ kind, mergePolicy, destinationKeys, shrink, onFlush }: TaskForm): Partial<TaskInput> {
  const { onShrink, maxKeys, maxPercent } = shrink;
  const bound = parseBound(maxKeys, maxPercent);
  const usual = onShrink === "hold" && bound?.maxKeys === 1000 && bound.maxShare === 0.1;
  return {
    ...(kind === "shards" || mergePolicy === null ? {} : { mergePolicy }),
    ...(destinationKeys === "must-be-empty" ? {} : { destinationKeys }),
    ...(usual || bound === null ? {} : { shrink: { onShrink, ...bound } }),
    ...(kind === "shards" || onFlush === "skip" ? {} : { onFlush }),
  };
}

function furtherOf({ further }: TaskForm): { further?: Record<string, string> } {
  const given = Object.entries(further).filter(([, text]) => text.trim() !== "");
  return given.length === 0 ? {} : { further: Object.fromEntries(given) };
}

function toAddress({ address, username, password }: AddressForm): TaskInput["destination"] {
  return { address: address.trim(), ...filled({ username: username.trim(), password }) };
}

function filled<T extends Record<string, string>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== "")) as Partial<T>;
}
