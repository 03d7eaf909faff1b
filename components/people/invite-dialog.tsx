"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { FormChoices } from "@/components/form/form-choices";
import { FormField } from "@/components/form/form-field";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { useTRPC } from "@/components/live/trpc";
import { inviteInput } from "@/server/input/people-input";
import type { Invitation } from "@/server/people/person-store";
import type { Role } from "@/server/people/role";
import { EmailField } from "./credential-fields";
import { roleChoices } from "./role-words";

type InviteDialogProps = {
  onClose: () => void;
  onMade: (made: { name: string; invitation: Invitation }) => void;
};

type InviteForm = { name: string; email: string; role: Role };

export function InviteDialog({ onClose, onMade }: InviteDialogProps) {
  const trpc = useTRPC();
  const form = useForm({
    defaultValues: { name: "", email: "", role: "viewer" as Role },
    resolver: zodResolver(inviteInput),
  });
  const invite = useMutation(trpc.people.invite.mutationOptions());

  const submit = form.handleSubmit(async (person) => {
    try {
      const { invitation } = await invite.mutateAsync(person);
      onMade({ name: person.name, invitation });
    } catch (error) {
      refuseForm(form, error);
    }
  });

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title="Invite someone">
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="mt-4 space-y-4">
          <FormField<InviteForm> name="name" label="Name">
            {(control) => <TextInput {...control} maxLength={80} />}
          </FormField>
          <EmailField help="They sign in with it. No e-mail is sent: you get a link to hand over." />
          <FormChoices<InviteForm, Role> name="role" legend="Role" choices={roleChoices} />
          <FormRefusal />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={invite.isPending}>
              Create the link
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}
