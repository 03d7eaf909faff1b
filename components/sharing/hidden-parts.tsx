"use client";

import { useController, useFormContext } from "react-hook-form";
import type { Masking } from "@/server/people/masking";

const parts: readonly { readonly name: keyof Masking; readonly label: string; readonly help: string }[] = [
  { name: "hosts", label: "Hosts", help: "Host names and IP addresses of the servers." },
  { name: "keys", label: "Names of keys", help: "In events and reasons." },
  {
    name: "values",
    label: "Values",
    help: "In the same places. Together with the names of keys also what a server says in its own words.",
  },
];

/** What the link shows besides numbers and states; `hidden` of the form around it. */
export function HiddenParts() {
  const { control } = useFormContext<{ hidden: Masking }>();
  const { field } = useController({ control, name: "hidden" });
  return (
    <fieldset>
      <legend className="mb-2 text-[0.8125rem] font-medium">Show besides numbers and states</legend>
      <div className="space-y-2.5">
        {parts.map(({ name, label, help }) => (
          <label key={name} className="flex cursor-pointer items-start gap-2.5">
            <input
              type="checkbox"
              checked={!field.value[name]}
              onChange={(event) => field.onChange({ ...field.value, [name]: !event.target.checked })}
              className="mt-1 accent-(--river)"
            />
            <span>
              {label}
              <span className="block text-xs text-ink-3">{help}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
