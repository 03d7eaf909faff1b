import { z } from "zod";
import { gateNames } from "../control/cutover/cutover-gates.ts";
import { MOST_HELD_SECONDS } from "../control/cutover/held-writes.ts";
import { actorOf } from "../control/tasks/actor.ts";
import { cutoverSteps, finalDepths } from "../control/tasks/cutover-state.ts";
import { by, taskId } from "../input/task-input.ts";
import { everySecond } from "./every-second.ts";
import { procedure, router } from "./trpc.ts";

const ofTask = taskId.extend({ by });
const gate = ofTask.extend({ gate: z.enum(gateNames) });
const depth = z.enum(finalDepths);

/** The guided cutover of a task. Every order says at which step it was given: at another one it is refused. */
export const cutoverRouter = router({
  get: procedure.input(taskId).query(({ ctx, input }) => ctx.control.cutover(input.id)),
  begin: procedure
    .input(ofTask)
    .mutation(({ ctx, input }) => ctx.control.beginCutover(input.id, actorOf(input.by, ctx.from))),
  order: procedure
    .input(
      ofTask.extend({
        step: z.enum(cutoverSteps),
        move: z.enum(["proceed", "back", "leave"]),
        depth: depth.optional(),
        /** The task's name, for the step that cannot be taken back. */
        confirm: z.string().max(200).optional(),
      }),
    )
    .mutation(({ ctx, input: { id, by, ...order } }) =>
      ctx.control.orderCutover(id, order, actorOf(by, ctx.from)),
    ),
  override: procedure
    .input(gate.extend({ reason: z.string().trim().min(1, "a reason is wanted").max(400) }))
    .mutation(({ ctx, input }) =>
      ctx.control.overrideGate(input.id, input.gate, input.reason, actorOf(input.by, ctx.from)),
    ),
  withdraw: procedure
    .input(gate)
    .mutation(({ ctx, input }) =>
      ctx.control.withdrawOverride(input.id, input.gate, actorOf(input.by, ctx.from)),
    ),
  verifyAgain: procedure
    .input(ofTask.extend({ depth }))
    .mutation(({ ctx, input }) =>
      ctx.control.verifyCutoverAgain(input.id, input.depth, actorOf(input.by, ctx.from)),
    ),
  /** CLIENT PAUSE … WRITE on the shards. */
  holdWrites: procedure
    .input(ofTask.extend({ seconds: z.number().int().min(1).max(MOST_HELD_SECONDS) }))
    .mutation(({ ctx, input }) =>
      ctx.control.holdWrites(input.id, input.seconds, actorOf(input.by, ctx.from)),
    ),
  releaseWrites: procedure
    .input(ofTask)
    .mutation(({ ctx, input }) => ctx.control.releaseWrites(input.id, actorOf(input.by, ctx.from))),
  /** Who is connected to the shards: CLIENT LIST. */
  clients: procedure.input(taskId).query(({ ctx, input }) => ctx.control.shardClients(input.id)),
  /** Where the application goes, and how it comes back; without passwords. */
  file: procedure.input(taskId).query(({ ctx, input }) => ctx.control.switchFile(input.id)),
  /** The whole migration. */
  report: procedure.input(taskId).query(({ ctx, input }) => ctx.control.report(input.id)),
  live: procedure
    .input(taskId)
    .subscription(({ ctx, input, signal }) => everySecond(ctx, signal, () => ctx.control.cutover(input.id))),
});
