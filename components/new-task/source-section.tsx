"use client";

import { useController, useFormContext, useFormState, useWatch } from "react-hook-form";
import { Segmented } from "@/components/controls/segmented";
import type { ShownReason } from "@/components/live/reason-of";
import { FormSection } from "./form-section";
import { FurtherAddresses } from "./further-addresses";
import { NutcrackerEditor } from "./nutcracker-editor";
import { PoolPicker } from "./pool-picker";
import { ShardRows } from "./shard-rows";
import { StatsField } from "./stats-field";
import type { TaskForm } from "./task-form";
import type { ReadPools } from "./use-pools";

const kinds = [
  { value: "nutcracker", label: "nutcracker.yml" },
  { value: "shards", label: "Shards by hand" },
] as const;

/** Where the data comes from. */
export function SourceSection({ read }: { read: ReadPools }) {
  const { control, setValue, clearErrors } = useFormContext<TaskForm>();
  const kind = useWatch({ control, name: "kind" });
  return (
    <FormSection
      step={1}
      title="Source"
      aside={
        <Segmented
          label="Kind of source"
          value={kind}
          options={kinds}
          onChange={(next) => {
            setValue("kind", next);
            clearErrors(["text", "pool", "stats", "shards"]);
          }}
        />
      }
    >
      {kind === "nutcracker" ? <FromNutcracker read={read} /> : <ShardRows />}
    </FormSection>
  );
}

function FromNutcracker({ read }: { read: ReadPools }) {
  const { pools, problems, failure, reading, pool } = read;
  const { control, setValue, clearErrors } = useFormContext<TaskForm>();
  const { field } = useController({ control, name: "text" });
  const { errors } = useFormState({ control, name: ["text", "pool"] });
  const wanted = errors.pool?.message;
  return (
    <>
      <NutcrackerEditor
        text={field.value}
        problems={problems}
        error={errors.text?.message ?? unread(wanted, pools.length, failure, reading)}
        onChange={(text) => {
          field.onChange(text);
          clearErrors(ofPool);
        }}
      />
      <PoolPicker
        pools={pools}
        value={pool?.name ?? ""}
        error={wanted}
        onChange={(name) => {
          setValue("pool", name);
          clearErrors(ofPool);
        }}
      />
      <StatsField />
      {pool !== null && <FurtherAddresses pool={pool} />}
    </>
  );
}

/** What another pool may set right: the task is called as it, too. */
const ofPool = ["pool", "name"] as const;

/** What is wrong where a pool must be chosen and none is there to be marked. */
function unread(
  wanted: string | undefined,
  pools: number,
  failure: ShownReason | null,
  reading: boolean,
): string | undefined {
  if (failure !== null) return `The file could not be read: ${failure.message} ${failure.remedy}`;
  if (wanted === undefined || pools > 0) return undefined;
  return reading
    ? "The file is still being read. Try again in a moment."
    : "The file has no usable pool. Fix the errors below.";
}
