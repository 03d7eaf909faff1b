"use client";

import { useFormContext, useFormState, useWatch } from "react-hook-form";
import type { Pool } from "./pool-picker";
import { choicesOf, type PoolForm, type TaskForm } from "./task-form";

/** What was chosen for a pool, and the way to change it. */
export function usePoolChoices(pool: Pick<Pool, "name"> | null) {
  const { control, setValue } = useFormContext<TaskForm>();
  const { isSubmitted } = useFormState({ control });
  const chosen = choicesOf(useWatch({ control, name: "ofPool" }), pool?.name ?? "");
  const choose = (change: Partial<PoolForm>) =>
    setValue("ofPool", { ...chosen, ...change }, { shouldValidate: isSubmitted });
  return [chosen, choose] as const;
}
