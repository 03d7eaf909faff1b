import { z } from "zod";
import { formSchema } from "@/components/form/form-schema";
import type { VerifyOrder } from "@/server/control/verification/verify-order";
import { schedule } from "@/server/input/verify-input";
import { type CronChoice, choiceOf, cronOf } from "./cron-choice";
import { draftOf, fieldOf, newDraft, type OrderDraft, orderOf } from "./order-draft";

/** When and how much is verified, as it is typed. */
export type ScheduleForm = { when: CronChoice; timeZone: string; order: OrderDraft };

type Schedule = Pick<z.output<typeof schedule>, "cron" | "timeZone"> & { readonly order: VerifyOrder };

const asTyped = z
  .custom<ScheduleForm>()
  .refine(({ when }) => when.every !== "hour" || isMinute(when.minute), {
    path: ["when", "minute"],
    error: "Give a minute from 0 to 59.",
  });

/** A schedule of the form, switched on. */
export const scheduleSchema = asTyped.pipe(
  formSchema(
    schedule,
    ({ when, timeZone, order }: ScheduleForm) => ({
      enabled: true,
      cron: cronOf(when),
      timeZone,
      order: orderOf(order),
    }),
    scheduleFieldOf,
  ),
);

function isMinute(text: string): boolean {
  return /^[0-5]?\d$/.test(text.trim());
}

/** The field in which a place of the schedule was given; `when` has one for each way to choose a time. */
export function scheduleFieldOf([group = "", ...rest]: readonly string[], { when }: ScheduleForm): string[] {
  if (group === "cron") return ["when", { day: "at", hour: "minute", cron: "cron" }[when.every]];
  if (group === "order") return ["order", ...fieldOf(rest)];
  return [group === "timeZone" ? group : "root"];
}

/** @param ownTimeZone that of the browser, for a schedule that is not there yet. */
export function scheduleFormOf(saved: Schedule | null, ownTimeZone: string): ScheduleForm {
  return {
    when: choiceOf(saved?.cron ?? "0 3 * * *"),
    timeZone: saved?.timeZone ?? ownTimeZone,
    order: saved === null ? newDraft : draftOf(saved.order),
  };
}
