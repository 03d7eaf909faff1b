import { z } from "zod";
import { statusAccesses } from "../people/status-access.ts";
import { maskingInput, name, newPassword, password } from "./people-input.ts";

/** A link to a task. */
export const shareLinkInput = z.object({
  taskId: z.string().min(1).max(64),
  name,
  expiresInHours: z
    .number()
    .int()
    .min(1)
    .max(90 * 24),
  /** What the link's holder does not see. */
  hidden: maskingInput,
});

/** An empty password keeps the one that the page has. */
export const statusAccessInput = z.object({
  access: z.enum(statusAccesses),
  password: z.union([z.literal(""), newPassword]),
});

export const statusUnlockInput = z.object({ password });

export const statusArrangementInput = z.object({
  groups: z
    .array(z.object({ name, taskIds: z.array(z.string().min(1).max(64)).max(1_000) }))
    .max(50, "Use at most 50 groups."),
  /** Whether tasks that are in no group are shown, too. */
  others: z.boolean(),
});
