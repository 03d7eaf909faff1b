import { z } from "zod";
import { connectionInput } from "../input/task-input.ts";
import { accountRouter } from "./account-router.ts";
import { auditRouter } from "./audit-router.ts";
import { cutoverRouter } from "./cutover-router.ts";
import { everySecond } from "./every-second.ts";
import { peopleRouter } from "./people-router.ts";
import { shardRouter } from "./shard-router.ts";
import { shareRouter } from "./share-router.ts";
import { statusRouter } from "./status-router.ts";
import { taskRouter } from "./task-router.ts";
import { tokenRouter } from "./token-router.ts";
import { procedure, router } from "./trpc.ts";
import { verifyRouter } from "./verify-router.ts";

// What carries a password comes as a mutation: a query's input would stand in the URL, and so in logs.
export const appRouter = router({
  source: router({
    parseNutcracker: procedure
      .input(z.object({ text: z.string() }))
      .mutation(({ ctx, input }) => ctx.control.readNutcracker(input.text)),
  }),
  connection: router({
    test: procedure.input(connectionInput).mutation(({ ctx, input }) => ctx.control.test(input)),
  }),
  task: taskRouter,
  shard: shardRouter,
  verify: verifyRouter,
  cutover: cutoverRouter,
  account: accountRouter,
  people: peopleRouter,
  token: tokenRouter,
  audit: auditRouter,
  share: shareRouter,
  status: statusRouter,
  system: router({
    info: procedure.query(({ ctx }) => ctx.systemInfo()),
    /** What concerns every task: why Tributary's own database takes no writes, or null. */
    live: procedure.subscription(({ ctx, signal }) =>
      everySecond(ctx, signal, () => ({ storage: ctx.control.storageProblem() })),
    ),
  }),
});

export type AppRouter = typeof appRouter;
