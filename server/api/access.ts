import type { Guest } from "../people/guest.ts";
import type { Identity } from "../people/identity.ts";
import { covers, type Role } from "../people/role.ts";

/**
 * Who may call a procedure, a subscription or a route, or open a page. This file is the one place that says so: what
 * is not in it is refused to everybody, and test/api/access.test.ts holds it against the router.
 */
export type Access = {
  /**
   * The least role; "nobody" needs no login. "link" is for holders of a share link alone; "status" is for every role, and
   * for whom the administrator lets look at the status page besides.
   */
  readonly needs: Role | "nobody" | "link" | "status";
  /** A higher role that this very input takes, before it was validated; null where it takes none. */
  readonly stricter?: (input: unknown) => Role | null;
  /** For people alone: an API token could make itself another one that outlives it. */
  readonly peopleOnly?: true;
  /** A mutation that changes nothing, and is one since its input may hold a password: it stays out of the audit. */
  readonly reads?: true;
};

function isMove(input: unknown, step: string, move: string): boolean {
  const { step: at, move: wanted } = (input ?? {}) as { step?: unknown; move?: unknown };
  return at === step && wanted === move;
}

const nobody: Access = { needs: "nobody" };
const viewer: Access = { needs: "viewer" };
const operator: Access = { needs: "operator" };
const admin: Access = { needs: "admin" };
const link: Access = { needs: "link" };
const status: Access = { needs: "status" };

export const procedures: Readonly<Record<string, Access>> = {
  "account.me": nobody,
  "account.setUp": nobody,
  "account.invitation": { ...nobody, reads: true },
  "account.acceptInvitation": nobody,
  "account.changePassword": { ...viewer, peopleOnly: true },
  "audit.actions": admin,
  "audit.page": admin,
  "connection.test": operator,
  "cutover.begin": operator,
  "cutover.clients": operator,
  "cutover.file": viewer,
  "cutover.get": viewer,
  "cutover.holdWrites": operator,
  "cutover.live": viewer,
  // The one move from which there is no way back.
  "cutover.order": {
    ...operator,
    stricter: (input) => (isMove(input, "switch", "proceed") ? "admin" : null),
  },
  "cutover.override": operator,
  "cutover.releaseWrites": operator,
  "cutover.report": viewer,
  "cutover.verifyAgain": operator,
  "cutover.withdraw": operator,
  "people.delete": { ...admin, peopleOnly: true },
  "people.endSessions": admin,
  "people.invite": { ...admin, peopleOnly: true },
  "people.inviteAgain": { ...admin, peopleOnly: true },
  "people.list": admin,
  "people.masking": admin,
  "people.setMasking": { ...admin, peopleOnly: true },
  "people.setRole": { ...admin, peopleOnly: true },
  "shard.acknowledge": operator,
  "shard.decide": operator,
  "shard.get": viewer,
  "shard.live": viewer,
  "shard.resync": operator,
  "shard.series": viewer,
  // It outlives the token that would have made it.
  "share.create": { ...operator, peopleOnly: true },
  "share.get": link,
  "share.list": operator,
  "share.live": link,
  "share.revoke": operator,
  "source.parseNutcracker": { ...operator, reads: true },
  "status.access": admin,
  "status.arrange": operator,
  "status.arrangement": operator,
  "status.get": status,
  "status.live": status,
  "status.setAccess": { ...admin, peopleOnly: true },
  "system.info": viewer,
  "system.live": viewer,
  "task.addShards": operator,
  "task.change": operator,
  "task.changeConnections": operator,
  "task.connections": operator,
  "task.create": operator,
  "task.delete": admin,
  "task.events": viewer,
  "task.get": viewer,
  "task.list": viewer,
  "task.live": viewer,
  "task.liveList": viewer,
  "task.pause": operator,
  "task.precheck": operator,
  "task.rename": operator,
  "task.resume": operator,
  "task.resync": operator,
  "task.seeAlerts": operator,
  "task.start": operator,
  // A cutover at once: there is no way back.
  "task.stop": admin,
  "token.create": { ...viewer, peopleOnly: true },
  "token.list": viewer,
  "token.revoke": viewer,
  "verify.cancel": operator,
  "verify.finding": viewer,
  "verify.findings": viewer,
  "verify.history": viewer,
  "verify.schedule": viewer,
  "verify.setSchedule": operator,
  "verify.cancelRepair": operator,
  "verify.live": viewer,
  "verify.liveRepairs": viewer,
  "verify.pause": operator,
  "verify.repair": operator,
  // It tells whether a key of a name that is given is among the differences.
  "verify.repairPreview": operator,
  "verify.repairedKeys": viewer,
  "verify.repairs": viewer,
  "verify.run": viewer,
  "verify.setPace": operator,
  "verify.start": operator,
  "verify.view": viewer,
};

