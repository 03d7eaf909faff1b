"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { FormProvider, useForm, useWatch } from "react-hook-form";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { FormRefusal, refuseForm } from "@/components/form/form-refusal";
import { formSchema } from "@/components/form/form-schema";
import { formatPlural } from "@/components/format/count";
import { useTRPC } from "@/components/live/trpc";
import { NameField, useOwnName } from "@/components/merging/own-name";
import type { ConnectionsView } from "@/server/control/supervisor/change-connections";
import type { TaskView } from "@/server/control/views/task-view";
import { connectionsChange } from "@/server/input/task-input";
import {
  changedShards,
  destinationChanged,
  type ConnectionsForm as Form,
  formOf,
} from "./connections-changed";
import { ServerFields } from "./server-fields";

type ConnectionsFormProps = { task: TaskView; connections: ConnectionsView };

/** All servers of a task; what was not touched is not sent. */
export function ConnectionsForm({ task, connections }: ConnectionsFormProps) {
  const trpc = useTRPC();
  const router = useRouter();
  const own = useOwnName();
  const schema = formSchema(
    connectionsChange,
    (form: Form) => ({
      shards: changedShards(form, connections),
      ...(destinationChanged(form, connections) ? { destination: form.destination } : {}),
    }),
    (path, form) => fieldOfSent(path, changedShards(form, connections), form),
  );
  const form = useForm({ defaultValues: formOf(connections), resolver: zodResolver(schema) });
  const values = useWatch({ control: form.control }) as Form;
  const changed = changedShards(values, connections).length + Number(destinationChanged(values, connections));
  const saving = useMutation(trpc.task.changeConnections.mutationOptions());

  const save = form.handleSubmit(async (change) => {
    own.keep();
    try {
      await saving.mutateAsync({ id: task.id, connections: change, ...own.by });
      toast.success("Saved.", {
        description: task.wanted === "created" ? "Start the task to use it." : "Resume the task to use it.",
      });
      router.push(`/tasks/${task.id}`);
      router.refresh();
    } catch (error) {
      refuseForm(form, error, (path) => fieldOfSent(path, change.shards, form.getValues()));
    }
  });

  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={(event) => void save(event)} className="mt-5 space-y-4">
        <Card className="p-4 sm:p-6">
          <ServerFields path="destination" title="Destination" former={connections.destination} />
        </Card>
        {connections.shards.map((shard, index) => (
          <Card key={shard.id} className="p-4 sm:p-6">
            <ServerFields path={`shards.${index}`} title={shard.name} former={shard} />
          </Card>
        ))}
        <Card className="space-y-4 p-4 sm:p-6">
          <NameField own={own} />
          <FormRefusal />
          <div className="flex flex-wrap items-center justify-end gap-3">
            <p role="status" className="mr-auto text-[0.8125rem] text-ink-2">
              {changed === 0 ? "Nothing is changed yet." : `${formatPlural(changed, "server")} changed.`}
            </p>
            <Button onClick={() => router.push(`/tasks/${task.id}`)}>Cancel</Button>
            <Button
              type="submit"
              look="primary"
              busy={saving.isPending}
              disabled={changed === 0 || !task.merging.changeable}
            >
              Save
            </Button>
          </div>
        </Card>
      </form>
    </FormProvider>
  );
}

/** The server counts the shards that were sent; the form, all. */
function fieldOfSent(
  [group = "root", ...rest]: readonly string[],
  sent: readonly { readonly id: string }[],
  form: Form,
): string[] {
  if (group !== "shards") return [group, ...rest];
  const [index = "", ...field] = rest;
  const place = form.shards.findIndex(({ id }) => id === sent[Number(index)]?.id);
  return [group, String(place), ...field];
}
