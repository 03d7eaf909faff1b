import { type Asker, accessOfPage, refusalOf } from "./access.ts";

export type PageVisit = Asker & {
  /** Path and query. */
  readonly url: string;
  readonly login: "on" | "off";
  /** Whether there is anybody who could sign in. */
  readonly hasPeople: boolean;
  /** Whether the status page asks for a password of its own, in the place of a login. */
  readonly asksPassword: boolean;
};

/** Where a visit leads instead of the page that was asked for; null where it leads there. */
export function redirectOf({
  url,
  identity,
  guest,
  login,
  hasPeople,
  asksPassword,
}: PageVisit): string | null {
  const path = url.split("?")[0]!;
  const access = accessOfPage(path);
  const isLogin = path === "/login" || path === "/setup" || path.startsWith("/join/");
  if (login === "off") return isLogin ? "/tasks" : null;
  if (access?.needs === "nobody" && !isLogin) return null;
  if (!hasPeople) return path === "/setup" ? null : "/setup";
  if (path === "/setup") return "/login";
  // Who is signed in has no use for the login; a link of an invitation may be somebody else's.
  if (path === "/login" && identity !== null) return nextOf(url);
  const refusal = refusalOf(access, { identity, guest });
  if (refusal === null || (access?.needs === "status" && asksPassword)) return null;
  if (refusal !== "LOGIN_REQUIRED") return `/denied?needs=${access?.needs ?? "admin"}`;
  return url === "/" || url === "/tasks"
    ? "/login"
    : `/login?next=${encodeURIComponent(withoutInternals(url))}`;
}

/** The page after a login: one of ours, or the list. */
function nextOf(url: string): string {
  const next = new URLSearchParams(url.split("?")[1] ?? "").get("next");
  return next !== null && isOwnPath(next) ? next : "/tasks";
}

/** A path on this host. Browsers take a backslash for a slash, and // for another host. */
export function isOwnPath(next: string): boolean {
  return /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next);
}

/** Next adds `_rsc` when it fetches a page for a link. */
function withoutInternals(url: string): string {
  const [path = "/", query] = url.split("?");
  const parameters = new URLSearchParams(query ?? "");
  parameters.delete("_rsc");
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
