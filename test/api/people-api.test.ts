import { eq } from "drizzle-orm";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import { apiTokens, sessions } from "../../db/schema.ts";
import { openTestControl } from "../control/harness/open-test-control.ts";
import { openTestPeople, password } from "../people/open-test-people.ts";
import { until } from "../servers/index.ts";
import { startApi } from "./start-api.ts";

async function start(options: { trustProxy?: string } = {}) {
  const control = openTestControl();
  const test = openTestPeople(control);
  const api = await startApi({ control, people: test.people, ...options });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(api.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const call = (path: string, input: unknown, headers: Record<string, string> = {}) =>
    post(`/api/trpc/${path}`, input, headers);
  const login = (email: string, headers: Record<string, string> = {}, word = password) =>
    post("/api/auth/login", { email, password: word }, headers);
  return { ...test, api, db: control.database, post, call, login };
}

const ann = { name: "Ann", email: "ann@river.example", password };

describe("the first visit", () => {
  it("makes one administrator, however many come at the same moment", async () => {
    const { call, people } = await start();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        call("account.setUp", { ...ann, email: `a${index}@river.example` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(11);
    expect(people.persons.list()).toMatchObject([{ role: "admin", canSignIn: true }]);
  });

  it("takes no short password, and then nobody is made", async () => {
    const { call, people } = await start();
    expect((await call("account.setUp", { ...ann, password: "short" })).status).toBe(400);
    expect(people.persons.count()).toBe(0);
  });
});

describe("a login", () => {
  it("gives a cookie that scripts cannot read, and tells the page nothing of it", async () => {
    const { add, login } = await start();
    const { email } = await add("viewer");
    const answer = await login(email);
    const [cookie = "", ...others] = answer.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^tributary\.session_token=/);
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie).not.toMatch(/Secure|Domain/i);
    expect(await answer.json()).toEqual({ ok: true });
  });

  it("over TLS, as a proxy of the list says, gives a cookie that goes over TLS alone", async () => {
    const { add, login, api } = await start({ trustProxy: "loopback" });
    const { email } = await add("viewer");
    const tls = { "x-forwarded-proto": "https" };
    const answer = await login(email, tls);
    const cookie = answer.headers.getSetCookie()[0]!;
    expect(cookie).toMatch(/^__Secure-tributary\.session_token=/);
    expect(cookie).toMatch(/; Secure/i);
    expect(answer.headers.get("strict-transport-security")).toContain("max-age");
    const headers = { cookie: cookie.split(";")[0]! };
    expect((await fetch(`${api.url}/api/trpc/task.list`, { headers: { ...headers, ...tls } })).status).toBe(
      200,
    );
    expect((await fetch(`${api.url}/api/trpc/task.list`, { headers })).status).toBe(401);
  });

  it("is refused after ten wrong passwords, with the right one as well, and says the same of who is there and who is not", async () => {
    const { add, login } = await start();
    const { email } = await add("viewer");
    const wrong = await login(email, {}, "wrong horse battery");
    const nobody = await login("nobody@river.example", {}, "wrong horse battery");
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    expect(await wrong.json()).toEqual(await nobody.json());
    for (let count = 0; count < 9; count++) expect((await login(email, {}, "wrong")).status).toBe(401);
    expect((await login(email)).status).toBe(429);
  });

  it("counts by the address of the connection, whatever X-Forwarded-For says, unless a proxy is named", async () => {
    const { login, people } = await start();
    await login("nobody@river.example", { "x-forwarded-for": "1.2.3.4" }, "wrong");
    expect(people.audit.page({}, null, 1)).toMatchObject([{ action: "login", from: "127.0.0.1" }]);
    const behind = await start({ trustProxy: "loopback" });
    await behind.login("nobody@river.example", { "x-forwarded-for": "1.2.3.4, 203.0.113.7" }, "wrong");
    expect(behind.people.audit.page({}, null, 1)).toMatchObject([
      { from: "203.0.113.7", outcome: "LOGIN_FAILED" },
    ]);
  });

  it("takes no form of another site, and no body that is none", async () => {
    const { api, login, post } = await start();
    expect((await login("a@river.example", { origin: "https://evil.example" })).status).toBe(403);
    const form = await fetch(`${api.url}/api/auth/login`, {
      method: "POST",
      body: new URLSearchParams({ email: "a@river.example", password }),
    });
    expect(form.status).toBe(415);
    expect((await post("/api/auth/login", ["x"])).status).toBe(400);
    expect((await post("/api/auth/login", { email: "a", password: "x".repeat(9_000) })).status).toBe(400);
  });
});

describe("a session", () => {
  it("ends with the logout, with its time and with its person, over HTTP and on the socket", async () => {
    const { api, add, signIn, post, db, people } = await start();
    const out = await add("viewer");
    const late = await add("viewer");
    const gone = await add("viewer");
    const cookies = await Promise.all([out, late, gone].map(({ email }) => signIn(email)));
    const ask = async (cookie: string) =>
      (await fetch(`${api.url}/api/trpc/task.list`, { headers: { cookie } })).status;
    const closed = cookies.map((cookie) => {
      const state = { code: 0 };
      const socket = new WebSocket(`ws://127.0.0.1:${api.port}/api/live`, { headers: { cookie } });
      onTestFinished(() => socket.terminate());
      socket.on("close", (code) => {
        state.code = code;
      });
      return { state, opened: new Promise((resolve) => socket.once("open", resolve)) };
    });
    await Promise.all(closed.map(({ opened }) => opened));
    for (const cookie of cookies) expect(await ask(cookie)).toBe(200);
    await post("/api/auth/logout", {}, { cookie: cookies[0]! });
    db.update(sessions)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(eq(sessions.userId, late.id))
      .run();
    people.persons.delete(gone.id);
    for (const cookie of cookies) expect(await ask(cookie)).toBe(401);
    await until(() => closed.every(({ state }) => state.code === 4401), { what: "the sockets are closed" });
  });

  it("in other browsers ends when the password is changed, and this one goes on", async () => {
    const { add, signIn, call, api } = await start();
    const { email } = await add("viewer");
    const [here, there] = [await signIn(email), await signIn(email)];
    const wrong = await call(
      "account.changePassword",
      { current: "x", next: "a new horse" },
      { cookie: here },
    );
    expect(wrong.status).toBe(400);
    const answer = await call(
      "account.changePassword",
      { current: password, next: "a new horse" },
      { cookie: here },
    );
    expect(answer.status).toBe(200);
    const ask = async (cookie: string) =>
      (await fetch(`${api.url}/api/trpc/task.list`, { headers: { cookie } })).status;
    expect([await ask(here), await ask(there)]).toEqual([200, 401]);
    await expect(signIn(email)).rejects.toThrow("wrong");
  });
});

describe("a link of an invitation", () => {
  it("works once, and a newer one replaces it, together with the password and the sessions", async () => {
    const { call, people, signIn } = await start();
    const { id, invitation } = people.persons.invite({
      name: "Bob",
      email: "bob@river.example",
      role: "operator",
    });
    const accept = (secret: string) => call("account.acceptInvitation", { secret, password });
    expect((await accept("x")).status).toBe(409);
    const both = await Promise.all([accept(invitation.secret), accept(invitation.secret)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    await signIn("bob@river.example");
    const again = people.persons.inviteAgain(id);
    expect(people.persons.get(id)).toMatchObject({ sessions: 0, canSignIn: false });
    await expect(signIn("bob@river.example")).rejects.toThrow("wrong");
    expect((await accept(again.secret)).status).toBe(200);
  });
});

describe("the last administrator", () => {
  it("cannot be removed or lowered, nor two at the same moment", async () => {
    const { add, signIn, call, people } = await start();
    const [first, second] = [await add("admin", "ann"), await add("admin", "bob")];
    const cookies = [await signIn(first.email), await signIn(second.email)];
    const answers = await Promise.all([
      call("people.delete", { id: second.id }, { cookie: cookies[0]! }),
      call("people.setRole", { id: first.id, role: "viewer" }, { cookie: cookies[0]! }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(people.persons.list().filter(({ role }) => role === "admin")).toHaveLength(1);
  });
});

describe("an API token", () => {
  it("does what its role may, until it expires, is revoked, or its owner may less", async () => {
    const { add, signIn, call, db, people, api } = await start();
    const { id, email } = await add("operator");
    const cookie = await signIn(email);
    expect(
      (await call("token.create", { name: "x", role: "admin", expiresInDays: 1 }, { cookie })).status,
    ).toBe(403);
    const made = await call("token.create", { name: "ci", role: "operator", expiresInDays: 1 }, { cookie });
    const { secret, id: tokenId } = (
      (await made.json()) as { result: { data: { secret: string; id: string } } }
    ).result.data;
    const authorization = `Bearer ${secret}`;
    const ask = async (path = "task.list") =>
      (await fetch(`${api.url}/api/trpc/${path}`, { headers: { authorization } })).status;
    expect(await ask()).toBe(200);
    expect(people.tokens.get(tokenId)).toMatchObject({ lastUsedFrom: "127.0.0.1" });
    expect((await call("task.pause", { id: "none" }, { authorization })).status).toBe(404);
    expect(
      (await call("token.create", { name: "y", role: "viewer", expiresInDays: 1 }, { authorization })).status,
    ).toBe(403);
    people.persons.setRole(id, "viewer");
    expect((await call("task.pause", { id: "none" }, { authorization })).status).toBe(403);
    expect(await ask()).toBe(200);
    db.update(apiTokens)
      .set({ expiresAt: Date.now() - 1 })
      .run();
    expect(await ask()).toBe(401);
  });

  it("of somebody else is seen and revoked by administrators alone", async () => {
    const { add, signIn, call, api } = await start();
    const [owner, other, admin] = [await add("viewer"), await add("operator"), await add("admin")];
    const headers = async ({ email }: { email: string }) => ({ cookie: await signIn(email) });
    const made = await call(
      "token.create",
      { name: "ci", role: "viewer", expiresInDays: 1 },
      await headers(owner),
    );
    const { id } = ((await made.json()) as { result: { data: { id: string } } }).result.data;
    const list = async (person: { email: string }) =>
      (
        await (await fetch(`${api.url}/api/trpc/token.list`, { headers: await headers(person) })).text()
      ).includes(id);
    expect([await list(owner), await list(other), await list(admin)]).toEqual([true, false, true]);
    expect((await call("token.revoke", { id }, await headers(other))).status).toBe(404);
    expect((await call("token.revoke", { id }, await headers(admin))).status).toBe(200);
  });
});