/** Routes beside tRPC's, by method and path; one that ends with a slash is of all below it. */
export const routes = {
  "GET /api/health": nobody,
  "GET /healthz": nobody,
  "GET /readyz": nobody,
  "GET /metrics": viewer,
  "POST /api/auth/login": nobody,
  "POST /api/auth/logout": nobody,
  "POST /api/auth/status": nobody,
  "GET /api/audit": admin,
  "GET /api/share/": link,
  "GET /api/status": status,
  "GET /api/status/badge.svg": status,
  "GET /api/verifications/": viewer,
} as const satisfies Readonly<Record<string, Access>>;

export type Route = keyof typeof routes;

/** The route of a request; null where there is none. HEAD is a GET without its body. */
export function routeOf(method: string | undefined, path: string): Route | null {
  const name = `${method === "HEAD" ? "GET" : method} ${path}`;
  const known = Object.keys(routes) as Route[];
  return known.find((route) => (route.endsWith("/") ? name.startsWith(route) : name === route)) ?? null;
}

/** Pages by their path; of several that fit, the first. */
const pages: readonly (readonly [RegExp, Access])[] = [
  // Code and pictures that stand in the package for everybody to read.
  [/^\/(_next\/|icon\.svg$|favicon\.ico$|away\.js$|__nextjs)/, nobody],
  [/^\/(login|setup)$|^\/join\//, nobody],
  // It says itself that a link has ended.
  [/^\/share\/[^/]+$/, nobody],
  [/^\/status$/, status],
  [/^\/settings\/(people|audit|masking|status)$/, admin],
  [/^\/tasks\/new$|^\/tasks\/[^/]+\/(connections|sharing)$/, operator],
  [/^\//, viewer],
];

/** @param path without the query. */
export function accessOfPage(path: string): Access | undefined {
  return pages.find(([pattern]) => pattern.test(path))?.[1];
}

export type Refusal = "LOGIN_REQUIRED" | "ROLE_TOO_LOW" | "SESSION_REQUIRED" | "SHARE_LINK_ENDED";

/** Who asks: somebody with an account, a guest, or nobody. */
export type Asker = { readonly identity: Identity | null; readonly guest: Guest | null };

/** Why somebody may not do what has this access, with this input; null where they may. */
export function refusalOf(
  access: Access | undefined,
  { identity, guest }: Asker,
  input?: unknown,
): Refusal | null {
  if (access?.needs === "nobody") return null;
  if (access?.needs === "link") return guest?.kind === "link" ? null : "SHARE_LINK_ENDED";
  if (access?.needs === "status" && guest?.kind === "visitor") return null;
  if (identity === null) return "LOGIN_REQUIRED";
  if (access?.needs === "status") return null;
  if (access === undefined || !covers(identity.role, leastOf(access, input))) return "ROLE_TOO_LOW";
  return access.peopleOnly && identity.kind === "token" ? "SESSION_REQUIRED" : null;
}

function leastOf({ needs, stricter }: Access, input: unknown): Role {
  return (
    stricter?.(input) ?? (needs === "nobody" || needs === "link" || needs === "status" ? "viewer" : needs)
  );
}
