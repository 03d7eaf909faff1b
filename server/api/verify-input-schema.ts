import { z } from "zod";
import { findingKinds } from "../control/verification/finding-views.ts";
import { taskId } from "../input/task-input.ts";

const run = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const runInput = taskId.extend({ run });
export const findingInput = runInput.extend({ number: run });

/** Which findings of a run are meant; what is left out is any. */
export const findingsQuery = z.object({
  differs: z.boolean().nullable().default(null),
  kind: z.enum(findingKinds).nullable().default(null),
  /** A shard's id; `none` for keys that no shard holds. */
  shardId: z.string().max(64).nullable().default(null),
  db: z.number().int().min(0).max(999_999).nullable().default(null),
  text: z.string().max(1024).nullable().default(null),
  page: z.number().int().min(1).max(1_000_000).default(1),
});
