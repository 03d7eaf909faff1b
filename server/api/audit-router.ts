import { z } from "zod";
import { procedure, router } from "./trpc.ts";

export const auditFilter = z.object({
  text: z.string().trim().max(100).optional(),
  action: z.string().max(100).optional(),
  actorId: z.string().max(64).optional(),
  taskId: z.string().max(64).optional(),
  since: z.coerce.number().int().optional(),
  until: z.coerce.number().int().optional(),
});

export const auditRouter = router({
  /** Newest first; `cursor` is the id of the last entry of the page before. */
  page: procedure
    .input(
      auditFilter.extend({
        cursor: z.number().int().nullish(),
        limit: z.number().int().min(1).max(200).default(50),
      }),
    )
    .query(({ ctx, input: { cursor, limit, ...filter } }) =>
      ctx.people.audit.page(filter, cursor ?? null, limit),
    ),
  actions: procedure.query(({ ctx }) => ctx.people.audit.actions()),
});
