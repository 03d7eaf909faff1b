import { z } from "zod";

/**
 * The schema of a form: what stands in its fields becomes input of a schema of the server, and what that one finds wrong
 * is said at the form's own fields.
 * @param fieldOf where in the form a place of the input was given.
 */
export function formSchema<Form, S extends z.ZodType>(
  schema: S,
  toInput: (form: Form) => z.input<S>,
  fieldOf: (path: readonly string[], form: Form) => readonly string[] = (path) => path,
) {
  return z.custom<Form>().transform((form, context): z.output<S> => {
    const read = schema.safeParse(toInput(form));
    if (read.success) return read.data;
    for (const { path, message } of read.error.issues)
      context.addIssue({ code: "custom", message, path: [...fieldOf(path.map(String), form)] });
    return z.NEVER;
  });
}

/** A number as it was typed; NaN, which no schema takes, for a text that is none. */
export function numberIn(text: string): number {
  // Thousands may be set apart by commas.
  const plain = text.trim().replace(/,(?=\d{3}(\D|$))/g, "");
  return /^\d{1,12}(\.\d{1,6})?$/.test(plain) ? Number(plain) : Number.NaN;
}
