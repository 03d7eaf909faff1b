"use client";

import type { ReactNode } from "react";
import {
  type ControllerRenderProps,
  type FieldPathByValue,
  type FieldValues,
  useController,
  useFormContext,
} from "react-hook-form";
import { Field, type FieldControl, type FieldProps } from "@/components/controls/field";

type FormControl = FieldControl & Omit<ControllerRenderProps, "value" | "disabled"> & { value: string };

type FormFieldProps<T extends FieldValues> = Omit<FieldProps, "error" | "children"> & {
  /** Of a text in the form's values. */
  name: FieldPathByValue<T, string>;
  children: (control: FormControl) => ReactNode;
};

/** A text of the form around it, with what is wrong with it. */
export function FormField<T extends FieldValues>({ name, children, ...rest }: FormFieldProps<T>) {
  const { control } = useFormContext<T>();
  const { field, fieldState } = useController({ control, name });
  return (
    <Field {...rest} error={fieldState.error?.message}>
      {(labeled) => children({ ...labeled, ...field, value: field.value })}
    </Field>
  );
}
