import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { procedures } from "../../server/api/access.ts";
import { appRouter } from "../../server/api/router.ts";
import { openTestControl, twoShards } from "../control/harness/open-test-control.ts";
import { openTestPeople, password } from "../people/open-test-people.ts";
import { startApi } from "./start-api.ts";

const mutations = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
).flatMap(([path, { _def }]) => (_def.type === "mutation" ? path : []));

async function start() {
  const control = openTestControl();
  const test = openTestPeople(control);
  const api = await startApi({ control, people: test.people });
  const answers: string[] = [];
  const call = async (path: string, input: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${api.url}/api/trpc/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(input),
    });
    const text = await answer.text();
    answers.push(text);
    return { status: answer.status, data: JSON.parse(text).result?.data };
  };
  return { ...test, api, control, call, answers };
}

describe("the audit", () => {
  it("has an entry of every mutation, done or refused, but of those that change nothing", async () => {
    const { add, signIn, call, people } = await start();
    const admin = { cookie: await signIn((await add("admin", "ann")).email) };
    const viewer = { cookie: await signIn((await add("viewer", "vic")).email) };
    for (const path of mutations) {
      for (const headers of [admin, viewer]) {
        const before = people.audit.page({}, null, 1)[0]?.id ?? 0;
        await call(path, { id: "none", by: "Mallory" }, headers);
        const entries = people.audit.page({}, null, 10).filter(({ id }) => id > before);
        if (procedures[path]?.reads) {
          expect(entries, path).toEqual([]);
          continue;
        }
        expect(entries, path).toMatchObject([
          { action: path, actorName: headers === admin ? "ann" : "vic", from: "127.0.0.1" },
        ]);
        expect(entries[0]!.outcome, path).not.toBe("begun");
      }
    }
  });

  it("leaves out no mutation but a few that only read", () => {
    const reading = mutations.filter((path) => procedures[path]?.reads);
    expect(reading.sort()).toEqual(["account.invitation", "source.parseNutcracker"]);
  });

  it("says who, on what, why, and how it was before and after", async () => {
    const { add, signIn, call, people, control } = await start();
    const cookie = await signIn((await add("admin", "ann")).email);
    const { id } = await control.control.create(twoShards, { start: false, skipChecks: false });
    await call("task.rename", { id, name: "delta" }, { cookie });
    expect(people.audit.page({}, null, 1)).toMatchObject([
      {
        actorKind: "person",
        actorName: "ann",
        action: "task.rename",
        taskId: id,
        subject: "river",
        outcome: "done",
        input: { name: "delta" },
        before: { name: "river" },
        after: { name: "delta" },
      },
    ]);
    await call("task.delete", { id, reason: " the move is over " }, { cookie });
    expect(people.audit.page({ text: "move is over" }, null, 5)).toMatchObject(
      [
        {
          action: "task.delete",
          subject: "river",
          reason: "the move is over",
          before: { name: "delta" },
          after: null,
        },
      ].map((entry) => ({ ...entry, subject: "delta" })),
    );
    const { id: person } = (
      await call("people.invite", { name: "Bob", email: "bob@x.example", role: "viewer" }, { cookie })
    ).data;
    await call("people.setRole", { id: person, role: "admin" }, { cookie });
    expect(people.audit.page({ action: "people.setRole" }, null, 5)).toMatchObject([
      { subject: "Bob", before: { role: "viewer" }, after: { role: "admin" } },
    ]);
  });

  it("keeps the name that a login gives, also in the events of a task", async () => {
    const { add, signIn, call, control } = await start();
    const cookie = await signIn((await add("operator", "olga")).email);
    const { id } = await control.control.create(twoShards, { start: false, skipChecks: false });
    await call("task.change", { id, change: { onFlush: "own-keys" }, by: "Mallory" }, { cookie });
    await call(
      "task.change",
      { id, change: { shrink: { onShrink: "keep", maxKeys: 1, maxShare: 0.5 } }, by: "Mallory" },
      { cookie },
    );
    const events = JSON.stringify(control.control.events(id, null, 50));
    expect(events).toContain("olga");
    expect(events).not.toContain("Mallory");
  });

  it("is filtered and exported as CSV and JSON, where nothing is a formula", async () => {
    const { add, signIn, call, api } = await start();
    const cookie = await signIn((await add("admin", "=cmd")).email);
    await call("people.invite", { name: 'O"Neil, Jr', email: "jr@x.example", role: "viewer" }, { cookie });
    const get = async (query: string) => {
      const answer = await fetch(`${api.url}/api/audit?${query}`, { headers: { cookie } });
      return { type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const csv = await get("format=csv&action=people.invite");
    expect(csv.type).toContain("text/csv");
    const [head, line, ...rest] = csv.text.trimEnd().split("\r\n");
    expect(head).toContain("actorName");
    expect(rest).toEqual([]);
    expect(line).toContain("'=cmd");
    expect(line).toContain('"O""Neil, Jr"');
    const json = await get("format=json&text=people.invite");
    expect(
      json.text
        .trimEnd()
        .split("\n")
        .map((one) => JSON.parse(one)),
    ).toMatchObject([{ action: "people.invite" }]);
    expect((await fetch(`${api.url}/api/audit?format=xml`, { headers: { cookie } })).status).toBe(400);
  });

  it("does not grow from those who have not signed in", async () => {
    const { call, people } = await start();
    for (const path of mutations) await call(path, { id: "none", secret: "none" });
    expect(people.audit.page({}, null, 10)).toEqual([]);
  });
});

describe("a secret", () => {
  it("appears in no answer but the one that makes it, in no entry, export or file, and in no log", async () => {
    const { add, signIn, call, answers, api, people, failures, control } = await start();
    const { email } = await add("admin", "ann");
    const cookie = await signIn(email);
    const planted = [
      "planted-new-password",
      "planted-wrong-password",
      "planted-destination",
      "planted-shard",
      "planted-url",
    ];
    await call(
      "account.changePassword",
      { current: "planted-wrong-password", next: "planted-new-password" },
      { cookie },
    );
    await call("account.changePassword", { current: password, next: "planted-new-password" }, { cookie });
    const shards = [
      { name: "a", address: "redis://u:planted-url@127.0.0.1:7001", password: "planted-shard" },
    ];
    await call(
      "task.create",
      {
        name: "t",
        source: { kind: "shards", shards },
        destination: { address: "127.0.0.1:7003", password: "planted-destination" },
      },
      { cookie },
    );
    const invited = (
      await call("people.invite", { name: "Bob", email: "bob@x.example", role: "viewer" }, { cookie })
    ).data;
    const accepted = await call("account.acceptInvitation", {
      secret: invited.invitation.secret,
      password: "planted-new-password",
    });
    expect(accepted.status).toBe(200);
    const token = (await call("token.create", { name: "ci", role: "viewer", expiresInDays: 1 }, { cookie }))
      .data;
    await fetch(`${api.url}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password: "planted-wrong-password" }),
    });
    const read = async (path: string) => (await fetch(api.url + path, { headers: { cookie } })).text();
    const seen = [
      ...(await Promise.all(
        ["people.list", "token.list", "audit.page?input={}", "task.list", "account.me"].map((path) =>
          read(`/api/trpc/${path}`),
        ),
      )),
      await read("/api/audit?format=csv"),
      await read("/api/audit?format=json"),
      JSON.stringify(people.audit.page({}, null, 200)),
      ...failures,
    ].join("\n");
    const once = [invited.invitation.secret as string, token.secret as string];
    const files = readdirSync(control.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    for (const secret of [...planted, ...once, password]) {
      expect(seen.includes(secret), secret).toBe(false);
      for (const file of files) expect(file.includes(secret), secret).toBe(false);
      const told = answers.filter((text) => text.includes(secret)).length;
      expect(told, secret).toBe(once.includes(secret) ? 1 : 0);
    }
  });
});
