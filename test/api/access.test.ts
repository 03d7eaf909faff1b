import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import { procedures } from "../../server/api/access.ts";
import { appRouter } from "../../server/api/router.ts";
import { covers, type Role, roles } from "../../server/people/role.ts";
import { openTestControl } from "../control/harness/open-test-control.ts";
import { openTestPeople } from "../people/open-test-people.ts";
import { until } from "../servers/index.ts";
import { startApi } from "./start-api.ts";

const all = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
).map(([path, { _def }]) => ({ path, type: _def.type }));

type Caller = {
  readonly role: Role | null;
  readonly isToken: boolean;
  readonly headers: Record<string, string>;
};

/** An API that asks who is there, and one caller of each kind: nobody, and each role by cookie and by token. */
async function start() {
  const control = openTestControl();
  const { people, add, signIn } = openTestPeople(control);
  const api = await startApi({ control, people });
  const callers: Caller[] = [{ role: null, isToken: false, headers: {} }];
  for (const role of roles) {
    const { id, email } = await add(role);
    const expiresAt = Date.now() + 60_000_000;
    const { secret } = people.tokens.create({ name: role, role, ownerId: id, expiresAt });
    callers.push({ role, isToken: false, headers: { cookie: await signIn(email) } });
    callers.push({ role, isToken: true, headers: { authorization: `Bearer ${secret}` } });
  }
  return { api, people, add, signIn, callers };
}

function refusalOf(path: string, { role, isToken }: Caller): string | null {
  const { needs, peopleOnly } = procedures[path]!;
  if (needs === "nobody") return null;
  // None of them holds a link, and the status page is for who has signed in.
  if (needs === "link") return "SHARE_LINK_ENDED";
  if (role === null) return "LOGIN_REQUIRED";
  if (needs !== "status" && !covers(role, needs)) return "ROLE_TOO_LOW";
  return peopleOnly && isToken ? "SESSION_REQUIRED" : null;
}

const refusals = ["LOGIN_REQUIRED", "ROLE_TOO_LOW", "SESSION_REQUIRED", "SHARE_LINK_ENDED"];
const statuses: Readonly<Record<string, number>> = { LOGIN_REQUIRED: 401, SHARE_LINK_ENDED: 404 };

describe("the table of who may do what", () => {
  it("names every procedure, mutation and subscription of the router, and nothing else", () => {
    expect(Object.keys(procedures).sort()).toEqual(all.map(({ path }) => path).sort());
  });

  it("lets nobody do without a login but what leads to one", () => {
    const open = Object.entries(procedures).flatMap(([path, { needs }]) => (needs === "nobody" ? path : []));
    expect(open.sort()).toEqual([
      "account.acceptInvitation",
      "account.invitation",
      "account.me",
      "account.setUp",
    ]);
  });

  it("keeps secrets, people, deletion and the end of a cutover for administrators", () => {
    for (const path of ["task.delete", "task.stop", "people.invite", "people.setRole", "audit.page"])
      expect(procedures[path]?.needs, path).toBe("admin");
    const reading = Object.entries(procedures).filter(([, { needs }]) => needs === "viewer");
    // What a viewer changes is their own.
    const changing = all.filter(({ type }) => type === "mutation").map(({ path }) => path);
    expect(reading.map(([path]) => path).filter((path) => changing.includes(path))).toEqual([
      "account.changePassword",
      "token.create",
      "token.revoke",
    ]);
  });
});

describe("over HTTP", () => {
  it("an operator leads a cutover up to the step that cannot be taken back, and no further", async () => {
    const { api, callers } = await start();
    for (const caller of callers.filter(({ isToken, role }) => !isToken && role !== null)) {
      const order = async (step: string, move: string) => {
        const answer = await fetch(`${api.url}/api/trpc/cutover.order`, {
          method: "POST",
          headers: { ...caller.headers, "content-type": "application/json" },
          body: JSON.stringify({ id: "none", step, move }),
        });
        return answer.status;
      };
      // 404: there is no such task.
      const [step, back, finish] = {
        viewer: [403, 403, 403],
        operator: [404, 404, 403],
        admin: [404, 404, 404],
      }[caller.role!];
      expect(await order("drain", "proceed"), caller.role!).toBe(step);
      expect(await order("switch", "back"), caller.role!).toBe(back);
      expect(await order("switch", "proceed"), caller.role!).toBe(finish);
    }
  });

  it("each procedure is refused to whom the table refuses it, and to nobody else", async () => {
    const { api, callers } = await start();
    const ask = async (caller: Caller) => {
      for (const { path, type } of all) {
        if (type === "subscription") continue;
        const request =
          type === "query"
            ? fetch(`${api.url}/api/trpc/${path}`, { headers: caller.headers })
            : fetch(`${api.url}/api/trpc/${path}`, {
                method: "POST",
                headers: { ...caller.headers, "content-type": "application/json" },
                // Of the right form for none of them: whom the table lets through hears of the input.
                body: JSON.stringify({ id: 1 }),
              });
        const answer = await request;
        const body = (await answer.json()) as { error?: { data: { reason: { code: string } | null } } };
        const code = body.error?.data.reason?.code ?? null;
        const label = `${path} as ${caller.role ?? "nobody"}${caller.isToken ? "'s token" : ""}`;
        const refused = refusals.find((refusal) => refusal === code) ?? null;
        expect(refused, label).toBe(refusalOf(path, caller));
        if (refused !== null) expect(answer.status, label).toBe(statuses[refused] ?? 403);
      }
    };
    await Promise.all(callers.map(ask));
  }, 240_000);

  it("a token that is none, is cut short or is sent in another way lets nobody in, whatever cookie comes with it", async () => {
    const { api, callers } = await start();
    const cookie = callers.find(({ role, isToken }) => role === "admin" && !isToken)!.headers.cookie!;
    const token = callers.find(({ role, isToken }) => role === "admin" && isToken)!.headers.authorization!;
    for (const authorization of [
      token.slice(0, -1),
      "Bearer ",
      "Bearer x",
      token.replace("Bearer", "Basic"),
    ]) {
      const answer = await fetch(`${api.url}/api/trpc/task.list`, { headers: { authorization, cookie } });
      expect(answer.status, authorization.slice(0, 10)).toBe(401);
    }
  });

  it("a cookie that was changed, or has no signature, lets nobody in", async () => {
    const { api, callers } = await start();
    const cookie = callers.find(({ role, isToken }) => role === "admin" && !isToken)!.headers.cookie!;
    const ask = async (value: string) =>
      (await fetch(`${api.url}/api/trpc/task.list`, { headers: { cookie: value } })).status;
    expect(await ask(cookie)).toBe(200);
    const [name = "", value = ""] = cookie.split("=");
    const [token = ""] = decodeURIComponent(value).split(".");
    expect(await ask(`${name}=${token}`)).toBe(401);
    expect(await ask(`${name}=${encodeURIComponent(`${token}.${"A".repeat(43)}=`)}`)).toBe(401);
    expect(await ask(`${name}=${value.slice(1)}`)).toBe(401);
  });

  it("routes ask for their role, and what is no route is none", async () => {
    const { api, callers } = await start();
    for (const caller of callers) {
      const get = async (path: string) => (await fetch(api.url + path, { headers: caller.headers })).status;
      expect(await get("/api/health")).toBe(200);
      const wanted = caller.role === null ? 401 : caller.role === "admin" ? 200 : 403;
      expect(await get("/api/audit?format=csv"), String(caller.role)).toBe(wanted);
      expect(await get("/api/auth/get-session")).toBe(404);
      expect(await get("/api/auth/sign-up/email")).toBe(404);
    }
  });
});

