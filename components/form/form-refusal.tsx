"use client";

import { type FieldPath, type FieldValues, get, type UseFormReturn, useFormState } from "react-hook-form";
import { FieldError } from "@/components/controls/field";
import { reasonOf } from "@/components/live/reason-of";

/** What the server has refused of the form as a whole. */
export function FormRefusal() {
  const { errors } = useFormState();
  const text = errors.root?.message;
  return text === undefined ? null : <FieldError text={text} />;
}

/**
 * Shows why the server refused a form: at the field that it names, else below the form.
 * @param fieldOf where in the form a place of the input was given.
 */
export function refuseForm<T extends FieldValues>(
  form: Pick<UseFormReturn<T>, "setError" | "getValues">,
  error: unknown,
  fieldOf: (path: readonly string[]) => readonly string[] = (path) => path,
): void {
  const { message, remedy } = reasonOf(error);
  const named = fieldOfError(error);
  const field = named === null ? null : fieldOf(named.split(".")).join(".");
  const isOfForm = field !== null && get(form.getValues(), field) !== undefined;
  form.setError(
    isOfForm ? (field as FieldPath<T>) : "root",
    { message: `${message} ${remedy}` },
    { shouldFocus: true },
  );
}

/** The path of the input that the server's refusal names; null where it is of none. */
export function fieldOfError(error: unknown): string | null {
  return (error as { data?: { field?: string | null } | null } | null)?.data?.field ?? null;
}
