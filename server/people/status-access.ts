/** Who may look at the status page: who has an account, who knows its password, or everybody. */
export const statusAccesses = ["signed-in", "password", "public"] as const;
export type StatusAccess = (typeof statusAccesses)[number];
