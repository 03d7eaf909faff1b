"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { FormProvider, useFieldArray, useForm } from "react-hook-form";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { Skeleton } from "@/components/controls/skeleton";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { useTRPC } from "@/components/live/trpc";
import { statusArrangementInput } from "@/server/input/sharing-input";
import { ArrangeGroup } from "./arrange-group";
import type { Arrangement, NamedTask } from "./arrangement";

/** Which tasks stand on the status page, under which headings; edited where they are shown. */
export function ArrangeForm({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const kept = useQuery(trpc.status.arrangement.queryOptions(undefined, { staleTime: 0, gcTime: 0 }));
  if (kept.data === undefined) return <Skeleton className="h-48 w-full" />;
  const { tasks, groups, others } = kept.data;
  const known = new Set(tasks.map(({ id }) => id));
  // A task that was deleted since then is in no group any more.
  const present = groups.map(({ name, taskIds }) => ({
    name,
    taskIds: taskIds.filter((id) => known.has(id)),
  }));
  return <ArrangeFields tasks={tasks} kept={{ groups: present, others }} onClose={onClose} />;
}

type FieldsProps = { tasks: readonly NamedTask[]; kept: Arrangement; onClose: () => void };

function ArrangeFields({ tasks, kept, onClose }: FieldsProps) {
  const trpc = useTRPC();
  const form = useForm<Arrangement>({ defaultValues: kept, resolver: zodResolver(statusArrangementInput) });
  const { fields, append, remove, swap } = useFieldArray({ control: form.control, name: "groups" });
  const save = useMutation(trpc.status.arrange.mutationOptions());

  const submit = form.handleSubmit(async (wanted) => {
    try {
      await save.mutateAsync(wanted);
    } catch (error) {
      return refuseForm(form, error);
    }
    toast.success("Saved. Everybody who looks sees it from now on.");
    onClose();
  });

  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={(event) => void submit(event)} className="mx-auto w-full max-w-[84rem]">
        <ul aria-label="Groups" className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
          {fields.map((field, index) => (
            <li key={field.id}>
              <ArrangeGroup
                index={index}
                tasks={tasks}
                onUp={index === 0 ? null : () => swap(index, index - 1)}
                onRemove={() => remove(index)}
              />
            </li>
          ))}
          <li className="flex">
            <button
              type="button"
              onClick={() => append({ name: "", taskIds: [] })}
              className="flex min-h-24 flex-1 items-center justify-center gap-2 rounded-xl border border-dashed border-line-strong text-ink-2 hover:bg-surface hover:text-ink"
            >
              <Plus className="size-4" aria-hidden />
              Add a group
            </button>
          </li>
        </ul>
        <Card className="mt-3 flex flex-wrap items-center justify-between gap-3 px-4 py-3">
          <label className="flex cursor-pointer items-start gap-2.5">
            <input type="checkbox" {...form.register("others")} className="mt-1 accent-(--river)" />
            <span>
              Show tasks that are in no group
              <span className="block text-xs text-ink-3">New tasks appear by themselves then.</span>
            </span>
          </label>
          <div className="ml-auto flex gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={save.isPending}>
              Save
            </Button>
          </div>
          <FormRefusal />
        </Card>
      </form>
    </FormProvider>
  );
}
