"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation } from "@tanstack/react-query";
import { type FieldPath, FormProvider, useForm, useWatch } from "react-hook-form";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Choices } from "@/components/controls/choices";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { FormRefusal, fieldOfError } from "@/components/form/form-refusal";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { type CronChoice, cronOf } from "./cron-choice";
import { type OrderFacts, OrderFields } from "./order-fields";
import { type ScheduleForm, scheduleFieldOf, scheduleFormOf, scheduleSchema } from "./schedule-form";

type ScheduleDialogProps = {
  task: { readonly id: string; readonly name: string };
  facts: OrderFacts;
  schedule: Outputs["verify"]["schedule"];
  onSaved: () => void;
  onClose: () => void;
};

const everies = [
  { value: "day" as const, label: "Every day", help: "At one time of the day." },
  { value: "hour" as const, label: "Every hour", help: "At one minute of the hour." },
  {
    value: "cron" as const,
    label: "By a cron expression",
    help: "Minute, hour, day of the month, month, day of the week.",
  },
];

/** When a task is to be verified by itself, and how much of it. */
export function ScheduleDialog({ task, facts, schedule, onSaved, onClose }: ScheduleDialogProps) {
  const trpc = useTRPC();
  const saving = useMutation(trpc.verify.setSchedule.mutationOptions());
  const form = useForm({
    defaultValues: scheduleFormOf(schedule, ownTimeZone()),
    resolver: zodResolver(scheduleSchema),
  });
  const when = useWatch({ control: form.control, name: "when" });

  function chooseEvery(every: CronChoice["every"]) {
    // An expression begins as what was chosen before.
    form.setValue("when", { ...when, every, cron: every === "cron" ? cronOf(when) : when.cron });
    form.clearErrors("when");
  }

  const save = (enabled: boolean) => form.handleSubmit((wanted) => set({ ...wanted, enabled }))();

  async function set(next: Parameters<typeof saving.mutateAsync>[0]["schedule"]) {
    try {
      await saving.mutateAsync({ id: task.id, schedule: next });
      toast.success(
        next === null ? "Schedule removed" : next.enabled ? "Scheduled" : "Schedule switched off",
      );
      onSaved();
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      const path =
        fieldOfError(error)
          ?.replace(/^schedule\./, "")
          .split(".") ?? [];
      const field = scheduleFieldOf(path, form.getValues()).join(".") as FieldPath<ScheduleForm> | "root";
      form.setError(field, { message: `${message} ${remedy}` }, { shouldFocus: true });
    }
  }

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title={`Schedule for ${task.name}`}>
      <FormProvider {...form}>
        <form
          noValidate
          className="mt-4 space-y-5"
          onSubmit={(event) => {
            event.preventDefault();
            void save(true);
          }}
        >
          <Choices name="every" legend="When" choices={everies} value={when.every} onChange={chooseEvery} />
          <div className="grid gap-3 sm:grid-cols-2">
            <TimeField every={when.every} />
            <FormField<ScheduleForm>
              name="timeZone"
              label="Time zone"
              help="The times above are in this time zone."
            >
              {(control) => <TextInput {...control} list="time-zones" />}
            </FormField>
            <datalist id="time-zones">
              {Intl.supportedValuesOf("timeZone").map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </div>
          <OrderFields facts={facts} />
          <FormRefusal />
          <div className="flex flex-wrap justify-end gap-2">
            {schedule !== null && (
              <Button look="quiet" busy={saving.isPending} onClick={() => void set(null)}>
                Remove
              </Button>
            )}
            {schedule?.enabled && (
              <Button busy={saving.isPending} onClick={() => void save(false)}>
                Switch off
              </Button>
            )}
            <Button look="primary" type="submit" busy={saving.isPending}>
              Save
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}

function TimeField({ every }: Pick<CronChoice, "every">) {
  switch (every) {
    case "day":
      return (
        <FormField<ScheduleForm> name="when.at" label="At">
          {(control) => (
            <TextInput
              {...control}
              type="time"
              onChange={(event) => control.onChange(event.target.value || "00:00")}
            />
          )}
        </FormField>
      );
    case "hour":
      return (
        <FormField<ScheduleForm> name="when.minute" label="Minute">
          {(control) => <TextInput {...control} inputMode="numeric" />}
        </FormField>
      );
    case "cron":
      return (
        <FormField<ScheduleForm> name="when.cron" label="Cron expression">
          {(control) => <TextInput {...control} mono maxLength={120} />}
        </FormField>
      );
  }
}

function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
