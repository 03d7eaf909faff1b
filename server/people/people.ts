import type { Database } from "../../db/open-database.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { AuditLog } from "./audit-log.ts";
import type { Guest } from "./guest.ts";
import type { Identity } from "./identity.ts";
import { LoginLimits } from "./login-limits.ts";
import { MaskingSetting } from "./masking.ts";
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "./password-length.ts";
import { PersonStore } from "./person-store.ts";
import { type Box, Sessions } from "./sessions.ts";
import { ShareLinks } from "./share-links.ts";
import type { StatusAccess } from "./status-access.ts";
import { StatusPage } from "./status-page.ts";
import { TokenStore } from "./token-store.ts";

export type PeopleOptions = {
  readonly db: Database;
  /** The data directory, for messages. */
  readonly directory: string;
  readonly box: Box;
  /** "off": nobody is asked to sign in, and everybody is an administrator. */
  readonly login: "on" | "off";
  /** Hears of what failed without harm; `what` is a sentence. */
  readonly onFailure: (what: string, error: unknown) => void;
  readonly now?: () => number;
};

/** What a request brings that says who sends it. */
export type Credentials = {
  readonly cookie?: string | undefined;
  /** The header of that name. */
  readonly authorization?: string | undefined;
  readonly from: string | null;
  /** Whether the browser came over TLS. */
  readonly secure: boolean;
};

/** Who uses Tributary: people, sessions, API tokens, and the audit of what they do. */
export type People = ReturnType<typeof openPeople>;

const anyone: Identity = { kind: "anyone", role: "admin" };

