import { z } from "zod";
import { actorOf } from "../control/tasks/actor.ts";
import { differenceKinds } from "../control/verification/repair-selection.ts";
import { everySecond } from "./every-second.ts";
import { by, taskId } from "./task-input-schema.ts";
import { procedure, router } from "./trpc.ts";

const limits = {
  keysPerSecond: z.number().positive().nullable().default(null),
  bytesPerSecond: z.number().positive().nullable().default(null),
};
const order = taskId.extend({
  depth: z.enum(["counts", "keys", "full"]).default("full"),
  sample: z.number().positive().max(100).default(100),
  /** Any bytes, in base64. */
  prefix: z.base64().max(8192).nullable().default(null),
  shardId: z.string().max(64).nullable().default(null),
  replicas: z.boolean().default(false),
  ...limits,
});

const selection = taskId.extend({
  run: z.number().int(),
  /** Chosen keys in base64, or null for all that the others permit. */
  keys: z
    .array(z.object({ db: z.number().int().min(0), key: z.base64().max(8192) }))
    .max(10_000)
    .nullable()
    .default(null),
  kind: z.enum(differenceKinds).nullable().default(null),
  /** The index of a shard. */
  shard: z.number().int().min(0).nullable().default(null),
});

export const verifyRouter = router({
  start: procedure
    .input(order)
    .mutation(({ ctx, input: { id, ...wanted } }) => ctx.control.verify(id, wanted)),
  cancel: procedure.input(taskId).mutation(({ ctx, input }) => ctx.control.cancelVerification(input.id)),
  pause: procedure
    .input(taskId.extend({ paused: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.control.pauseVerification(input.id, input.paused)),
  setPace: procedure
    .input(taskId.extend(limits))
    .mutation(({ ctx, input: { id, ...pace } }) => ctx.control.setVerificationPace(id, pace)),
  view: procedure.input(taskId).query(({ ctx, input }) => ctx.control.verifications(input.id)),
  /** One run with its differences. */
  run: procedure
    .input(taskId.extend({ run: z.number().int() }))
    .query(({ ctx, input }) => ctx.control.verification(input.id, input.run)),
  /** What a repair of differences of a run would do, in numbers; it changes nothing. */
  repairPreview: procedure
    .input(selection)
    .query(({ ctx, input: { id, run, ...chosen } }) => ctx.control.repairPreview(id, run, chosen)),
  /** The owners' values are copied again, keys that nobody owns are deleted; `agreed` to what the preview says. */
  repair: procedure
    .input(selection.extend({ agreed: z.boolean().default(false), by }))
    .mutation(({ ctx, input: { id, run, agreed, by: name, ...chosen } }) =>
      ctx.control.repair(id, run, chosen, agreed, actorOf(name, ctx.from)),
    ),
  cancelRepair: procedure.input(taskId).mutation(({ ctx, input }) => ctx.control.cancelRepair(input.id)),
  repairs: procedure.input(taskId).query(({ ctx, input }) => ctx.control.repairs(input.id)),
  liveRepairs: procedure
    .input(taskId)
    .subscription(({ ctx, input, signal }) => everySecond(ctx, signal, () => ctx.control.repairs(input.id))),
  /** What has come of each key of a repair, 1,000 at a time. */
  repairedKeys: procedure
    .input(taskId.extend({ repair: z.number().int(), from: z.number().int().min(0).default(0) }))
    .query(({ ctx, input }) => ctx.control.repairedKeys(input.id, input.repair, input.from)),
  live: procedure
    .input(taskId)
    .subscription(({ ctx, input, signal }) =>
      everySecond(ctx, signal, () => ctx.control.verifications(input.id)),
    ),
});
