import { statusBoard, statusTask } from "../control/views/status-board.ts";
import { statusAccessInput, statusArrangementInput } from "../input/sharing-input.ts";
import { everySecond } from "./every-second.ts";
import { type ApiContext, procedure, router } from "./trpc.ts";

/** The status page: what it shows, what stands on it, and for whom it is. */
export const statusRouter = router({
  get: procedure.query(({ ctx }) => boardOf(ctx)),
  live: procedure.subscription(({ ctx, signal }) => everySecond(ctx, signal, () => boardOf(ctx))),
  /** What it is now, for who may change it. */
  access: procedure.query(({ ctx }) => accessOf(ctx)),
  setAccess: procedure.input(statusAccessInput).mutation(async ({ ctx, input }) => {
    await ctx.people.setStatusAccess(input.access, input.password === "" ? null : input.password);
    return accessOf(ctx);
  }),
  /** What stands on it, with all tasks that could. */
  arrangement: procedure.query(({ ctx }) => ({
    ...ctx.people.statusPage.arrangement(),
    tasks: ctx.control.list().map(({ id, name }) => ({ id, name })),
  })),
  arrange: procedure.input(statusArrangementInput).mutation(({ ctx, input }) => {
    ctx.people.statusPage.arrange(input);
    return ctx.people.statusPage.arrangement();
  }),
});

function boardOf({ control, people }: ApiContext) {
  const tasks = control.list().map(({ id }) => statusTask(control.task(id)));
  return statusBoard(tasks, people.statusPage.arrangement(), Date.now());
}

function accessOf({ people }: ApiContext) {
  return { access: people.statusPage.access(), hasPassword: people.statusPage.hasPassword() };
}
