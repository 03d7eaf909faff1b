import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import type { AppRouter } from "../../server/api/router.ts";
import { reasonOf } from "../../server/errors/tributary-error.ts";
import { hashOf } from "../../server/people/one-time-secret.ts";
import { openTestControl, type TestControl, twoShards } from "../control/harness/open-test-control.ts";
import { openTestPeople, password } from "../people/open-test-people.ts";
import { until } from "../servers/index.ts";
import { startApi } from "./start-api.ts";

const VALUE = "planted-value";
const KEY = "planted-key";
const HOST = "10.11.12.13";
const planted = [VALUE, KEY, HOST];
const all = { values: true, keys: true, hosts: true };
const none = { values: false, keys: false, hosts: false };
const DAY_MS = 24 * 3_600_000;

/** A task whose server, reason and events hold what was planted, and an administrator. */
async function world() {
  let clock = Date.now();
  const control = openTestControl();
  const { people, add, signIn } = openTestPeople(control, { now: () => clock });
  const errors: Error[] = [];
  const api = await startApi({ control, people, onError: (error) => errors.push(error) });
  const source = {
    kind: "shards" as const,
    shards: [
      { name: `${HOST}:7001`, address: `${HOST}:7001` },
      { name: "b", address: "127.0.0.1:7002" },
    ],
  };
  const { id } = await control.control.create({ ...twoShards, source }, { start: true, skipChecks: false });
  await until(() => control.runner.specs.size === 2, { what: "the shard syncs were begun" });
  plant(control);
  const ann = await add("admin", "Ann");
  const cookie = await signIn(ann.email);
  const call = async (path: string, input: object, headers: Record<string, string> = { cookie }) => {
    const answer = await fetch(`${api.url}/api/trpc/${path}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    const text = await answer.text();
    return { status: answer.status, text, data: JSON.parse(text).result?.data };
  };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(api.url + path, { headers, redirect: "manual" });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const share = async (more: object = {}) => {
    const input = { taskId: id, name: "Zoe", expiresInHours: 72, hidden: all, ...more };
    const { data, text } = await call("share.create", input);
    if (data === undefined) throw new Error(text);
    return data as { id: string; secret: string; expiresAt: number };
  };
  const pass = (ms: number) => {
    clock += ms;
  };
  return { ...api, control, people, add, signIn, ann, cookie, id, call, get, share, pass, errors };
}

function plant({ runner }: TestControl): void {
  const now = Date.now();
  runner.reportAll("retrying", {
    reason: reasonOf("RDB_CORRUPT", { role: "shard b", offset: 9, detail: `in the value of key ${KEY}` }),
    events: [
      { at: now, level: "alert", type: "key-left-out", message: `Key ${KEY} in database 0: ${VALUE}` },
      { at: now, level: "warning", type: "source-link-lost", message: `${HOST}:7001 sent ${VALUE}` },
    ],
  });
}

type Heard = { snapshots: string[]; errors: string[]; closed: () => number | null; stop: () => void };

/** Listens to `status.live` or `share.live` as a page does. */
function listen(
  port: number,
  what: "status" | "share",
  from: { query?: string; headers?: Record<string, string> } = {},
): Heard {
  const { query = "", headers = {} } = from;
  let code: number | null = null;
  const client = createWSClient({
    url: `ws://127.0.0.1:${port}/api/live${query}`,
    retryDelayMs: () => 60_000,
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url, { headers });
        this.on("close", (given) => {
          code = given;
        });
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  const heard: Heard = {
    snapshots: [],
    errors: [],
    closed: () => code,
    stop: () => void client.close(),
  };
  onTestFinished(heard.stop);
  const live = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });
  live[what].live.subscribe(undefined, {
    onData: (data) => heard.snapshots.push(JSON.stringify(data)),
    onError: (error) => heard.errors.push(error.message),
  });
  return heard;
}

async function firstOf(heard: Heard): Promise<string> {
  await until(() => heard.snapshots.length > 0, { what: "a snapshot has come" });
  return heard.snapshots[0]!;
}

const holds = (text: string) => planted.filter((one) => text.includes(one));

