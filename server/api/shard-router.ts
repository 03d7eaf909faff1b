import { z } from "zod";
import { actorOf } from "../control/tasks/actor.ts";
import { seriesRanges } from "../control/views/task-view.ts";
import { by, shardId } from "../input/task-input.ts";
import { everySecond } from "./every-second.ts";
import { procedure, router } from "./trpc.ts";

export const shardRouter = router({
  get: procedure.input(shardId).query(({ ctx, input }) => ctx.control.shard(input.taskId, input.shardId)),
  series: procedure
    .input(shardId.extend({ range: z.enum(seriesRanges) }))
    .query(({ ctx, input }) => ctx.control.series(input.taskId, input.shardId, input.range)),
  /** What is done about a shard that is held. */
  decide: procedure
    .input(shardId.extend({ decision: z.enum(["follow", "keep"]), by }))
    .mutation(({ ctx, input }) => {
      ctx.control.decide(input.taskId, input.shardId, input.decision, actorOf(input.by, ctx.from));
      return ctx.control.shard(input.taskId, input.shardId);
    }),
  /** The shard is copied again. */
  resync: procedure.input(shardId.extend({ by })).mutation(({ ctx, input }) => {
    ctx.control.resync(input.taskId, input.shardId, actorOf(input.by, ctx.from));
    return ctx.control.shard(input.taskId, input.shardId);
  }),
  /** Somebody has taken note of what differs. */
  acknowledge: procedure
    .input(shardId.extend({ reason: z.string().trim().max(400).default(""), by }))
    .mutation(({ ctx, input }) => {
      ctx.control.acknowledge(input.taskId, input.shardId, input.reason, actorOf(input.by, ctx.from));
      return ctx.control.shard(input.taskId, input.shardId);
    }),
  live: procedure
    .input(shardId)
    .subscription(({ ctx, input, signal }) =>
      everySecond(ctx, signal, () => ctx.control.shard(input.taskId, input.shardId)),
    ),
});
