import { z } from "zod";
import { TributaryError } from "../errors/tributary-error.ts";
import { acceptInput, passwordChange, setUpInput } from "../input/people-input.ts";
import type { Guest } from "../people/guest.ts";
import type { Identity } from "../people/identity.ts";
import type { Masking } from "../people/masking.ts";
import { procedure, router } from "./trpc.ts";

/** Whom a page shows as signed in. */
export type Me = {
  /** "off" where nobody is asked to sign in. */
  readonly login: "on" | "off";
  readonly identity: Pick<Exclude<Identity, { kind: "anyone" }>, "kind" | "id" | "name" | "role"> | null;
  /** What the caller may do: with the login off, everything. */
  readonly role: Identity["role"] | null;
  /** What somebody may look at without an account. */
  readonly guest: Guest["kind"] | null;
  /** What the answers leave out; null where that is nothing. */
  readonly hidden: Masking | null;
};

/** What somebody does for themselves, before and after the login. */
export const accountRouter = router({
  me: procedure.query(({ ctx }): Me => {
    const { identity, guest, people } = ctx;
    const facts = {
      login: people.login,
      role: identity?.role ?? null,
      guest: guest?.kind ?? null,
      hidden: identity === null ? null : people.masking.of(identity),
    };
    if (identity === null || identity.kind === "anyone") return { ...facts, identity: null };
    const { kind, id, name, role } = identity;
    return { ...facts, identity: { kind, id, name, role } };
  }),
  /** The first visit makes the administrator. */
  setUp: procedure.input(setUpInput).mutation(async ({ ctx, input }) => {
    if (ctx.people.login === "off") throw new TributaryError("AUTH_OFF");
    return { id: await ctx.people.setUp(input) };
  }),
  /** Whose link it is; a mutation, since the secret would stand in a query's URL. */
  invitation: procedure.input(z.object({ secret: z.string().max(100) })).mutation(({ ctx, input }) => {
    const person = ctx.people.persons.invited(input.secret);
    if (person === null) throw new TributaryError("INVITATION_INVALID");
    return { name: person.name, email: person.email };
  }),
  acceptInvitation: procedure.input(acceptInput).mutation(async ({ ctx, input }) => {
    const { id, email } = await ctx.people.acceptInvitation(input.secret, input.password);
    return { id, email };
  }),
  changePassword: procedure.input(passwordChange).mutation(async ({ ctx, input }) => {
    if (ctx.identity?.kind !== "person") throw new TributaryError("AUTH_OFF");
    await ctx.people.changePassword(ctx.identity, input, ctx.from);
    return { ok: true };
  }),
});
