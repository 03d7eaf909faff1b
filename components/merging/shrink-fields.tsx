"use client";

import { Choices } from "@/components/controls/choices";
import { Field } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";
import type { ShrinkPolicy } from "@/server/sync/spec/shard-sync-spec";
import { parseBound, shrinkChoices } from "./merge-choices";

/** What stands in the fields. */
export type ShrinkForm = { onShrink: ShrinkPolicy["onShrink"]; maxKeys: string; maxPercent: string };

type ShrinkFieldsProps = { value: ShrinkForm; onChange: (value: ShrinkForm) => void };

/** What a shard that has shrunk does, and from what on it has. */
export function ShrinkFields({ value, onChange }: ShrinkFieldsProps) {
  const wrong = boundError(value);
  return (
    <div className="min-w-0">
      <Choices
        name="onShrink"
        legend="When a shard comes back with far fewer keys"
        choices={shrinkChoices}
        value={value.onShrink}
        onChange={(onShrink) => onChange({ ...value, onShrink })}
      />
      <div className="mt-3 ml-6 flex flex-wrap gap-x-4 gap-y-3">
        <Field label="More than, keys" error={wrong} className="w-36">
          {(control) => (
            <TextInput
              {...control}
              name="shrink.maxKeys"
              inputMode="numeric"
              className="num"
              value={value.maxKeys}
              onChange={(event) => onChange({ ...value, maxKeys: event.target.value })}
            />
          )}
        </Field>
        <Field label="and more than, %" className="w-36">
          {(control) => (
            <TextInput
              {...control}
              name="shrink.maxPercent"
              inputMode="decimal"
              className="num"
              value={value.maxPercent}
              onChange={(event) => onChange({ ...value, maxPercent: event.target.value })}
            />
          )}
        </Field>
      </div>
    </div>
  );
}

export function boundError({ maxKeys, maxPercent }: ShrinkForm): string | undefined {
  if (parseBound(maxKeys, maxPercent) !== null) return undefined;
  return "A number of keys, and a percentage from 0 to 100.";
}

export function shrinkFormOf({ onShrink, maxKeys, maxShare }: ShrinkPolicy): ShrinkForm {
  return { onShrink, maxKeys: String(maxKeys), maxPercent: String(Math.round(maxShare * 1000) / 10) };
}
