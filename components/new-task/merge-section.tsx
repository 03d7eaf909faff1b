"use client";

import { useFormContext, useFormState, useWatch } from "react-hook-form";
import { Choices } from "@/components/controls/choices";
import { FormChoices } from "@/components/form/form-choices";
import {
  boundText,
  destinationKeysChoices,
  flushChoices,
  labelOf,
  policyChoices,
} from "@/components/merging/merge-choices";
import { ShrinkFields } from "@/components/merging/shrink-fields";
import { shrinkOf } from "@/components/merging/shrink-form";
import { Folded } from "./folded";
import type { Pool } from "./pool-picker";
import { effectivePolicy, type TaskForm } from "./task-form";
import { usePoolChoices } from "./use-pool-choices";

/**
 * Whose value a key has, what becomes of keys that are there, and of those that a shard loses; folded away.
 * @param pool the chosen one; null for shards by hand.
 */
export function MergeSection({ pool }: { pool: Pool | null }) {
  const { control } = useFormContext<TaskForm>();
  const { errors } = useFormState({ control, name: "shrink" });
  const [destinationKeys, shrink] = useWatch({ control, name: ["destinationKeys", "shrink"] });
  const [ofPool, choose] = usePoolChoices(pool);
  const hasRing = pool !== null && pool.distribution !== "random";
  const policy = effectivePolicy(ofPool, hasRing);
  return (
    <Folded
      title="Merging"
      note={noteOf({ destinationKeys, shrink }, policy)}
      held={errors.shrink !== undefined}
    >
      <div className="mt-3 grid gap-x-6 gap-y-5 sm:grid-cols-2">
        <div className="min-w-0">
          <Choices
            name="mergePolicy"
            legend="If several shards have the same key"
            choices={hasRing ? policyChoices : policyChoices.filter(({ value }) => value === "last-write")}
            value={policy}
            onChange={(mergePolicy) => choose({ mergePolicy })}
          />
          {!hasRing && (
            <p className="mt-2 ml-6 text-xs text-ink-3">
              {pool === null
                ? "Only a nutcracker.yml has a ring that says which shard owns a key."
                : "In a pool with random distribution, no shard owns a key."}
            </p>
          )}
        </div>
        <FormChoices<TaskForm, TaskForm["destinationKeys"]>
          name="destinationKeys"
          legend="Keys that already exist on the destination"
          choices={destinationKeysChoices}
        />
        <ShrinkFields />
        {hasRing && (
          <Choices
            name="onFlush"
            legend="FLUSHALL or FLUSHDB on a shard"
            choices={flushChoices}
            value={ofPool.onFlush}
            onChange={(onFlush) => choose({ onFlush })}
          />
        )}
      </div>
    </Folded>
  );
}

function noteOf(
  { destinationKeys, shrink }: Pick<TaskForm, "destinationKeys" | "shrink">,
  policy: ReturnType<typeof effectivePolicy>,
): string {
  const { maxKeys, maxShare } = shrinkOf(shrink);
  const keys = { "must-be-empty": "empty destination", overwrite: "overwrites keys", keep: "keeps keys" };
  const isBound = shrink.onShrink === "hold" && !Number.isNaN(maxKeys + maxShare);
  const holds = isBound ? `, holds ${boundText({ maxKeys, maxShare })}` : "";
  return `${labelOf(policyChoices, policy).toLowerCase()}, ${keys[destinationKeys]}${holds}`;
}
