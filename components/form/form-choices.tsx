"use client";

import { type FieldPathByValue, type FieldValues, useController, useFormContext } from "react-hook-form";
import { Choices, type ChoicesProps } from "@/components/controls/choices";

type FormChoicesProps<T extends FieldValues, V extends string> = Omit<
  ChoicesProps<V>,
  "name" | "value" | "onChange"
> & { name: FieldPathByValue<T, V> };

/** One of a few choices, as a field of the form around it. */
export function FormChoices<T extends FieldValues, V extends string>({
  name,
  ...rest
}: FormChoicesProps<T, V>) {
  const { control } = useFormContext<T>();
  const { field } = useController({ control, name });
  return <Choices<V> {...rest} name={name} value={field.value} onChange={field.onChange} />;
}
