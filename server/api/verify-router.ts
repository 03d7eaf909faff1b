import { z } from "zod";
import { everySecond } from "./every-second.ts";
import { taskId } from "./task-input-schema.ts";
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
  ...limits,
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
  live: procedure
    .input(taskId)
    .subscription(({ ctx, input, signal }) =>
      everySecond(ctx, signal, () => ctx.control.verifications(input.id)),
    ),
});
