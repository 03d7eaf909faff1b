"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/controls/button";
import { FieldError } from "@/components/controls/field";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { Entrance } from "@/components/people/entrance";
import { NewPasswordField } from "@/components/people/new-password-field";
import { signIn } from "@/components/people/sign-in";

type JoinPageProps = { secret: string; name: string; email: string };

/** Somebody who was invited chooses a password. */
export function JoinPage({ secret, name, email }: JoinPageProps) {
  const trpc = useTRPC();
  const [password, setPassword] = useState("");
  const [entering, setEntering] = useState(false);
  const accept = useMutation(trpc.account.acceptInvitation.mutationOptions());
  const reason = accept.error === null ? null : reasonOf(accept.error);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setEntering(true);
    try {
      await accept.mutateAsync({ secret, password });
    } catch {
      return setEntering(false);
    }
    const refused = await signIn(email, password);
    window.location.assign(refused === null ? "/tasks" : "/login");
  }

  return (
    <Entrance
      title={`Hello, ${name}`}
      text={
        <>
          Choose a password. From then on you sign in as <span className="text-ink">{email}</span>.
        </>
      }
    >
      <form onSubmit={submit} className="space-y-4">
        {/* For password managers, which keep a password with its user name. */}
        <input type="hidden" name="email" autoComplete="username" value={email} readOnly />
        <NewPasswordField value={password} onChange={setPassword} />
        {reason !== null && <FieldError text={`${reason.message} ${reason.remedy}`} />}
        <Button type="submit" look="primary" busy={entering} className="w-full">
          Set it and sign in
        </Button>
      </form>
    </Entrance>
  );
}
