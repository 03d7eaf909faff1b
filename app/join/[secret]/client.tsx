"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { useTRPC } from "@/components/live/trpc";
import { CredentialFields } from "@/components/people/credential-fields";
import { Entrance } from "@/components/people/entrance";
import { signIn } from "@/components/people/sign-in";
import { acceptInput } from "@/server/input/people-input";

type JoinPageProps = { secret: string; name: string; email: string };

/** Somebody who was invited chooses a password. */
export function JoinPage({ secret, name, email }: JoinPageProps) {
  const trpc = useTRPC();
  const form = useForm({ defaultValues: { secret, password: "" }, resolver: zodResolver(acceptInput) });
  const { isSubmitting, isSubmitSuccessful } = form.formState;
  const accept = useMutation(trpc.account.acceptInvitation.mutationOptions());

  const submit = form.handleSubmit(async (input) => {
    try {
      await accept.mutateAsync(input);
    } catch (error) {
      return refuseForm(form, error);
    }
    const refused = await signIn(email, input.password);
    window.location.assign(refused === null ? "/tasks" : "/login");
  });

  return (
    <Entrance
      title={`Hello, ${name}`}
      text={
        <>
          Choose a password. From then on you sign in as <span className="text-ink">{email}</span>.
        </>
      }
    >
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="space-y-4">
          <CredentialFields password="new" account={email} />
          <FormRefusal />
          <Button type="submit" look="primary" busy={isSubmitting || isSubmitSuccessful} className="w-full">
            Set the password and sign in
          </Button>
        </form>
      </FormProvider>
    </Entrance>
  );
}
