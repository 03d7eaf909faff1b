"use client";

import { useController, useFormContext } from "react-hook-form";
import { Field } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";
import type { Pool } from "./pool-picker";
import type { TaskForm } from "./task-form";

/** A task is mostly called as its pool, until somebody types another name. */
export function TaskNameField({ pool }: { pool: Pool | null }) {
  const { control } = useFormContext<TaskForm>();
  const { field, fieldState } = useController({ control, name: "name" });
  return (
    <Field label="Name" error={fieldState.error?.message} className="max-w-sm">
      {(labeled) => (
        <TextInput {...labeled} {...field} maxLength={80} value={field.value ?? pool?.name ?? ""} />
      )}
    </Field>
  );
}
