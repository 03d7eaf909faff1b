import { TributaryError } from "../errors/tributary-error.ts";
import { inviteInput, maskingInput, personId, role } from "../input/people-input.ts";
import { procedure, router } from "./trpc.ts";

/** Whom administrators let in. Nobody is told a password of somebody else: each chooses an own one by a link. */
export const peopleRouter = router({
  list: procedure.query(({ ctx }) => ctx.people.persons.list()),
  /** The answer's secret is the end of the link /join/<secret>, and cannot be read again. */
  invite: procedure.input(inviteInput).mutation(({ ctx, input }) => {
    if (ctx.people.login === "off") throw new TributaryError("AUTH_OFF");
    return ctx.people.persons.invite(input);
  }),
  /** For who has forgotten a password, or whose link was not used in time. */
  inviteAgain: procedure
    .input(personId)
    .mutation(({ ctx, input }) => ({ id: input.id, invitation: ctx.people.persons.inviteAgain(input.id) })),
  setRole: procedure.input(personId.extend({ role })).mutation(({ ctx, input }) => {
    ctx.people.persons.setRole(input.id, input.role);
    return ctx.people.persons.get(input.id);
  }),
  /** What viewers do not see. */
  masking: procedure.query(({ ctx }) => ctx.people.masking.get()),
  setMasking: procedure.input(maskingInput).mutation(({ ctx, input }) => {
    if (ctx.people.login === "off") throw new TributaryError("AUTH_OFF");
    ctx.people.masking.set(input);
    return ctx.people.masking.get();
  }),
  endSessions: procedure.input(personId).mutation(({ ctx, input }) => {
    ctx.people.persons.endSessions(input.id);
    return ctx.people.persons.get(input.id);
  }),
  delete: procedure.input(personId).mutation(({ ctx, input }) => {
    ctx.people.persons.delete(input.id);
    return { id: input.id };
  }),
});
