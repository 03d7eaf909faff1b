"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/controls/button";
import { Choices } from "@/components/controls/choices";
import { Field, FieldError } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { cx } from "@/components/format/cx";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
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

export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const { role: own } = useMe();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [expiresInDays, setExpiresInDays] = useState(90);
  const create = useMutation(trpc.token.create.mutationOptions());
  const reason = create.error === null ? null : reasonOf(create.error);
  const highest = roleChoices.findIndex(({ value }) => value === own);

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate({ name, role, expiresInDays });
  }

  if (create.data !== undefined) {
    return (
      <Modal
        open
        onOpenChange={(next) => !next && onClose()}
        title={`The token ${name}`}
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
      <form onSubmit={submit} className="mt-4 space-y-4">
        <Field label="Name" help="What uses it, such as a dashboard or a job.">
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
        <Choices
          name="role"
          legend="Role"
          choices={roleChoices.slice(0, highest + 1)}
          value={role}
          onChange={setRole}
        />
        <Field label="Expires after">
          {(control) => (
            <select
              {...control}
              value={expiresInDays}
              onChange={(event) => setExpiresInDays(Number(event.target.value))}
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
        {reason !== null && <FieldError text={`${reason.message} ${reason.remedy}`} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            Create the token
          </Button>
        </div>
      </form>
    </Modal>
  );
}
