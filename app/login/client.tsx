"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/controls/button";
import { Field, FieldError } from "@/components/controls/field";
import { PasswordInput } from "@/components/controls/password-input";
import { TextInput } from "@/components/controls/text-input";
import type { ShownReason } from "@/components/live/reason-of";
import { Entrance } from "@/components/people/entrance";
import { signIn } from "@/components/people/sign-in";

/** @param next a path on this host, for after the login. */
export function LoginPage({ next }: { next: string }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState<ShownReason | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const refused = await signIn(email, password);
    // The whole page is made anew for who has signed in.
    if (refused === null) return window.location.assign(next);
    setReason(refused);
    setBusy(false);
  }

  return (
    <Entrance title="Sign in to Tributary" text="With the address that an administrator has invited.">
      <form onSubmit={submit} className="space-y-4">
        <Field label="E-mail address">
          {(control) => (
            <TextInput
              {...control}
              type="email"
              name="email"
              autoComplete="username"
              required
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        <Field label="Password">
          {(control) => (
            <PasswordInput
              {...control}
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        {reason !== null && <FieldError text={`${reason.message} ${reason.remedy}`} />}
        <Button type="submit" look="primary" busy={busy} className="w-full">
          Sign in
        </Button>
      </form>
    </Entrance>
  );
}
