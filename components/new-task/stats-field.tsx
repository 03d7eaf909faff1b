"use client";

import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import type { TaskForm } from "./task-form";

/** Where the nutcracker that runs the file gives its statistics. */
export function StatsField() {
  return (
    <FormField<TaskForm>
      name="stats"
      label="Statistics of the running nutcracker"
      optional
      help="Its host and the port of its -s option (22222 by default). The checks ask it whether it has ejected shards: ejections leave stale copies."
      className="mt-5"
    >
      {(control) => <TextInput {...control} mono inputMode="url" placeholder="10.0.0.5:22222" />}
    </FormField>
  );
}
