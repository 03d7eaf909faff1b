"use client";

import { Lock } from "lucide-react";
import { Field } from "@/components/controls/field";
import { PasswordInput } from "@/components/controls/password-input";
import { TextInput } from "@/components/controls/text-input";
import { splitCredentials } from "./split-credentials";
import type { AddressForm, FormErrors } from "./task-form";

type AddressFieldsProps = {
  label: string;
  path: string;
  value: AddressForm;
  errors: FormErrors;
  /** In place of the help below the address. */
  note?: string | undefined;
  onChange: (value: AddressForm) => void;
};

/** Where a Redis is and how to enter it. Credentials in a pasted URL move to their own fields. */
export function AddressFields({ label, path, value, errors, note, onChange }: AddressFieldsProps) {
  const takeCredentials = () => {
    const split = splitCredentials(value.address);
    if (split === null) return;
    onChange({
      address: split.address,
      username: split.username || value.username,
      password: split.password || value.password,
    });
  };
  const tls = /^\s*rediss(\+sentinel)?:\/\//i.test(value.address);
  return (
    <div className="grid gap-x-4 gap-y-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
      <Field
        label={label}
        error={errors[`${path}.address`]}
        help={
          tls ? (
            <span className="inline-flex items-center gap-1 text-good">
              <Lock className="size-3" aria-hidden /> Encrypted with TLS
            </span>
          ) : (
            (note ?? "host:port or redis://host:port/db; rediss:// for TLS")
          )
        }
      >
        {(control) => (
          <TextInput
            {...control}
            name={`${path}.address`}
            mono
            inputMode="url"
            placeholder="10.0.0.12:6379"
            value={value.address}
            onChange={(event) => onChange({ ...value, address: event.target.value })}
            onBlur={takeCredentials}
          />
        )}
      </Field>
      <Field label="User" optional error={errors[`${path}.username`]}>
        {(control) => (
          <TextInput
            {...control}
            name={`${path}.username`}
            mono
            placeholder="default"
            value={value.username}
            onChange={(event) => onChange({ ...value, username: event.target.value })}
          />
        )}
      </Field>
      <Field label="Password" optional error={errors[`${path}.password`]}>
        {(control) => (
          <PasswordInput
            {...control}
            name={`${path}.password`}
            value={value.password}
            onChange={(event) => onChange({ ...value, password: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}
