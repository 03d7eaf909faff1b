import { randomBytes } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { accounts, authVerifications, sessions, settings, users } from "../../db/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Identity } from "./identity.ts";
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "./password-length.ts";
import { readRole } from "./role.ts";

/** Seconds. A session is not prolonged: after a week everybody signs in again. */
const SESSION_SECONDS = 7 * 24 * 3600;

/** Seals what signs the cookies, as the passwords of servers are sealed. */
export type Box = { seal(plain: string, place: string): string; open(sealed: string, place: string): string };

/** What became of a login or its end, with the cookies for the browser. */
export type CookieAnswer = { readonly ok: boolean; readonly cookies: readonly string[] };

export type PersonIdentity = Extract<Identity, { kind: "person" }>;

/**
 * Passwords (scrypt), sessions and their signed cookies, by better-auth. None of its routes is served: Tributary's own
 * call it, so that roles, limits and the audit stand in one place, and it never sees a header that a client could
 * have made up, such as X-Forwarded-For.
 */
export class Sessions {
  readonly #open: (secure: boolean) => ReturnType<typeof open>;
  readonly #opened = new Map<boolean, ReturnType<typeof open>>();

  constructor(options: { db: Database; box: Box; onError: (message: string) => void }) {
    const secret = readSecret(options.db, options.box);
    this.#open = (secure) => open({ ...options, secret, secure });
  }

  /** @param from the caller's address, kept with the session. @param secure whether the browser came over TLS. */
  async login(
    credentials: { email: string; password: string },
    client: { from: string | null; userAgent: string | undefined; secure: boolean },
  ): Promise<CookieAnswer> {
    const headers = new Headers({ [addressHeader]: client.from ?? "" });
    if (client.userAgent !== undefined) headers.set("user-agent", client.userAgent.slice(0, 300));
    const answer = await (await this.#of(client.secure)).api.signInEmail({
      body: credentials,
      headers,
      asResponse: true,
    });
    if (answer.status >= 500)
      throw new TributaryError("INTERNAL", { detail: "the session could not be kept" });
    return { ok: answer.ok, cookies: answer.ok ? answer.headers.getSetCookie() : [] };
  }

  async logout(cookie: string | undefined, secure: boolean): Promise<CookieAnswer> {
    const answer = await (await this.#of(secure)).api.signOut({
      headers: new Headers({ cookie: cookie ?? "" }),
      asResponse: true,
    });
    return { ok: answer.ok, cookies: answer.headers.getSetCookie() };
  }

  /** Whose cookie it is; null where it is nobody's, or the session has ended. */
  async identify(cookie: string | undefined, secure: boolean): Promise<PersonIdentity | null> {
    if (cookie === undefined) return null;
    const found = await (await this.#of(secure)).api.getSession({ headers: new Headers({ cookie }) });
    if (found === null) return null;
    const { id, name, email, role } = found.user;
    return { kind: "person", id, name, email, role: readRole(role), sessionId: found.session.id };
  }

  async hash(password: string): Promise<string> {
    return (await (await this.#of(false)).$context).password.hash(password);
  }

  async matches(password: string, hash: string): Promise<boolean> {
    return (await (await this.#of(false)).$context).password.verify({ password, hash });
  }

  /** A browser takes back a cookie with Secure over TLS alone, so each way of coming has one of its own. */
  #of(secure: boolean): ReturnType<typeof open> {
    const auth = this.#opened.get(secure) ?? this.#open(secure);
    this.#opened.set(secure, auth);
    return auth;
  }
}

const addressHeader = "x-tributary-address";

async function open(options: {
  db: Database;
  secret: string;
  secure: boolean;
  onError: (message: string) => void;
}) {
  // A second of a start, which nobody who runs without a login has to wait for.
  const [{ betterAuth }, { drizzleAdapter }] = await Promise.all([
    import("better-auth/minimal"),
    import("better-auth/adapters/drizzle"),
  ]);
  return betterAuth({
    appName: "Tributary",
    // No link is made from it: it says only that cookies are for the very host that is asked.
    baseURL: options.secure ? "https://tributary.invalid" : "http://tributary.invalid",
    secret: options.secret,
    database: drizzleAdapter(options.db, {
      provider: "sqlite",
      schema: { user: users, session: sessions, account: accounts, verification: authVerifications },
    }),
    user: { additionalFields: { role: { type: "string", input: false, defaultValue: "viewer" } } },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: SHORTEST_PASSWORD,
      maxPasswordLength: LONGEST_PASSWORD,
    },
    session: {
      expiresIn: SESSION_SECONDS,
      disableSessionRefresh: true,
      // The database is asked each time: an end of a session is one at once.
      cookieCache: { enabled: false },
    },
    // server/people/login-limits.ts counts.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: "tributary",
      useSecureCookies: options.secure,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", path: "/" },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    telemetry: { enabled: false },
    logger: {
      level: "error",
      log: (_, message) => options.onError(message),
    },
  });
}

const place = "better-auth";
const settingKey = "sessionSecret";

/** Made once and kept sealed. One that no longer opens is made anew, and everybody signs in again. */
function readSecret(db: Database, box: Box): string {
  const row = db.select().from(settings).where(eq(settings.key, settingKey)).get();
  if (typeof row?.value === "string") {
    try {
      return box.open(row.value, place);
    } catch {
      db.delete(sessions).run();
    }
  }
  const secret = randomBytes(32).toString("base64url");
  const value = box.seal(secret, place);
  db.insert(settings)
    .values({ key: settingKey, value })
    .onConflictDoUpdate({ target: settings.key, set: { value } })
    .run();
  return secret;
}
