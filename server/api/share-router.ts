import { z } from "zod";
import { sharedTask } from "../control/views/shared-task.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { shareLinkInput } from "../input/sharing-input.ts";
import { everySecond } from "./every-second.ts";
import { type ApiContext, procedure, router } from "./trpc.ts";

const HOUR_MS = 3_600_000;

/** Links by which people without an account look at one task. */
export const shareRouter = router({
  /** What the holder of the link sees. */
  get: procedure.query(({ ctx }) => sharedOf(ctx)),
  live: procedure.subscription(({ ctx, signal }) => everySecond(ctx, signal, () => sharedOf(ctx))),
  list: procedure
    .input(z.object({ taskId: z.string().max(64).nullable() }))
    .query(({ ctx, input }) => ctx.people.links.list(input.taskId)),
  /** The answer's secret cannot be read again. */
  create: procedure.input(shareLinkInput).mutation(({ ctx, input }) => {
    const { taskId, name, hidden, expiresInHours } = input;
    ctx.control.row(taskId);
    const userId = ctx.identity?.kind === "person" ? ctx.identity.id : null;
    const expiresAt = Date.now() + expiresInHours * HOUR_MS;
    return { ...ctx.people.links.create({ taskId, userId, name, hidden, expiresAt }), expiresAt };
  }),
  /** Whoever holds it is out within seconds. */
  revoke: procedure.input(z.object({ id: z.string().max(64) })).mutation(({ ctx, input }) => {
    ctx.people.links.get(input.id);
    ctx.people.links.revoke(input.id);
    return { id: input.id };
  }),
});

/** @throws TributaryError SHARE_LINK_ENDED, TASK_UNKNOWN */
function sharedOf({ control, guest }: ApiContext) {
  if (guest?.kind !== "link") throw new TributaryError("SHARE_LINK_ENDED");
  return sharedTask(control.task(guest.taskId), { now: Date.now(), until: guest.expiresAt });
}