describe("over the WebSocket", () => {
  function open(port: number, headers: Record<string, string>): Promise<WebSocket | string> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`, { headers });
    onTestFinished(() => socket.terminate());
    return new Promise((resolve) => {
      socket.once("open", () => resolve(socket));
      socket.once("error", (error) => resolve(error.message));
    });
  }

  it("each subscription is refused to whom the table refuses it, and no call goes over it", async () => {
    const { api, callers } = await start();
    for (const caller of callers) {
      const socket = await open(api.port, caller.headers);
      if (caller.role === null) {
        expect(socket).toContain("401");
        continue;
      }
      if (typeof socket === "string") throw new Error(socket);
      const answers = new Map<number, string | null>();
      socket.on("message", (data) => {
        const { id, error } = JSON.parse(String(data)) as {
          id: number | null;
          error?: { data: { code: string; reason: { code: string } | null } };
        };
        if (id !== null && !answers.has(id))
          answers.set(id, error === undefined ? null : (error.data.reason?.code ?? error.data.code));
      });
      all.forEach(({ path, type }, id) => {
        socket.send(JSON.stringify({ id, method: type, params: { path, input: { id: 1 } } }));
        if (type === "subscription") socket.send(JSON.stringify({ id, method: "subscription.stop" }));
      });
      await until(() => answers.size === all.length, { what: `all are answered to ${caller.role}` });
      all.forEach(({ path, type }, id) => {
        const answer = answers.get(id) ?? null;
        if (type === "subscription") {
          const refused = refusals.find((refusal) => refusal === answer) ?? null;
          expect(refused, path).toBe(refusalOf(path, caller));
        } else expect(answer, path).toBe("METHOD_NOT_SUPPORTED");
      });
    }
  });

  it("is closed within seconds when its session ends, its role changes, its token is revoked or its person goes", async () => {
    const { api, people, add, signIn } = await start();
    const admin = await add("admin", "ann");
    const expiresAt = Date.now() + 60_000_000;
    const token = people.tokens.create({ name: "ci", role: "viewer", ownerId: admin.id, expiresAt });
    const bearer = { authorization: `Bearer ${token.secret}` };
    const someone = async () => {
      const person = await add("operator");
      return { ...person, headers: { cookie: await signIn(person.email) } };
    };
    const [ended, lowered, raised, gone] = [
      await someone(),
      await someone(),
      await someone(),
      await someone(),
    ];
    const stays = await someone();
    const sockets = await Promise.all(
      [ended, lowered, raised, gone, { headers: bearer }, stays].map(({ headers }) =>
        open(api.port, headers),
      ),
    );
    const closed = sockets.map((socket) => {
      if (typeof socket === "string") throw new Error(socket);
      const state = { code: 0 };
      socket.once("close", (code) => {
        state.code = code;
      });
      return state;
    });
    people.persons.endSessions(ended.id);
    people.persons.setRole(lowered.id, "viewer");
    people.persons.setRole(raised.id, "admin");
    people.persons.delete(gone.id);
    people.tokens.revoke(token.id);
    await until(() => closed.slice(0, 5).every(({ code }) => code === 4401), { what: "five are closed" });
    expect(closed[5]!.code).toBe(0);
    expect(await open(api.port, ended.headers)).toContain("401");
    expect(await open(api.port, bearer)).toContain("401");
    expect(await open(api.port, lowered.headers)).toBeInstanceOf(WebSocket);
  });
});
