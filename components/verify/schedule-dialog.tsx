"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Choices } from "@/components/controls/choices";
import { Field, FieldError } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { type CronChoice, choiceOf, cronOf } from "./cron-choice";
import { type DraftErrors, draftOf, isOrder, newDraft, orderOf } from "./order-draft";
import { type OrderFacts, OrderFields } from "./order-fields";

type ScheduleDialogProps = {
  task: { readonly id: string; readonly name: string };
  facts: OrderFacts;
  schedule: Outputs["verify"]["schedule"];
  onSaved: () => void;
  onClose: () => void;
};

const everies = [
  { value: "day" as const, label: "Every day", help: "At a time of the day." },
  { value: "hour" as const, label: "Every hour", help: "At a minute of each hour." },
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
  const [when, setWhen] = useState<CronChoice>(() => choiceOf(schedule?.cron ?? "0 3 * * *"));
  const [timeZone, setTimeZone] = useState(() => schedule?.timeZone ?? ownTimeZone());
  const [draft, setDraft] = useState(() => (schedule === null ? newDraft : draftOf(schedule.order)));
  const [errors, setErrors] = useState<DraftErrors>({});
  const [refused, setRefused] = useState<{ field: string; text: string } | null>(null);
  const wrong = (field: string) => (refused?.field === field ? refused.text : undefined);

  async function save(enabled: boolean) {
    const order = orderOf(draft);
    setErrors(isOrder(order) ? {} : order);
    setRefused(null);
    if (!isOrder(order)) return;
    const minute = Number(when.minute);
    if (when.every === "hour" && !(Number.isInteger(minute) && minute >= 0 && minute < 60))
      return setRefused({ field: "minute", text: "A minute from 0 to 59" });
    await set({ enabled, cron: cronOf(when), timeZone, order });
  }

  async function set(next: Parameters<typeof saving.mutateAsync>[0]["schedule"]) {
    try {
      await saving.mutateAsync({ id: task.id, schedule: next });
      toast.success(next === null ? "The schedule is removed" : next.enabled ? "Scheduled" : "Switched off");
      onSaved();
      onClose();
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      const field = (error as { data?: { field?: string | null } }).data?.field?.replace(/^schedule\./, "");
      if (field === "cron" || field === "timeZone")
        setRefused({ field: field === "cron" && when.every !== "cron" ? "" : field, text: message });
      else setRefused({ field: "", text: `${message} ${remedy}` });
    }
  }

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title={`Schedule for ${task.name}`}>
      <form
        noValidate
        className="mt-4 space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          void save(true);
        }}
      >
        <Choices
          name="every"
          legend="When"
          choices={everies}
          value={when.every}
          onChange={(every) => setWhen({ ...when, every, cron: every === "cron" ? cronOf(when) : when.cron })}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          {when.every === "day" && (
            <Field label="At">
              {(control) => (
                <TextInput
                  {...control}
                  type="time"
                  required
                  value={when.at}
                  onChange={(event) => setWhen({ ...when, at: event.target.value || "00:00" })}
                />
              )}
            </Field>
          )}
          {when.every === "hour" && (
            <Field label="Minute" error={wrong("minute")}>
              {(control) => (
                <TextInput
                  {...control}
                  inputMode="numeric"
                  value={when.minute}
                  onChange={(event) => setWhen({ ...when, minute: event.target.value })}
                />
              )}
            </Field>
          )}
          {when.every === "cron" && (
            <Field label="Cron expression" error={wrong("cron")}>
              {(control) => (
                <TextInput
                  {...control}
                  mono
                  maxLength={120}
                  value={when.cron}
                  onChange={(event) => setWhen({ ...when, cron: event.target.value })}
                />
              )}
            </Field>
          )}
          <Field label="Time zone" help="The expression is read in it." error={wrong("timeZone")}>
            {(control) => (
              <TextInput
                {...control}
                list="time-zones"
                value={timeZone}
                onChange={(event) => setTimeZone(event.target.value)}
              />
            )}
          </Field>
          <datalist id="time-zones">
            {Intl.supportedValuesOf("timeZone").map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </div>
        <OrderFields
          draft={draft}
          onChange={(change) => setDraft({ ...draft, ...change })}
          errors={errors}
          facts={facts}
        />
        {refused?.field === "" && <FieldError text={refused.text} />}
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
    </Modal>
  );
}

function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
