"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { FormProvider, useForm } from "react-hook-form";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { PasswordInput } from "@/components/controls/password-input";
import { FormChoices } from "@/components/form/form-choices";
import { FormField } from "@/components/form/form-field";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { useTRPC } from "@/components/live/trpc";
import { statusAccessInput } from "@/server/input/sharing-input";
import type { StatusAccess } from "@/server/people/status-access";

export type StatusAccessNow = { readonly access: StatusAccess; readonly hasPassword: boolean };
type AccessForm = { access: StatusAccess; password: string };

const choices: readonly { readonly value: StatusAccess; readonly label: string; readonly help: string }[] = [
  {
    value: "signed-in",
    label: "Who has signed in",
    help: "Everybody with an account, with what their role sees.",
  },
  {
    value: "password",
    label: "Who knows its password",
    help: "For a screen on a wall. A browser keeps it for 90 days. Hosts, names of keys and values are hidden.",
  },
  {
    value: "public",
    label: "Everybody",
    help: "Whoever reaches this address sees names, states and numbers. Hosts, names of keys and values are hidden.",
  },
];

/** For whom the status page is. */
export function StatusAccessForm({ initial }: { initial: StatusAccessNow }) {
  const trpc = useTRPC();
  const [now, setNow] = useState(initial);
  const form = useForm<AccessForm>({
    defaultValues: { access: initial.access, password: "" },
    resolver: zodResolver(statusAccessInput),
  });
  const set = useMutation(trpc.status.setAccess.mutationOptions());
  const access = form.watch("access");

  const submit = form.handleSubmit(async (wanted) => {
    try {
      const kept = await set.mutateAsync(wanted);
      setNow(kept);
      form.reset({ access: kept.access, password: "" });
      toast.success("Saved. Whoever may no longer look is out within seconds.");
    } catch (error) {
      refuseForm(form, error);
    }
  });

  return (
    <FormProvider {...form}>
      <form
        noValidate
        onSubmit={(event) => void submit(event)}
        className="max-w-prose space-y-4 px-4 py-5 sm:px-5"
      >
        <FormChoices<AccessForm, StatusAccess>
          name="access"
          legend="Who may look at the status page"
          choices={choices}
        />
        {access === "password" && (
          <FormField<AccessForm>
            name="password"
            label="Password of the page"
            help={
              now.hasPassword
                ? "Leave it empty to keep the present one. Another one ends every browser's access."
                : "At least 10 characters. It is kept as a hash alone."
            }
          >
            {(control) => <PasswordInput {...control} autoComplete="new-password" />}
          </FormField>
        )}
        <FormRefusal />
        <Button type="submit" look="primary" busy={set.isPending} disabled={!form.formState.isDirty}>
          Save
        </Button>
      </form>
    </FormProvider>
  );
}
