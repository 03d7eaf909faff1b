"use client";

import { Field } from "@/components/controls/field";
import { PasswordInput } from "@/components/controls/password-input";

type NewPasswordFieldProps = {
  label?: string;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
};

/** A password that somebody chooses, with what the server wants of it. */
export function NewPasswordField({ label = "Password", value, error, onChange }: NewPasswordFieldProps) {
  return (
    <Field
      label={label}
      help="At least 10 characters. Several words are easier to keep than symbols."
      error={error}
    >
      {(control) => (
        <PasswordInput
          {...control}
          name="new-password"
          autoComplete="new-password"
          required
          minLength={10}
          maxLength={128}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
