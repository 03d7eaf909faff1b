"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { FormRefusal } from "@/components/form/form-refusal";
import { CredentialFields } from "@/components/people/credential-fields";
import { Entrance } from "@/components/people/entrance";
import { signIn } from "@/components/people/sign-in";
import { signInInput } from "@/server/input/people-input";

/** @param next a path on this host, for after the login. */
export function LoginPage({ next }: { next: string }) {
  const form = useForm({ defaultValues: { email: "", password: "" }, resolver: zodResolver(signInInput) });
  const { isSubmitting, isSubmitSuccessful } = form.formState;

  const submit = form.handleSubmit(async ({ email, password }) => {
    const refused = await signIn(email, password);
    // The whole page is made anew for who has signed in.
    if (refused === null) return window.location.assign(next);
    form.setError("root", { message: `${refused.message} ${refused.remedy}` });
  });

  return (
    <Entrance title="Sign in to Tributary" text="Use the e-mail address that an administrator invited.">
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="space-y-4">
          <CredentialFields password="current" />
          <FormRefusal />
          <Button type="submit" look="primary" busy={isSubmitting || isSubmitSuccessful} className="w-full">
            Sign in
          </Button>
        </form>
      </FormProvider>
    </Entrance>
  );
}
