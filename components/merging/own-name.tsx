"use client";

import { useState, useSyncExternalStore } from "react";
import { Field } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";
import { useMe } from "@/components/people/me";

const storageKey = "tributary.name";

const neverChanges = () => () => {};

function storedName(): string {
  try {
    return localStorage.getItem(storageKey) ?? "";
  } catch {
    // A browser that keeps nothing asks each time.
    return "";
  }
}

/** The name under which this browser acts where nobody signs in: it is asked for and remembered here. */
export function useOwnName() {
  const stored = useSyncExternalStore(neverChanges, storedName, () => "");
  const [typed, setName] = useState<string | null>(null);
  const name = typed ?? stored;
  const keep = () => {
    try {
      localStorage.setItem(storageKey, name.trim());
    } catch {
      // As above.
    }
  };
  const by = name.trim() === "" ? {} : { by: name.trim() };
  return { name, setName, keep, by };
}

export type OwnName = ReturnType<typeof useOwnName>;

/** Asks who acts, where it is not known from a login; it may be left empty. */
export function NameField({ own }: { own: OwnName }) {
  const { identity } = useMe();
  if (identity !== null) return null;
  return (
    <Field label="Your name" optional help="Kept with the event, beside the address of this browser.">
      {(control) => (
        <TextInput
          {...control}
          name="by"
          maxLength={80}
          placeholder="unknown user"
          autoComplete="name"
          value={own.name}
          onChange={(event) => own.setName(event.target.value)}
        />
      )}
    </Field>
  );
}
