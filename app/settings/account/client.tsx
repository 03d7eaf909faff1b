"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { FormProvider, useForm } from "react-hook-form";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { useTRPC } from "@/components/live/trpc";
import { PasswordField } from "@/components/people/credential-fields";
import { useMe } from "@/components/people/me";
import { roleChoices } from "@/components/people/role-words";
import { signOut } from "@/components/people/sign-out";
import { passwordChange } from "@/server/input/people-input";

export function AccountPage() {
  const trpc = useTRPC();
  const { identity, role } = useMe();
  const form = useForm({ defaultValues: { current: "", next: "" }, resolver: zodResolver(passwordChange) });
  const change = useMutation(trpc.account.changePassword.mutationOptions());
  const choice = roleChoices.find(({ value }) => value === role);

  const submit = form.handleSubmit(async (passwords) => {
    try {
      await change.mutateAsync(passwords);
    } catch (error) {
      return refuseForm(form, error);
    }
    form.reset();
    toast.success("The password was changed", {
      description: "Your sessions in other browsers have ended.",
    });
  });

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
          <FormProvider {...form}>
            <form
              noValidate
              onSubmit={(event) => void submit(event)}
              className="space-y-4 border-t px-4 py-4 sm:px-5"
            >
              <PasswordField name="current" label="Current password" kind="current" />
              <PasswordField name="next" label="New password" kind="new" />
              <FormRefusal />
              <Button type="submit" look="primary" busy={change.isPending}>
                Change the password
              </Button>
            </form>
          </FormProvider>
        </CardSection>
      </div>
    </>
  );
}
