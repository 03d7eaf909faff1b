import type { Masking } from "./masking.ts";

/** Somebody without an account who may look at something nevertheless. null in its place is nobody. */
export type Guest =
  /** Holds a share link: sees one task. */
  | {
      readonly kind: "link";
      /** Of the link. */
      readonly id: string;
      readonly taskId: string;
      readonly hidden: Masking;
      /** ms since the epoch. */
      readonly expiresAt: number;
    }
  /** Looks at the status page, which is public or has a password. */
  | {
      readonly kind: "visitor";
      /** SHA-256 of the cookie that the password has given; null where the page is public. */
      readonly visit: string | null;
    };

/** Nobody has decided that strangers may see data, or how the network is made. */
const EVERYTHING: Masking = { values: true, keys: true, hosts: true };

export function hiddenFrom(guest: Guest): Masking {
  return guest.kind === "link" ? guest.hidden : EVERYTHING;
}
