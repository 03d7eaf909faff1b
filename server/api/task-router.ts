import { z } from "zod";
import { actorOf } from "../control/tasks/actor.ts";
import {
  by,
  confirmation,
  connectionsChange,
  destinationKeys,
  reason,
  settingsChange,
  shardId,
  shardInputs,
  taskId,
  taskInput,
  taskName,
} from "../input/task-input.ts";
import { everySecond } from "./every-second.ts";
import { procedure, router } from "./trpc.ts";

/** Who answers the question of a start. @param from the address of the caller. */
function given(answer: z.infer<typeof confirmation> | undefined, from: string | null) {
  return answer === undefined ? null : { token: answer.token, ...actorOf(answer.by, from) };
}

export const taskRouter = router({
  list: procedure.query(({ ctx }) => ctx.control.list()),
  get: procedure.input(taskId).query(({ ctx, input }) => ctx.control.task(input.id)),
  create: procedure.input(taskInput).mutation(({ ctx, input }) => {
    const { start = false, skipChecks = false, confirmation: answer, ...task } = input;
    return ctx.control.create(task, { start, skipChecks, confirmation: given(answer, ctx.from) });
  }),
  start: procedure
    .input(
      taskId.extend({ confirmation: confirmation.optional(), destinationKeys: destinationKeys.optional() }),
    )
    .mutation(({ ctx, input }) => {
      const { id, confirmation: answer, destinationKeys } = input;
      return ctx.control.start(id, { confirmation: given(answer, ctx.from), destinationKeys });
    }),
  pause: procedure.input(taskId).mutation(({ ctx, input }) => ctx.control.pause(input.id)),
  resume: procedure.input(taskId).mutation(({ ctx, input }) => ctx.control.resume(input.id)),
  /** The cutover: what was received is applied, and the task is finished for good. */
  stop: procedure.input(taskId.extend({ reason })).mutation(({ ctx, input }) => ctx.control.stop(input.id)),
  delete: procedure.input(taskId.extend({ reason })).mutation(async ({ ctx, input }) => {
    await ctx.control.delete(input.id);
    return { id: input.id };
  }),
  /** Every shard is copied again. */
  resync: procedure.input(taskId.extend({ by, reason })).mutation(({ ctx, input }) => {
    ctx.control.resync(input.id, null, actorOf(input.by, ctx.from));
    return ctx.control.row(input.id);
  }),
  /** While it is paused, or was never started. */
  change: procedure
    .input(taskId.extend({ change: settingsChange, by }))
    .mutation(({ ctx, input }) => ctx.control.change(input.id, input.change, actorOf(input.by, ctx.from))),
  /** How it reaches its servers; no password is answered. */
  connections: procedure.input(taskId).query(({ ctx, input }) => ctx.control.connections(input.id)),
  /** While it is paused, or was never started. */
  changeConnections: procedure
    .input(taskId.extend({ connections: connectionsChange, by }))
    .mutation(({ ctx, input }) =>
      ctx.control.changeConnections(input.id, input.connections, actorOf(input.by, ctx.from)),
    ),
  /** To a task whose shards were given by hand, while it is paused or was never started. */
  addShards: procedure
    .input(taskId.extend({ shards: shardInputs, by }))
    .mutation(({ ctx, input }) => ctx.control.addShards(input.id, input.shards, actorOf(input.by, ctx.from))),
  rename: procedure
    .input(taskId.extend({ name: taskName }))
    .mutation(({ ctx, input }) => ctx.control.rename(input.id, input.name)),
  /** Newest first; `before` is the id of the last event of the page before. */
  events: procedure
    .input(
      taskId.extend({
        before: z.number().int().nullish(),
        limit: z.number().int().min(1).max(200).default(50),
      }),
    )
    .query(({ ctx, input }) => ctx.control.events(input.id, input.before ?? null, input.limit)),
  /** Alerts stay in front of the others until somebody says that they were seen. */
  seeAlerts: procedure
    .input(taskId.extend({ shardId: shardId.shape.shardId.nullable(), upTo: z.number().int().min(1) }))
    .mutation(({ ctx, input }) => ctx.control.seeAlerts(input.id, input.shardId, input.upTo)),
  precheck: procedure
    .input(taskId.extend({ destinationKeys: destinationKeys.optional() }))
    .mutation(({ ctx, input }) => ctx.control.precheck(input.id, input.destinationKeys)),
  liveList: procedure.subscription(({ ctx, signal }) => everySecond(ctx, signal, () => ctx.control.list())),
  live: procedure
    .input(taskId)
    .subscription(({ ctx, input, signal }) => everySecond(ctx, signal, () => ctx.control.task(input.id))),
});
