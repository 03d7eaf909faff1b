import { z } from "zod";
import { isWhole } from "../control/verification/verify-order.ts";
import { taskId } from "./task-input.ts";

const wrongLimit = "Give a number above 0, or leave it empty for no limit.";
const limit = (most: number) =>
  z.number(wrongLimit).positive(wrongLimit).max(most, wrongLimit).nullable().default(null);
export const pace = { keysPerSecond: limit(1e12), bytesPerSecond: limit(1e15) };

const wrongSample = "Give a number above 0 and up to 100.";

const order = z.object({
  depth: z.enum(["counts", "keys", "full"]).default("full"),
  sample: z.number(wrongSample).positive(wrongSample).max(100, wrongSample).default(100),
  /** Any bytes, in base64. */
  prefix: z.base64().min(1, "Give what the keys begin with.").max(8192).nullable().default(null),
  shardId: z.string().min(1, "Choose a shard.").max(64).nullable().default(null),
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
  cron: z.string().trim().min(1, "Give a cron expression.").max(120),
  timeZone: z.string().trim().min(1, "Give a time zone, such as Europe/Berlin.").max(64),
  order: verifyOrder,
});
