"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { FormRefusal } from "@/components/form/form-refusal";
import { PasswordField } from "@/components/people/credential-fields";
import { Entrance } from "@/components/people/entrance";
import { unlockStatus } from "@/components/people/sign-in";
import { statusUnlockInput } from "@/server/input/sharing-input";

/** Asks for the password of the status page, which this browser then keeps for a while. */
export function UnlockPage() {
  const form = useForm({ defaultValues: { password: "" }, resolver: zodResolver(statusUnlockInput) });
  const { isSubmitting, isSubmitSuccessful } = form.formState;

  const submit = form.handleSubmit(async ({ password }) => {
    const refused = await unlockStatus(password);
    if (refused === null) return window.location.reload();
    form.setError("root", { message: `${refused.message} ${refused.remedy}` });
  });

  return (
    <Entrance
      title="Status of Tributary"
      text={
        <>
          This page has a password. Who has an account can{" "}
          <a href="/login?next=%2Fstatus" className="text-river underline underline-offset-3">
            sign in
          </a>{" "}
          instead.
        </>
      }
    >
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="space-y-4">
          <PasswordField name="password" label="Password" kind="current" />
          <FormRefusal />
          <Button type="submit" look="primary" busy={isSubmitting || isSubmitSuccessful} className="w-full">
            Show the status
          </Button>
        </form>
      </FormProvider>
    </Entrance>
  );
}
