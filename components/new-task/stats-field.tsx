"use client";

import { Field } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";

type StatsFieldProps = { value: string; error: string | undefined; onChange: (stats: string) => void };

/** Where the nutcracker that runs the file gives its statistics. */
export function StatsField({ value, error, onChange }: StatsFieldProps) {
  return (
    <Field
      label="Statistics of the running nutcracker"
      optional
      help="Its host and the port of its -s option, 22222 unless given. The checks look there whether it has ejected shards, which leaves stale copies."
      error={error}
      className="mt-5"
    >
      {(control) => (
        <TextInput
          {...control}
          name="stats"
          mono
          inputMode="url"
          placeholder="10.0.0.5:22222"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
