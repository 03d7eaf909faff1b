"use client";

import { Lock } from "lucide-react";
import { useFormContext, useWatch } from "react-hook-form";
import { PasswordInput } from "@/components/controls/password-input";
import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { splitCredentials } from "./split-credentials";

type AddressValues = { address: string; username: string; password: string };
type AddressForm = { destination: AddressValues; shards: AddressValues[] };

type AddressFieldsProps = {
  label: string;
  /** Of the form around it. */
  path: "destination" | `shards.${number}`;
  /** What stands in an empty password's field. */
  passwordHint?: string | undefined;
  /** In place of the help below the address. */
  note?: string | undefined;
};

/** Where a Redis is and how to enter it. Credentials in a pasted URL move to their own fields. */
export function AddressFields({ label, path, note, passwordHint }: AddressFieldsProps) {
  const { control, getValues, setValue } = useFormContext<AddressForm>();
  const address = useWatch({ control, name: `${path}.address` });
  const takeCredentials = () => {
    const split = splitCredentials(getValues(`${path}.address`));
    if (split === null) return;
    setValue(`${path}.address`, split.address);
    if (split.username !== "") setValue(`${path}.username`, split.username);
    if (split.password !== "") setValue(`${path}.password`, split.password);
  };
  const tls = /^\s*rediss(\+sentinel)?:\/\//i.test(address);
  return (
    <div className="grid gap-x-4 gap-y-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
      <FormField<AddressForm>
        name={`${path}.address`}
        label={label}
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
        {(field) => (
          <TextInput
            {...field}
            mono
            inputMode="url"
            placeholder="10.0.0.12:6379"
            onBlur={() => {
              field.onBlur();
              takeCredentials();
            }}
          />
        )}
      </FormField>
      <FormField<AddressForm> name={`${path}.username`} label="User" optional>
        {(field) => <TextInput {...field} mono placeholder="default" />}
      </FormField>
      <FormField<AddressForm> name={`${path}.password`} label="Password" optional>
        {(field) => <PasswordInput {...field} placeholder={passwordHint} />}
      </FormField>
    </div>
  );
}
