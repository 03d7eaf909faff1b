"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { Field, FieldError } from "@/components/controls/field";
import { PasswordInput } from "@/components/controls/password-input";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { useMe } from "@/components/people/me";
import { NewPasswordField } from "@/components/people/new-password-field";
import { roleChoices } from "@/components/people/role-words";
import { signOut } from "@/components/people/sign-out";

export function AccountPage() {
  const trpc = useTRPC();
  const { identity, role } = useMe();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation(
    trpc.account.changePassword.mutationOptions({
      onSuccess: () => {
        setCurrent("");
        setNext("");
        toast.success("The password was changed", {
          description: "Your sessions in other browsers have ended.",
        });
      },
    }),
  );
  const reason = change.error === null ? null : reasonOf(change.error);
  const choice = roleChoices.find(({ value }) => value === role);

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate({ current, next });
  }

  return (
    <>
      <h1 className="mb-4 text-[1.375rem] font-semibold tracking-[-0.02em]">Your account</h1>
      <div className="max-w-xl space-y-5">
        <CardSection
          title={identity?.name ?? ""}
          aside={<Button onClick={() => void signOut()}>Sign out</Button>}
        >
          <p className="border-t px-4 py-3 text-ink-2 sm:px-5">
            <span className="font-medium text-ink">{choice?.label}.</span> {choice?.help}
          </p>
        </CardSection>
        <CardSection title="Password">
          <form onSubmit={submit} className="space-y-4 border-t px-4 py-4 sm:px-5">
            <Field label="Current password">
              {(control) => (
                <PasswordInput
                  {...control}
                  name="password"
                  autoComplete="current-password"
                  required
                  value={current}
                  onChange={(event) => setCurrent(event.target.value)}
                />
              )}
            </Field>
            <NewPasswordField label="New password" value={next} onChange={setNext} />
            {reason !== null && <FieldError text={`${reason.message} ${reason.remedy}`} />}
            <Button type="submit" look="primary" busy={change.isPending}>
              Change the password
            </Button>
          </form>
        </CardSection>
      </div>
    </>
  );
}
