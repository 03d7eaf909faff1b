"use client";

import { type FieldPathByValue, type FieldValues, useController, useFormContext } from "react-hook-form";

type FormCheckboxProps<T extends FieldValues> = {
  /** Of a yes or no in the form's values. */
  name: FieldPathByValue<T, boolean>;
  label: string;
  help: string;
};

/** A yes or no of the form around it. */
export function FormCheckbox<T extends FieldValues>({ name, label, help }: FormCheckboxProps<T>) {
  const { control } = useFormContext<T>();
  const { value, onChange, ...field } = useController({ control, name }).field;
  return (
    <label className="flex cursor-pointer items-start gap-2.5">
      <input
        {...field}
        type="checkbox"
        checked={value}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-1 size-4 shrink-0 accent-(--river)"
      />
      <span className="min-w-0">
        {label}
        <span className="block text-xs text-ink-3">{help}</span>
      </span>
    </label>
  );
}
