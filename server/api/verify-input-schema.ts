import { z } from "zod";
import { findingKinds } from "../control/verification/finding-views.ts";
import { isWhole } from "../control/verification/verification-store.ts";
import { taskId } from "./task-input-schema.ts";

export const pace = {
  keysPerSecond: z.number().positive().max(1e12).nullable().default(null),
  bytesPerSecond: z.number().positive().max(1e15).nullable().default(null),
};

const order = z.object({
  depth: z.enum(["counts", "keys", "full"]).default("full"),
  sample: z.number().positive().max(100).default(100),
  /** Any bytes, in base64. */
  prefix: z.base64().min(1).max(8192).nullable().default(null),
  shardId: z.string().min(1).max(64).nullable().default(null),
  /** Replicas of the shards are read in the place of their masters. */
  replicas: z.boolean().default(false),
  ...pace,
});

type Range = Pick<z.infer<typeof order>, "depth" | "sample" | "prefix" | "shardId">;

function fitsCounts(range: Range): boolean {
  return range.depth !== "counts" || isWhole(range);
}

const countsTakeAll = { error: "counts takes all keys: without a range", path: ["depth"] };

export const verifyOrder = order.refine(fitsCounts, countsTakeAll);
export const startInput = taskId.extend(order.shape).refine(fitsCounts, countsTakeAll);

export const schedule = z.object({
  enabled: z.boolean(),
  cron: z.string().trim().min(1).max(120),
  timeZone: z.string().trim().min(1).max(64),
  order: verifyOrder,
});

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
