"use client";

import { PasswordInput } from "@/components/controls/password-input";
import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { SHORTEST_PASSWORD } from "@/server/input/people-input";

type CredentialFieldsProps = {
  /** Whether the password is the one that the account has, or is chosen here. */
  password: "current" | "new";
  /** The address, where it is known already. */
  account?: string;
  help?: string;
};

/** An account's e-mail address and its password, as browsers and password managers know them. */
export function CredentialFields({ password, account, help }: CredentialFieldsProps) {
  return (
    <>
      {account === undefined ? (
        <EmailField help={help} autoComplete="username" />
      ) : (
        // For password managers, which keep a password with its user name.
        <input type="hidden" name="email" autoComplete="username" value={account} readOnly />
      )}
      <PasswordField name="password" label="Password" kind={password} />
    </>
  );
}

/** `email` of the form around it. */
export function EmailField({ help, autoComplete }: { help?: string | undefined; autoComplete?: "username" }) {
  return (
    <FormField<{ email: string }> name="email" label="E-mail address" help={help}>
      {(control) => <TextInput {...control} type="email" autoComplete={autoComplete ?? "off"} />}
    </FormField>
  );
}

type PasswordFieldProps = {
  name: "password" | "current" | "next";
  label: string;
  kind: CredentialFieldsProps["password"];
};

/** A password of the form around it; of one that is chosen it says what the server asks for. */
export function PasswordField({ name, label, kind }: PasswordFieldProps) {
  return (
    <FormField<{ password: string; current: string; next: string }>
      name={name}
      label={label}
      help={
        kind === "new"
          ? `At least ${SHORTEST_PASSWORD} characters. Several words are easier to remember than symbols.`
          : undefined
      }
    >
      {(control) => (
        <PasswordInput {...control} autoComplete={kind === "new" ? "new-password" : "current-password"} />
      )}
    </FormField>
  );
}
