"use client";

import { Choices } from "@/components/controls/choices";
import {
  boundText,
  destinationKeysChoices,
  flushChoices,
  labelOf,
  parseBound,
  policyChoices,
} from "@/components/merging/merge-choices";
import { boundError, ShrinkFields } from "@/components/merging/shrink-fields";
import { Folded } from "./folded";
import type { Pool } from "./pool-picker";
import { effectivePolicy, type TaskForm } from "./task-form";

type MergeSectionProps = {
  form: TaskForm;
  /** The chosen pool; null for shards by hand. */
  pool: Pool | null;
  onChange: (patch: Partial<TaskForm>) => void;
};

/** Whose value a key has, what becomes of keys that are there, and of those that a shard loses; folded away. */
export function MergeSection({ form, pool, onChange }: MergeSectionProps) {
  const hasRing = pool !== null && pool.distribution !== "random";
  const policies = hasRing ? policyChoices : policyChoices.filter(({ value }) => value === "last-write");
  const policy = effectivePolicy(form, hasRing);
  return (
    <Folded title="Merging" note={noteOf(form, policy)} held={boundError(form.shrink) !== undefined}>
      <div className="mt-3 grid gap-x-6 gap-y-5 sm:grid-cols-2">
        <div className="min-w-0">
          <Choices
            name="mergePolicy"
            legend="A key that lies on several shards"
            choices={policies}
            value={policy}
            onChange={(mergePolicy) => onChange({ mergePolicy })}
          />
          {!hasRing && (
            <p className="mt-2 ml-6 text-xs text-ink-3">
              {pool === null
                ? "The ring of a nutcracker.yml says who owns a key; shards by hand have none."
                : "A pool that distributes at random has no owners."}
            </p>
          )}
        </div>
        <Choices
          name="destinationKeys"
          legend="Keys that the destination holds already"
          choices={destinationKeysChoices}
          value={form.destinationKeys}
          onChange={(destinationKeys) => onChange({ destinationKeys })}
        />
        <ShrinkFields value={form.shrink} onChange={(shrink) => onChange({ shrink })} />
        {hasRing && (
          <Choices
            name="onFlush"
            legend="FLUSHALL or FLUSHDB on a shard"
            choices={flushChoices}
            value={form.onFlush}
            onChange={(onFlush) => onChange({ onFlush })}
          />
        )}
      </div>
    </Folded>
  );
}

function noteOf({ destinationKeys, shrink }: TaskForm, policy: ReturnType<typeof effectivePolicy>): string {
  const bound = parseBound(shrink.maxKeys, shrink.maxPercent);
  const keys = { "must-be-empty": "empty destination", overwrite: "overwrites keys", keep: "keeps keys" };
  const holds = shrink.onShrink === "hold" && bound !== null ? `, holds ${boundText(bound)}` : "";
  return `${labelOf(policyChoices, policy).toLowerCase()}, ${keys[destinationKeys]}${holds}`;
}
