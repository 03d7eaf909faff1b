import type { Role } from "./role.ts";

/** Who asks for something. null in its place is somebody who has not signed in. */
export type Identity =
  | {
      readonly kind: "person";
      readonly id: string;
      readonly name: string;
      readonly email: string;
      readonly role: Role;
      readonly sessionId: string;
    }
  | {
      readonly kind: "token";
      readonly id: string;
      readonly name: string;
      /** That of the token, or of whoever made it where that is lower. */
      readonly role: Role;
      readonly ownerId: string;
    }
  /** No login is asked for: TRIBUTARY_AUTH=off. */
  | { readonly kind: "anyone"; readonly role: "admin" };

/** For records and events; null where nobody is known by name. */
export function nameOf(identity: Identity | null): string | null {
  if (identity === null || identity.kind === "anyone") return null;
  return identity.kind === "person" ? identity.name : `token ${identity.name}`;
}