export function openPeople(options: PeopleOptions) {
  const { db, directory, login, onFailure, now = Date.now } = options;
  const persons = new PersonStore({ db, directory, now });
  const tokens = new TokenStore({ db, directory, now });
  const audit = new AuditLog({ db, now, onFailure });
  const masking = new MaskingSetting({ db, directory });
  const links = new ShareLinks({ db, directory, now });
  const statusPage = new StatusPage({ db, directory, now });
  const limits = new LoginLimits(now);
  const sessions = new Sessions({
    db,
    box: options.box,
    onError: (message) => onFailure("A login or session failed.", new Error(message)),
  });

  async function identify({ cookie, authorization, from, secure }: Credentials): Promise<Identity | null> {
    if (login === "off") return anyone;
    if (authorization === undefined) return sessions.identify(cookie, secure);
    const secret = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    const token = secret === undefined ? null : tokens.identify(secret);
    if (token !== null) {
      try {
        tokens.noteUse(token, from);
      } catch (error) {
        onFailure("The use of an API token could not be noted.", error);
      }
    }
    return token;
  }

  /** Who holds a share link; null where it leads nowhere. The use is noted. @param from the caller's address. */
  function openLink(secret: string, from: string | null): Guest | null {
    const guest = links.identify(secret);
    if (guest === null) return null;
    try {
      links.noteUse(guest, from);
    } catch (error) {
      onFailure("The use of a share link could not be noted.", error);
    }
    return guest;
  }

  return {
    login,
    persons,
    tokens,
    audit,
    masking,
    links,
    statusPage,
    identify,
    openLink,
    /** Whether a guest may look now as before. */
    isStillGuest(guest: Guest): boolean {
      return guest.kind === "link" ? links.isStill(guest) : statusPage.isStill(guest);
    },
    /**
     * Opens the status page to a browser that gives its password.
     * @returns the cookie's secret and how long it is good, in ms. @throws TributaryError TOO_MANY_LOGINS, STATUS_PASSWORD_WRONG
     */
    async unlockStatus(
      password: string,
      from: string | null,
    ): Promise<{ readonly secret: string; readonly forMs: number }> {
      const takeBack = limits.take("the status page", from);
      const end = audit.begin({ identity: null, from, action: "status.unlock" });
      const hash = statusPage.passwordHash();
      const isRight =
        hash !== null &&
        (await sessions.matches(password, hash)) &&
        // An administrator may have chosen another one meanwhile.
        hash === statusPage.passwordHash();
      end({ outcome: isRight ? "done" : "STATUS_PASSWORD_WRONG" });
      if (!isRight) throw new TributaryError("STATUS_PASSWORD_WRONG");
      takeBack();
      return statusPage.admit();
    },
    /** @param password of a page that asks for one; null keeps the present one. @throws TributaryError INPUT_INVALID */
    async setStatusAccess(access: StatusAccess, password: string | null): Promise<void> {
      if (access === "password" && password !== null) checkPassword(password);
      if (access === "password" && password === null && !statusPage.hasPassword())
        throw new TributaryError("INPUT_INVALID", {
          field: "password",
          path: "password",
          detail: "choose one for the page",
        });
      const hash = access === "password" && password !== null ? await sessions.hash(password) : null;
      statusPage.setAccess(access, hash);
    },
    /** Whether an identity holds now as it did: its session or token is there, with the same role. */
    isStill(identity: Identity): boolean {
      if (identity.kind === "person") return persons.hasSession(identity.sessionId, identity.role);
      return identity.kind === "token" ? tokens.isStill(identity) : login === "off";
    },
    /** @returns the cookies for the browser. @throws TributaryError TOO_MANY_LOGINS, LOGIN_FAILED */
    async signIn(
      credentials: { email: string; password: string },
      client: { from: string | null; userAgent: string | undefined; secure: boolean },
    ): Promise<readonly string[]> {
      const { from } = client;
      const takeBack = limits.take(credentials.email, from);
      const name = credentials.email.slice(0, 200);
      const end = audit.begin({ identity: null, name, from, action: "login" });
      const { ok, cookies } = await sessions.login(credentials, client);
      end({ outcome: ok ? "done" : "LOGIN_FAILED" });
      if (!ok) throw new TributaryError("LOGIN_FAILED");
      takeBack();
      persons.forgetExpired();
      const id = persons.idOf(credentials.email);
      if (id !== null) persons.noteLogin(id);
      return cookies;
    },
    async signOut(credentials: Credentials): Promise<readonly string[]> {
      const identity = await identify(credentials);
      const end = audit.begin({ identity, from: credentials.from, action: "logout" });
      const { cookies } = await sessions.logout(credentials.cookie, credentials.secure);
      end({ outcome: "done" });
      return cookies;
    },
    /** For the first visit and for a start that names the administrator. @throws TributaryError SETUP_DONE, INPUT_INVALID */
    async setUp(person: { name: string; email: string; password: string }): Promise<string> {
      checkPassword(person.password);
      if (persons.count() > 0) throw new TributaryError("SETUP_DONE");
      const { password, ...first } = person;
      return persons.createFirst(first, await sessions.hash(password));
    },
    /** @throws TributaryError INVITATION_INVALID, INPUT_INVALID */
    async acceptInvitation(secret: string, password: string): Promise<{ id: string; email: string }> {
      checkPassword(password);
      // Who has no link makes nobody hash.
      if (persons.invited(secret) === null) throw new TributaryError("INVITATION_INVALID");
      return persons.accept(secret, await sessions.hash(password));
    },
    /** @throws TributaryError LOGIN_FAILED, TOO_MANY_LOGINS, INPUT_INVALID */
    async changePassword(
      person: Extract<Identity, { kind: "person" }>,
      passwords: { current: string; next: string },
      from: string | null,
    ): Promise<void> {
      checkPassword(passwords.next);
      const takeBack = limits.take(person.email, from);
      const hash = persons.passwordHash(person.id);
      if (hash === null || !(await sessions.matches(passwords.current, hash)))
        throw new TributaryError("LOGIN_FAILED");
      takeBack();
      persons.changePassword(person.id, await sessions.hash(passwords.next), person.sessionId);
    },
  };
}

function checkPassword(password: string): void {
  const detail =
    password.length < SHORTEST_PASSWORD
      ? `use at least ${SHORTEST_PASSWORD} characters`
      : password.length > LONGEST_PASSWORD
        ? `use at most ${LONGEST_PASSWORD} characters`
        : null;
  if (detail !== null)
    throw new TributaryError("INPUT_INVALID", { field: "password", path: "password", detail });
}
