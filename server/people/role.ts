/** From the least to the most: each may do all that the ones before it may. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** Whether a person of `role` may do what needs `needed`. */
export function covers(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

export function lowerOf(one: Role, other: Role): Role {
  return covers(one, other) ? other : one;
}

/** What the database holds as a role; a word that is none may do the least. */
export function readRole(text: string): Role {
  return roles.find((role) => role === text) ?? "viewer";
}