describe("the status page", () => {
  it("is for who has signed in, at first", async () => {
    const { get, port, cookie } = await world();
    expect((await get("/api/status")).status).toBe(401);
    expect((await get("/api/status/badge.svg")).status).toBe(401);
    expect((await get("/status")).headers.get("location")).toBe("/login?next=%2Fstatus");
    const board = JSON.parse((await get("/api/status", { cookie })).text);
    expect(board).toMatchObject({ health: "attention", shards: 2, synchronizing: 0 });
    const stranger = listen(port, "status");
    await until(() => stranger.closed() !== null, { what: "the socket is refused" });
    expect(stranger.snapshots).toEqual([]);
    expect(holds(await firstOf(listen(port, "status", { headers: { cookie } })))).toEqual([KEY, HOST]);
  });

  it("shows a viewer what viewers may see, over HTTP and live", async () => {
    const { get, port, people, add, signIn } = await world();
    const viewer = { cookie: await signIn((await add("viewer")).email) };
    expect(holds((await get("/api/status", viewer)).text)).toEqual([HOST]);
    people.masking.set(all);
    expect(holds((await get("/api/status", viewer)).text)).toEqual([]);
    expect(holds(await firstOf(listen(port, "status", { headers: viewer })))).toEqual([]);
  });

  it("is everybody's where an administrator says so, without data and hosts, and nobody's when it is taken back", async () => {
    const { call, get, port, people } = await world();
    people.masking.set(none);
    expect((await call("status.setAccess", { access: "public", password: "" })).status).toBe(200);
    const board = await get("/api/status");
    expect(board.status).toBe(200);
    expect(holds(board.text)).toEqual([]);
    expect(JSON.parse(board.text).groups[0].tasks[0].shards[1].name).toMatch(/^host-[0-9a-f]{6}:7001$|^b$/);
    const badge = await get("/api/status/badge.svg");
    expect(badge.headers.get("content-type")).toContain("image/svg+xml");
    expect(badge.text).toContain("0 of 2 synchronizing");
    expect((await get("/status")).text).toBe("page");
    // Nothing but the status.
    expect((await get("/api/trpc/task.list")).status).toBe(401);
    expect((await get("/api/trpc/share.list")).status).toBe(401);
    const stranger = listen(port, "status");
    expect(holds(await firstOf(stranger))).toEqual([]);
    await call("status.setAccess", { access: "signed-in", password: "" });
    await until(() => stranger.closed() === 4401, { what: "the stranger's socket is closed" });
    expect((await get("/api/status")).status).toBe(401);
  });

  it("asks for its password, which is kept as a hash, and ends for all when another one is chosen", async () => {
    const { call, get, url, port, database } = await world();
    const secret = "wall horse battery";
    const unlock = async (given: string) => {
      const answer = await fetch(`${url}/api/auth/status`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ password: given }),
      });
      return { status: answer.status, cookie: answer.headers.get("set-cookie") ?? "" };
    };
    expect((await unlock(secret)).status).toBe(401);
    expect((await call("status.setAccess", { access: "password", password: "" })).text).toContain("password");
    expect((await call("status.setAccess", { access: "password", password: "short" })).status).toBe(400);
    expect((await call("status.setAccess", { access: "password", password: secret })).status).toBe(200);
    expect((await get("/api/status")).status).toBe(401);
    expect((await unlock("wall horse battery?")).status).toBe(401);
    const opened = await unlock(secret);
    expect(opened.cookie).toMatch(
      /^tributary-status=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
    );
    const headers = { cookie: `theme=dark; ${opened.cookie.split(";")[0]}` };
    expect((await get("/api/status", headers)).status).toBe(200);
    expect((await get("/api/trpc/task.list", headers)).status).toBe(401);
    const wall = listen(port, "status", { headers });
    expect(holds(await firstOf(wall))).toEqual([]);
    const kept = JSON.stringify(database.$client.prepare("SELECT * FROM settings").all());
    const visits = JSON.stringify(database.$client.prepare("SELECT * FROM status_visits").all());
    const given = opened.cookie.slice("tributary-status=".length).split(";")[0]!;
    expect(kept + visits).not.toContain(secret);
    expect(visits).not.toContain(given);
    expect(visits).toContain(hashOf(given));
    // An empty password keeps the present one, and whoever has given it.
    await call("status.setAccess", { access: "password", password: "" });
    expect((await get("/api/status", headers)).status).toBe(200);
    await call("status.setAccess", { access: "password", password: "another horse battery" });
    await until(() => wall.closed() === 4401, { what: "the wall's socket is closed" });
    expect((await get("/api/status", headers)).status).toBe(401);
    expect((await unlock(secret)).status).toBe(401);
  });

  it("lets nobody guess its password", async () => {
    const { call, url } = await world();
    await call("status.setAccess", { access: "password", password: "wall horse battery" });
    const guess = async () =>
      (
        await fetch(`${url}/api/auth/status`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ password: "wrong" }),
        })
      ).status;
    const answers: number[] = [];
    for (let attempt = 0; attempt < 11; attempt++) answers.push(await guess());
    expect(answers).toEqual([...Array(10).fill(401), 429]);
  });

  it("opens to no browser whose visit has expired", async () => {
    const { people, get, pass } = await world();
    await people.setStatusAccess("password", "wall horse battery");
    const { secret } = await people.unlockStatus("wall horse battery", null);
    const headers = { cookie: `tributary-status=${secret}` };
    expect((await get("/api/status", headers)).status).toBe(200);
    pass(91 * DAY_MS);
    expect((await get("/api/status", headers)).status).toBe(401);
  });

  it("is arranged by operators, for whom by administrators alone, and the audit has both without the password", async () => {
    const { call, get, id, people, add, signIn, cookie } = await world();
    const operator = { cookie: await signIn((await add("operator")).email) };
    const groups = [{ name: "Shop", taskIds: [id] }];
    expect((await call("status.arrange", { groups, others: false }, operator)).status).toBe(200);
    expect((await call("status.setAccess", { access: "public", password: "" }, operator)).status).toBe(403);
    expect((await call("status.setAccess", { access: "password", password }, { cookie })).status).toBe(200);
    const board = JSON.parse((await get("/api/status", operator)).text);
    expect(board.groups).toMatchObject([{ name: "Shop", tasks: [{ id, name: "river" }] }]);
    await call("status.arrange", { groups: [], others: false }, operator);
    expect(JSON.parse((await get("/api/status", operator)).text).groups).toEqual([]);
    const entries = people.audit.page({}, null, 20);
    expect(entries.find(({ action }) => action === "status.setAccess")).toBeDefined();
    const set = entries.find(({ action, outcome }) => action === "status.setAccess" && outcome === "done");
    expect(set).toMatchObject({
      actorName: "Ann",
      input: { access: "password" },
      before: { access: "signed-in" },
      after: { access: "password", groups },
    });
    expect(JSON.stringify(entries)).not.toContain(password);
  });
});

