import type { AddressForm } from "./task-form";

/**
 * Takes the user name and password out of a pasted `redis://user:password@host:port/db`, so that the password
 * does not stay readable in the address field. null when the address holds none, or cannot be read yet.
 */
export function splitCredentials(address: string): AddressForm | null {
  const parts = /^\s*(rediss?(?:\+sentinel)?:\/\/)([^@/]*(?:@[^@/]*)*)@([^@]+)$/i.exec(address);
  if (parts === null) return null;
  const [, scheme = "", credentials = "", rest = ""] = parts;
  const colon = credentials.indexOf(":");
  const [username, password] =
    colon < 0 ? [credentials, ""] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
  try {
    return {
      address: scheme + rest.trim(),
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
    };
  } catch {
    return null;
  }
}

/** The database that an address names (`…/2`); null for none. */
export function databaseOf(address: string): number | null {
  const path = /^(?:rediss?:\/\/)?[^/]+\/(\d{1,6})\s*$/i.exec(address.trim())?.[1];
  return path === undefined ? null : Number(path);
}
