"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/controls/button";
import { Field, FieldError } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { Entrance } from "@/components/people/entrance";
import { NewPasswordField } from "@/components/people/new-password-field";
import { signIn } from "@/components/people/sign-in";

/** The first visit: whoever makes it becomes the administrator. */
export function SetupPage() {
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [entering, setEntering] = useState(false);
  const setUp = useMutation(trpc.account.setUp.mutationOptions());
  const reason = setUp.error === null ? null : reasonOf(setUp.error);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setEntering(true);
    try {
      await setUp.mutateAsync({ name, email, password });
    } catch {
      return setEntering(false);
    }
    const refused = await signIn(email, password);
    window.location.assign(refused === null ? "/tasks" : "/login");
  }

  return (
    <Entrance
      title="Welcome to Tributary"
      text="Nobody has an account here yet. Create yours: you become the administrator, and invite the others."
    >
      <form onSubmit={submit} className="space-y-4">
        <Field label="Your name">
          {(control) => (
            <TextInput
              {...control}
              name="name"
              autoComplete="name"
              required
              maxLength={80}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="E-mail address" help="You sign in with it. Nothing is sent there.">
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
        <NewPasswordField value={password} onChange={setPassword} />
        {reason !== null && <FieldError text={`${reason.message} ${reason.remedy}`} />}
        <Button type="submit" look="primary" busy={entering} className="w-full">
          Create the account
        </Button>
      </form>
    </Entrance>
  );
}
