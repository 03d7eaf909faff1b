"use client";

import { TextInput } from "@/components/controls/text-input";
import { FormChoices } from "@/components/form/form-choices";
import { FormField } from "@/components/form/form-field";
import { shrinkChoices } from "./merge-choices";
import type { ShrinkForm } from "./shrink-form";

type WithShrink = { shrink: ShrinkForm };

/** What a shard that has shrunk does, and from what on it has: `shrink` of the form around it. */
export function ShrinkFields() {
  return (
    <div className="min-w-0">
      <FormChoices<WithShrink, ShrinkForm["onShrink"]>
        name="shrink.onShrink"
        legend="When a shard comes back with far fewer keys"
        choices={shrinkChoices}
      />
      <div className="mt-3 ml-6 flex flex-wrap gap-x-4 gap-y-3">
        <FormField<WithShrink> name="shrink.maxKeys" label="More than, keys" className="w-36">
          {(control) => <TextInput {...control} inputMode="numeric" className="num" />}
        </FormField>
        <FormField<WithShrink> name="shrink.maxPercent" label="and more than, %" className="w-36">
          {(control) => <TextInput {...control} inputMode="decimal" className="num" />}
        </FormField>
      </div>
    </div>
  );
}
