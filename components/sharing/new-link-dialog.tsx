"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { cx } from "@/components/format/cx";
import { useTRPC } from "@/components/live/trpc";
import { OnceShown } from "@/components/people/once-shown";
import { shareLinkInput } from "@/server/input/sharing-input";
import type { Masking } from "@/server/people/masking";
import { HiddenParts } from "./hidden-parts";

const lifetimes = [
  { hours: 1, word: "1 hour" },
  { hours: 24, word: "1 day" },
  { hours: 72, word: "3 days" },
  { hours: 7 * 24, word: "1 week" },
  { hours: 30 * 24, word: "30 days" },
  { hours: 90 * 24, word: "90 days" },
] as const;

type LinkForm = { taskId: string; name: string; expiresInHours: number; hidden: Masking };

type NewLinkDialogProps = { task: { readonly id: string; readonly name: string }; onClose: () => void };

/** Makes a link, and shows it the only time that it can be seen. */
export function NewLinkDialog({ task, onClose }: NewLinkDialogProps) {
  const trpc = useTRPC();
  const form = useForm<LinkForm>({
    defaultValues: {
      taskId: task.id,
      name: "",
      expiresInHours: 72,
      hidden: { values: true, keys: true, hosts: true },
    },
    resolver: zodResolver(shareLinkInput),
  });
  const create = useMutation(trpc.share.create.mutationOptions());

  const submit = form.handleSubmit(async (link) => {
    try {
      await create.mutateAsync(link);
    } catch (error) {
      refuseForm(form, error);
    }
  });

  if (create.data !== undefined) {
    const link = `${window.location.origin}/share/${create.data.secret}`;
    const files = `${window.location.origin}/api/share/${create.data.secret}`;
    return (
      <Modal
        open
        onOpenChange={(next) => !next && onClose()}
        title={`The link for ${create.variables.name}`}
        description={<p>Copy it now: only its hash is kept, so it cannot be shown again.</p>}
      >
        <OnceShown label="Link" text={link} />
        <details className="mt-3 text-[0.8125rem] text-ink-2">
          <summary className="w-fit hover:text-ink">The same as JSON and as a badge</summary>
          <p className="mt-1 font-mono text-xs break-all">{files}</p>
          <p className="mt-1 font-mono text-xs break-all">{files}/badge.svg</p>
        </details>
        <div className="mt-5 flex justify-end">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title={`Share ${task.name}`}>
      <FormProvider {...form}>
        <form noValidate onSubmit={(event) => void submit(event)} className="mt-4 space-y-4">
          <FormField<LinkForm>
            name="name"
            label="For whom"
            help="A person, a team or a screen. Only your team sees it."
          >
            {(control) => <TextInput {...control} maxLength={80} />}
          </FormField>
          <Field label="Expires after">
            {(control) => (
              <select
                {...control}
                {...form.register("expiresInHours", { valueAsNumber: true })}
                className={cx(inputLook, "h-9")}
              >
                {lifetimes.map(({ hours, word }) => (
                  <option key={hours} value={hours}>
                    {word}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <HiddenParts />
          <FormRefusal />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={create.isPending}>
              Create the link
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}