describe("a share link", () => {
  const live = (port: number, secret: string) => listen(port, "share", { query: `?share=${secret}` });

  it("shows one task without data and hosts, to whoever holds it: page, JSON, badge and live", async () => {
    const { share, get, port, id, cookie } = await world();
    const { secret } = await share();
    const json = await get(`/api/share/${secret}`);
    expect(json.status).toBe(200);
    expect(JSON.parse(json.text).task).toMatchObject({ id, name: "river", status: "retrying" });
    const badge = await get(`/api/share/${secret}/badge.svg`);
    expect(badge.text).toContain(">river</text>");
    const snapshot = await firstOf(live(port, secret));
    for (const text of [json.text, badge.text, snapshot]) expect(holds(text)).toEqual([]);
    expect((await get(`/share/${secret}`)).text).toBe("page");
    // Its maker sees what its holder does.
    expect(holds((await get(`/api/share/${secret}`, { cookie })).text)).toEqual([]);
  });

  it("shows what its maker allows, each apart", async () => {
    const { share, get, port } = await world();
    const shown = async (hidden: object) => {
      const { secret } = await share({ hidden });
      const json = (await get(`/api/share/${secret}`)).text;
      const snapshot = await firstOf(live(port, secret));
      expect(holds(snapshot)).toEqual(holds(json));
      return holds(json);
    };
    expect(await shown({ ...all, hosts: false })).toEqual([HOST]);
    expect(await shown({ ...all, values: false })).toEqual([]);
    expect(await shown(none)).toEqual(planted);
  });

  it("opens nothing else", async () => {
    const { share, get, port } = await world();
    const { secret } = await share();
    for (const path of ["/api/trpc/task.list", "/api/status", "/api/audit", "/tasks"])
      expect((await get(`${path}?share=${secret}`)).text, path).not.toContain("river");
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live?share=${secret}`);
    onTestFinished(() => socket.terminate());
    const codes = new Map<number, string>();
    socket.on("message", (data) => {
      const { id, error } = JSON.parse(String(data));
      codes.set(id, error?.data.reason?.code ?? "answered");
    });
    await new Promise((resolve) => socket.once("open", resolve));
    for (const [id, path] of ["task.liveList", "system.live", "status.live"].entries())
      socket.send(JSON.stringify({ id, method: "subscription", params: { path } }));
    await until(() => codes.size === 3, { what: "all are refused" });
    expect([...codes.values()]).toEqual(["LOGIN_REQUIRED", "LOGIN_REQUIRED", "LOGIN_REQUIRED"]);
  });

  it("ends when it expires, when it is revoked, with its task and with its maker, and rests while that is no operator", async () => {
    const { share, get, call, port, people, pass, add, signIn, id, control } = await world();
    const status = async ({ secret }: { secret: string }) => (await get(`/api/share/${secret}`)).status;
    const [short, revoked, kept] = [await share({ expiresInHours: 1 }), await share(), await share()];
    const opal = await add("operator", "Opal");
    const theirs = (
      await call(
        "share.create",
        { taskId: id, name: "Zoe", expiresInHours: 72, hidden: all },
        { cookie: await signIn(opal.email) },
      )
    ).data;
    const sockets = [live(port, short.secret), live(port, revoked.secret)];
    for (const socket of sockets) await firstOf(socket);
    expect(await status(short)).toBe(200);
    pass(2 * 3_600_000);
    expect(await status(short)).toBe(404);
    expect((await call("share.revoke", { id: revoked.id })).status).toBe(200);
    expect(await status(revoked)).toBe(404);
    for (const socket of sockets)
      await until(() => socket.closed() === 4401, { what: "a socket of a link that has ended is closed" });
    people.persons.setRole(opal.id, "viewer");
    expect(await status(theirs)).toBe(404);
    people.persons.setRole(opal.id, "operator");
    expect(await status(theirs)).toBe(200);
    people.persons.delete(opal.id);
    expect(await status(theirs)).toBe(404);
    expect(await status(kept)).toBe(200);
    control.control.pause(id);
    await call("task.delete", { id, reason: "over" });
    await until(async () => (await status(kept)) === 404, { what: "the link of a deleted task has ended" });
  });

  it("is listed with its last use, and its secret is kept as a hash alone", async () => {
    const { share, get, people, id, database, cookie, add, signIn } = await world();
    const { secret, id: link } = await share();
    expect(people.links.get(link).lastUsedAt).toBeNull();
    await get(`/api/share/${secret}`);
    const input = encodeURIComponent(JSON.stringify({ taskId: id }));
    const list = await get(`/api/trpc/share.list?input=${input}`, { cookie });
    expect(JSON.parse(list.text).result.data).toMatchObject([
      {
        id: link,
        name: "Zoe",
        madeBy: "Ann",
        hidden: all,
        lastUsedAt: expect.any(Number),
        lastUsedFrom: "127.0.0.1",
      },
    ]);
    const kept = JSON.stringify(database.$client.prepare("SELECT * FROM share_links").all());
    expect(kept).toContain(hashOf(secret));
    for (const text of [kept, list.text, JSON.stringify(people.audit.page({}, null, 50))])
      expect(text).not.toContain(secret);
    const viewer = { cookie: await signIn((await add("viewer")).email) };
    expect((await get(`/api/trpc/share.list?input=${input}`, viewer)).status).toBe(403);
  });

  it("is made and revoked with an entry in the audit, and by no API token", async () => {
    const { share, call, people, ann, id } = await world();
    const { id: link } = await share();
    await call("share.revoke", { id: link });
    const [revoke, create] = people.audit.page({ text: "share." }, null, 2);
    expect(create).toMatchObject({
      action: "share.create",
      outcome: "done",
      actorName: "Ann",
      taskId: id,
      subject: "river",
      input: { taskId: id, name: "Zoe", hidden: all, expiresInHours: 72 },
    });
    expect(revoke).toMatchObject({
      action: "share.revoke",
      outcome: "done",
      taskId: id,
      subject: "link for Zoe",
      before: { name: "Zoe", hidden: all },
    });
    const expiresAt = Date.now() + DAY_MS;
    const token = people.tokens.create({ name: "ci", role: "admin", ownerId: ann.id, expiresAt });
    const input = { taskId: id, name: "x", expiresInHours: 1, hidden: all };
    const refused = await call("share.create", input, { authorization: `Bearer ${token.secret}` });
    expect([refused.status, refused.text.includes("SESSION_REQUIRED")]).toEqual([403, true]);
  });

  it("is found by no search engine, told to no other site, and stands in no log", async () => {
    const { share, get, port, errors } = await world();
    const { secret } = await share();
    for (const path of [`/share/${secret}`, `/api/share/${secret}`]) {
      const { headers } = await get(path);
      expect(headers.get("x-robots-tag"), path).toBe("noindex, nofollow");
      expect(headers.get("referrer-policy"), path).toBe("same-origin");
    }
    expect((await get(`/api/share/${secret}/badge.png`)).text).not.toContain(secret);
    for (const wrong of [`${secret}x`, "x", "%00", "a".repeat(500)]) {
      expect((await get(`/api/share/${wrong}`)).status).toBe(404);
      const refused = listen(port, "share", { query: `?share=${encodeURIComponent(wrong)}` });
      await until(() => refused.closed() !== null, { what: "the socket is refused" });
    }
    expect(errors).toEqual([]);
  });
});
