"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { useTRPC } from "@/components/live/trpc";
import { CredentialFields } from "@/components/people/credential-fields";
import { Entrance } from "@/components/people/entrance";
import { signIn } from "@/components/people/sign-in";
import { setUpInput } from "@/server/input/people-input";

/** The first visit: whoever makes it becomes the administrator. */
export function SetupPage() {
  const trpc = useTRPC();
  const form = useForm({
    defaultValues: { name: "", email: "", password: "" },
    resolver: zodResolver(setUpInput),
  });
  const { isSubmitting, isSubmitSuccessful } = form.formState;
  const setUp = useMutation(trpc.account.setUp.mutationOptions());

  const submit = form.handleSubmit(async (person) => {
    try {
      await setUp.mutateAsync(person);
    } catch (error) {
      return refuseForm(form, error);
    }
    const refused = await signIn(person.email, person.password);
    window.location.assign(refused === null ? "/tasks" : "/login");
  });

  return (
    <Entrance
      title="Welcome to Tributary"
      text="There is no account yet. Create yours to become the administrator and invite others."
    >
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="space-y-4">
          <FormField<{ name: string }> name="name" label="Your name">
            {(control) => <TextInput {...control} autoComplete="name" maxLength={80} />}
          </FormField>
          <CredentialFields password="new" help="You sign in with it. No e-mail is sent to it." />
          <FormRefusal />
          <Button type="submit" look="primary" busy={isSubmitting || isSubmitSuccessful} className="w-full">
            Create the account
          </Button>
        </form>
      </FormProvider>
    </Entrance>
  );
}
