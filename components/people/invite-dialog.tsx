"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/controls/button";
import { Choices } from "@/components/controls/choices";
import { Field, FieldError } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import type { Invitation } from "@/server/people/person-store";
import type { Role } from "@/server/people/role";
import { roleChoices } from "./role-words";

type InviteDialogProps = {
  onClose: () => void;
  onMade: (made: { name: string; invitation: Invitation }) => void;
};

export function InviteDialog({ onClose, onMade }: InviteDialogProps) {
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const invite = useMutation(
    trpc.people.invite.mutationOptions({ onSuccess: ({ invitation }) => onMade({ name, invitation }) }),
  );
  const reason = invite.error === null ? null : reasonOf(invite.error);

  function submit(event: FormEvent) {
    event.preventDefault();
    invite.mutate({ name, email, role });
  }

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title="Invite somebody">
      <form onSubmit={submit} className="mt-4 space-y-4">
        <Field label="Name">
          {(control) => (
            <TextInput
              {...control}
              required
              maxLength={80}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="E-mail address"
          help="The name of the account. Nothing is sent there: you get a link to hand over."
        >
          {(control) => (
            <TextInput
              {...control}
              type="email"
              required
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        <Choices name="role" legend="Role" choices={roleChoices} value={role} onChange={setRole} />
        {reason !== null && <FieldError text={`${reason.message} ${reason.remedy}`} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={invite.isPending}>
            Create the link
          </Button>
        </div>
      </form>
    </Modal>
  );
}
