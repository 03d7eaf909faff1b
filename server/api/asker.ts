import type { Credentials, People } from "../people/people.ts";
import type { Asker } from "./access.ts";

/** The cookie of a browser that has given the status page's password. */
export const statusCookie = "tributary-status";

/**
 * Whom a request comes from. A share link is looked at as its holder sees it, whoever opens it: so its maker sees what
 * others will.
 */
export async function askerOf(people: People, credentials: Credentials, url: string): Promise<Asker> {
  const secret = shareSecretOf(url);
  if (secret !== null) return { identity: null, guest: people.openLink(secret, credentials.from) };
  const identity = await people.identify(credentials);
  // Whoever sends a token is judged by it alone.
  if (identity !== null || credentials.authorization !== undefined) return { identity, guest: null };
  return { identity, guest: people.statusPage.identify(cookieOf(credentials.cookie, statusCookie)) };
}

export function isStill(people: People, { identity, guest }: Asker): boolean {
  if (identity !== null) return people.isStill(identity);
  return guest !== null && people.isStillGuest(guest);
}

/** The secret of a share link in the address of its page, its files or its live connection; null where none is named. */
export function shareSecretOf(url: string): string | null {
  const [path = "", query] = url.split("?");
  const inPath = /^\/(?:api\/)?share\/([^/]*)/.exec(path)?.[1];
  if (inPath !== undefined) return inPath;
  return path === "/api/live" ? new URLSearchParams(query ?? "").get("share") : null;
}

/** A path as it may stand in a log: the secrets of links are left out. */
export function loggedPath(path: string): string {
  return path.replace(/^(\/(?:api\/)?share|\/join)\/[^/]+/, "$1/********");
}

function cookieOf(header: string | undefined, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
