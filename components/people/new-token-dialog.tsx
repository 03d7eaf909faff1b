"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { FormChoices } from "@/components/form/form-choices";
import { FormField } from "@/components/form/form-field";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { cx } from "@/components/format/cx";
import { useTRPC } from "@/components/live/trpc";
import { tokenInput } from "@/server/input/people-input";
import type { Role } from "@/server/people/role";
import { useMe } from "./me";
import { OnceShown } from "./once-shown";
import { roleChoices } from "./role-words";

const lifetimes = [
  { days: 7, word: "7 days" },
  { days: 30, word: "30 days" },
  { days: 90, word: "90 days" },
  { days: 365, word: "1 year" },
] as const;

type TokenForm = { name: string; role: Role; expiresInDays: number };

export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const { role: own } = useMe();
  const form = useForm({
    defaultValues: { name: "", role: "viewer" as Role, expiresInDays: 90 },
    resolver: zodResolver(tokenInput),
  });
  const create = useMutation(trpc.token.create.mutationOptions());
  const highest = roleChoices.findIndex(({ value }) => value === own);

  const submit = form.handleSubmit(async (token) => {
    try {
      await create.mutateAsync(token);
    } catch (error) {
      refuseForm(form, error);
    }
  });

  if (create.data !== undefined) {
    return (
      <Modal
        open
        onOpenChange={(next) => !next && onClose()}
        title={`The token ${create.variables.name}`}
        description={<p>Copy it now: only its hash is kept, so it cannot be shown again.</p>}
      >
        <OnceShown label="Token" text={create.data.secret} />
        <div className="mt-5 flex justify-end">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title="New API token">
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="mt-4 space-y-4">
          <FormField<TokenForm> name="name" label="Name" help="What uses it, such as a dashboard or a job.">
            {(control) => <TextInput {...control} maxLength={80} />}
          </FormField>
          <FormChoices<TokenForm, Role>
            name="role"
            legend="Role"
            choices={roleChoices.slice(0, highest + 1)}
          />
          <Field label="Expires after">
            {(control) => (
              <select
                {...control}
                {...form.register("expiresInDays", { valueAsNumber: true })}
                className={cx(inputLook, "h-9")}
              >
                {lifetimes.map(({ days, word }) => (
                  <option key={days} value={days}>
                    {word}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <FormRefusal />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={create.isPending}>
              Create the token
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}
