import { TributaryError } from "../errors/tributary-error.ts";
import { personId, tokenInput } from "../input/people-input.ts";
import type { Identity } from "../people/identity.ts";
import { covers } from "../people/role.ts";
import { procedure, router } from "./trpc.ts";

const DAY_MS = 24 * 3_600_000;

/** API tokens: everybody has their own, and an administrator sees those of all. */
export const tokenRouter = router({
  list: procedure.query(({ ctx }) => ctx.people.tokens.list(ownerOf(ctx.identity))),
  /** The answer's secret cannot be read again. */
  create: procedure.input(tokenInput).mutation(({ ctx, input }) => {
    if (ctx.identity?.kind !== "person") throw new TributaryError("AUTH_OFF");
    if (!covers(ctx.identity.role, input.role))
      throw new TributaryError("ROLE_TOO_LOW", { needed: input.role, role: ctx.identity.role });
    const expiresAt = Date.now() + input.expiresInDays * DAY_MS;
    return ctx.people.tokens.create({
      name: input.name,
      role: input.role,
      ownerId: ctx.identity.id,
      expiresAt,
    });
  }),
  revoke: procedure.input(personId).mutation(({ ctx, input }) => {
    const owner = ownerOf(ctx.identity);
    const token = ctx.people.tokens.get(input.id);
    if (owner !== null && token.ownerId !== owner) throw new TributaryError("TOKEN_UNKNOWN");
    ctx.people.tokens.revoke(input.id);
    return { id: input.id };
  }),
});

/** Whose tokens somebody may see; null is everybody's. */
function ownerOf(identity: Identity | null): string | null {
  if (identity === null || identity.role === "admin") return null;
  return identity.kind === "token" ? identity.ownerId : identity.kind === "person" ? identity.id : null;
}
