import type { UseFormReturn } from "react-hook-form";
import type { z } from "zod";
import { formSchema, numberIn } from "@/components/form/form-schema";
import { isUsualShrink, shrinkFieldOf, shrinkOf } from "@/components/merging/shrink-form";
import { newTaskInput } from "@/server/input/task-input";
import { type AddressForm, choicesOf, isBlank, type TaskForm } from "./task-form";

type TaskInput = z.input<typeof newTaskInput>;
/** The form of a new task, of which a task for the API becomes. */
export type NewTaskForm = UseFormReturn<TaskForm, unknown, z.output<typeof newTaskInput>>;

/** The form of a new task, checked by the schema of the server. */
export const taskFormSchema = formSchema(newTaskInput, toTaskInput, fieldOfPath);

/** The form as the API takes it; what should be a number and is none is NaN. */
export function toTaskInput(form: TaskForm): TaskInput {
  return {
    name: form.name ?? (form.kind === "nutcracker" ? form.pool : ""),
    source: sourceOf(form),
    destination: toAddress(form.destination),
    ...(form.databases === "default" ? {} : { databases: databasesOf(form) }),
    ...(form.publish === "forward" ? {} : { publish: form.publish }),
    ...(form.destinationKeys === "must-be-empty" ? {} : { destinationKeys: form.destinationKeys }),
    ...(isUsualShrink(form.shrink) ? {} : { shrink: shrinkOf(form.shrink) }),
    ...ringChoicesOf(form),
    ...(form.onDestinationDataLost === "resync" ? {} : { onDestinationDataLost: form.onDestinationDataLost }),
  };
}

/**
 * The field in which a place of the input was given, by the path in the input, such as `source.shards.0.password`, with
 * or without `source`; `root` for what no field is for.
 */
export function fieldOfPath(path: readonly string[], form: Pick<TaskForm, "shards">): readonly string[] {
  const [group = "", ...rest] = path[0] === "source" ? path.slice(1) : path;
  const [place = "", field = "address"] = rest;
  switch (group) {
    case "name":
    case "text":
    case "pool":
    case "stats":
      return [group];
    case "further":
      return ["ofPool", "further"];
    case "destination":
      return [group, place || "address"];
    case "shards": {
      const row = sentRows(form)[Number(place)];
      return row === undefined ? ["root"] : [group, String(row), field];
    }
    case "databases":
      return rest.length === 3 ? rest : ["root"];
    case "shrink":
      return [group, shrinkFieldOf(place)];
    default:
      return ["root"];
  }
}

/** The rows of shards that are sent: empty ones are left out, but one shard there must be. */
function sentRows({ shards }: Pick<TaskForm, "shards">): number[] {
  const filled = shards.flatMap((shard, row) => (isBlank(shard) ? [] : [row]));
  return filled.length === 0 ? [0] : filled;
}

function sourceOf(form: TaskForm): TaskInput["source"] {
  if (form.kind === "shards")
    return { kind: "shards", shards: sentRows(form).map((row) => toAddress(form.shards[row]!)) };
  const further = Object.entries(choicesOf(form.ofPool, form.pool).further).filter(
    ([, text]) => text.trim() !== "",
  );
  return {
    kind: "nutcracker",
    text: form.text,
    pool: form.pool,
    ...(further.length === 0 ? {} : { further: Object.fromEntries(further) }),
    ...filled({ stats: form.stats.trim() }),
  };
}

function databasesOf({ databases, pairs }: TaskForm): TaskInput["databases"] {
  if (databases === "all") return { kind: "all" };
  return {
    kind: "pairs",
    pairs: pairs.map(({ source, destination }) => ({
      source: numberIn(source),
      destination: numberIn(destination),
    })),
  };
}

/** What needs a ring goes with a pool only, and only where it is not the default. */
function ringChoicesOf({ kind, ofPool, pool }: TaskForm): Pick<TaskInput, "mergePolicy" | "onFlush"> {
  if (kind === "shards") return {};
  const { mergePolicy, onFlush } = choicesOf(ofPool, pool);
  return {
    ...(mergePolicy === null ? {} : { mergePolicy }),
    ...(onFlush === "skip" ? {} : { onFlush }),
  };
}

function toAddress({ address, username, password }: AddressForm): TaskInput["destination"] {
  return { address, ...filled({ username: username.trim(), password }) };
}

function filled<T extends Record<string, string>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== "")) as Partial<T>;
}
