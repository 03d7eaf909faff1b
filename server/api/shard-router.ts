import { z } from "zod";
import { seriesRanges } from "../control/task-view.ts";
import { everySecond } from "./every-second.ts";
import { shardId } from "./task-input-schema.ts";
import { procedure, router } from "./trpc.ts";

export const shardRouter = router({
  get: procedure.input(shardId).query(({ ctx, input }) => ctx.control.shard(input.taskId, input.shardId)),
  series: procedure
    .input(shardId.extend({ range: z.enum(seriesRanges) }))
    .query(({ ctx, input }) => ctx.control.series(input.taskId, input.shardId, input.range)),
  live: procedure
    .input(shardId)
    .subscription(({ ctx, input, signal }) =>
      everySecond(ctx, signal, () => ctx.control.shard(input.taskId, input.shardId)),
    ),
});
