import { z } from "zod";
import { actorOf } from "../control/tasks/actor.ts";
import { differenceKinds } from "../control/verification/repair-selection.ts";
import { by, taskId } from "../input/task-input.ts";
import { pace, schedule, startInput } from "../input/verify-input.ts";
import { everySecond } from "./every-second.ts";
import { procedure, router } from "./trpc.ts";
import { findingInput, findingsQuery, runInput } from "./verify-input-schema.ts";

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
    .input(startInput)
    .mutation(({ ctx, input: { id, ...wanted } }) => ctx.control.verify(id, wanted)),
  cancel: procedure.input(taskId).mutation(({ ctx, input }) => ctx.control.cancelVerification(input.id)),
  pause: procedure
    .input(taskId.extend({ paused: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.control.pauseVerification(input.id, input.paused)),
  setPace: procedure
    .input(taskId.extend(pace))
    .mutation(({ ctx, input: { id, ...limits } }) => ctx.control.setVerificationPace(id, limits)),
  view: procedure.input(taskId).query(({ ctx, input }) => ctx.control.verifications(input.id)),
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
  /** What became of each key of a repair, at most 1,000 at a time. */
  repairedKeys: procedure
    .input(
      taskId.extend({
        repair: z.number().int(),
        from: z.number().int().min(0).default(0),
        most: z.number().int().min(1).max(1000).default(1000),
      }),
    )
    .query(({ ctx, input: { id, repair, from, most } }) => ctx.control.repairedKeys(id, repair, from, most)),
  live: procedure
    .input(taskId)
    .subscription(({ ctx, input, signal }) =>
      everySecond(ctx, signal, () => ctx.control.verifications(input.id)),
    ),
  /** All runs that are kept, newest first. */
  history: procedure.input(taskId).query(({ ctx, input }) => ctx.control.verificationHistory(input.id)),
  /** One run, without what it found. */
  run: procedure.input(runInput).query(({ ctx, input }) => ctx.control.verification(input.id, input.run)),
  /** A page of what a run found. */
  findings: procedure
    .input(runInput.extend(findingsQuery.shape))
    .query(({ ctx, input: { id, run, ...query } }) => ctx.control.findings(id, run, query)),
  /** One finding, with its whole key as far as it is shown. */
  finding: procedure
    .input(findingInput)
    .query(({ ctx, input }) => ctx.control.finding(input.id, input.run, input.number)),
  /** When the task is verified by itself; null where it is not. */
  schedule: procedure.input(taskId).query(({ ctx, input }) => ctx.control.verifySchedule(input.id)),
  setSchedule: procedure
    .input(taskId.extend({ schedule: schedule.nullable() }))
    .mutation(({ ctx, input }) => ctx.control.setVerifySchedule(input.id, input.schedule)),
});
