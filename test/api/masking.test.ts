import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import { procedures } from "../../server/api/access.ts";
import { answers } from "../../server/api/masking/masked-answers.ts";
import type { AppRouter } from "../../server/api/router.ts";
import { RepairStore } from "../../server/control/verification/repair-store.ts";
import { VerificationStore } from "../../server/control/verification/verification-store.ts";
import { reasonOf } from "../../server/errors/tributary-error.ts";
import type { Masking } from "../../server/people/masking.ts";
import type { Role } from "../../server/people/role.ts";
import { openTestControl, type TestControl, twoShards } from "../control/harness/open-test-control.ts";
import { finding, finishedRun } from "../control/verification/verification-for-test.ts";
import { openTestPeople } from "../people/open-test-people.ts";
import { until } from "../servers/index.ts";
import { startApi } from "./start-api.ts";

const VALUE = "planted-value";
const MEMBER = "planted-value-member";
const KEY = "planted-key";
const HOST = "10.11.12.13";
const NAMED = "shard2.planted.internal";
const everything: Masking = { values: true, keys: true, hosts: true };

type World = Awaited<ReturnType<typeof world>>;

/** A task whose shards, findings, samples, repairs and cutover hold what was planted, and how each role sees it. */
async function world() {
  const control = openTestControl();
  const { people, add, signIn } = openTestPeople(control);
  const api = await startApi({ control, people });
  const input = {
    ...twoShards,
    source: {
      kind: "shards" as const,
      shards: [
        { name: `${HOST}:7001`, address: `${HOST}:7001` },
        { name: "b", address: `${NAMED}:7002` },
      ],
    },
    destination: { address: `redis://writer:destination-password@${HOST}:7003` },
  };
  const { id } = await control.control.create(input, { start: true, skipChecks: false });
  const ids = control.control.task(id).shards.map((shard) => shard.id);
  await until(() => control.runner.specs.size === 2, { what: "the shard syncs were begun" });
  plant(control);
  const cookies = new Map<Role, string>();
  for (const role of ["viewer", "operator"] as const)
    cookies.set(role, await signIn((await add(role)).email));
  const { run, failed, repair } = plantRuns(control, id);
  control.control.beginCutover(id, { by: "Ann", from: null });
  const headers = (role: Role) => ({ cookie: cookies.get(role)! });
  const get = async (role: Role, path: string) => {
    const answer = await fetch(`${api.url}${path}`, { headers: headers(role) });
    return { status: answer.status, text: await answer.text() };
  };
  const query = (role: Role, path: string, input?: object) =>
    get(role, `/api/trpc/${path}${input ? `?input=${encodeURIComponent(JSON.stringify(input))}` : ""}`);
  return { ...api, people, id, ids, run, failed, repair, get, query, headers };
}

/** What a shard sync may report of keys, values and servers. */
function plant({ runner }: TestControl): void {
  const now = Date.now();
  const cause = (code: string, message: string) => ({ code, message, count: 1, firstAt: now, lastAt: now });
  const refused = { command: "SET", db: 0, count: 1, firstAt: now, lastAt: now, reasonCode: "ERR" };
  const quoted = `ERR unknown command 'SET', with args beginning with: '${KEY}' '${VALUE}'`;
  const differs = {
    since: now,
    causes: [
      cause("ERR", `SET was not applied: the destination refused it: ${quoted}`),
      cause(
        "KEYS_KEPT",
        `The shard has lost 1 key of the 2 that the shard had brought, for example ${KEY}: they are kept on the destination.`,
      ),
      cause("LEFT_OUT", `a key is not on the destination: ${quoted}`),
    ],
  };
  runner.reportAll("synchronizing", {
    source: {
      address: `${HOST}:7001`,
      ...{ version: "7.0.15", flavor: "redis", role: "master", runId: "r", replid: "a".repeat(40) },
      ...{
        masterReplOffset: "100",
        backlogSize: 1,
        backlogFirstOffset: "1",
        connectedReplicas: 1,
        usedMemory: 1,
      },
    },
    reason: reasonOf("RDB_CORRUPT", { role: "shard b", offset: 9, detail: `in the value of key ${KEY}` }),
    differs,
    merge: {
      ...{ policy: "last-write", strays: 1, lone: 0, ambiguous: 0, collisions: 0, kept: 0 },
      samples: [{ kind: "stray", key: KEY, db: 0, shard: "b" }],
    },
    held: {
      ...{ code: "SHARD_SHRANK", since: now, wouldRemove: 1, of: 2, waitsFor: "a decision" },
      sample: [KEY],
    },
    refused: [
      { ...refused, kind: "rejected", reason: quoted, samples: [`SET ${KEY} ${VALUE}`] },
      {
        ...refused,
        kind: "skipped",
        command: "FLUSHALL",
        reasonCode: "FLUSHALL",
        reason: "of one shard",
        samples: [`FLUSHALL ${VALUE}`],
      },
      { ...refused, kind: "rejected", command: "RESTORE", reason: quoted, samples: [KEY], initialSync: true },
    ],
    scripts: [
      {
        ...{ sha: "s".repeat(40), name: `return '${VALUE}'`, ran: 1, failed: 0, lastAnswer: VALUE },
        ...{ answers: [{ text: VALUE, failed: false, count: 1 }], lastFailed: false, lastAt: now },
      },
    ],
    events: [
      { at: now, level: "alert", type: "key-left-out", message: `Key ${KEY} in database 0: ${VALUE}` },
      {
        at: now,
        level: "alert",
        type: "stale-keys-kept",
        message: `The destination holds 1 key, for example ${KEY}.`,
      },
      { at: now, level: "warning", type: "source-link-lost", message: `${HOST}:7001 sent ${VALUE}` },
      {
        at: now,
        level: "info",
        type: "source-moved",
        message: `It is read from ${HOST}:7009, not 192.168.7.7:7001.`,
      },
      { at: now, level: "info", type: "of-tomorrow", message: `${KEY} is ${VALUE}` },
    ],
  });
}

/** A run that found something of each part of a value, one that failed, and a repair. */
function plantRuns({ database }: TestControl, taskId: string) {
  const store = new VerificationStore(database);
  const shown = (text: string) => Buffer.from(text);
  const side = {
    ...{ type: "set", bytes: 64, expireAt: -1, digest: "digest-of-planted" },
    beginning: [{ part: "member" as const, name: shown(MEMBER), value: shown(VALUE) }],
  };
  const scope = { sample: 100, prefix: shown(KEY).toString("base64"), shardId: null };
  const named = [{ kind: "value" as const, shard: 0, db: 0, sourceDb: 0, key: shown(KEY) }];
  const found = finding(KEY, {
    source: side,
    destination: side,
    elements: [
      { part: "member", name: shown(MEMBER), source: shown(VALUE), destination: null },
      { part: "position", name: shown("600"), source: shown(VALUE), destination: shown(VALUE) },
    ],
  });
  const without = { outcome: "failed" as const, verdict: null, sentence: `It sent ${VALUE}` };
  const failed = store.add(
    taskId,
    finishedRun([], {
      ...without,
      reason: reasonOf("ANSWER_REFUSED", { role: "r", address: `${HOST}:1`, detail: VALUE }),
    }),
  );
  const run = store.add(taskId, finishedRun([found], { scope }), named);
  const repairs = new RepairStore(database);
  const row = { verificationId: run, by: "Ann", from: HOST, startedAt: 1, finishedAt: 2, reason: null };
  const { id: repair } = repairs.add(taskId, { ...row, state: "done", sentence: `ERR ${VALUE}` }, named);
  repairs.came(repair, [{ place: 0, outcome: "copied", before: side, after: side }], 3);
  return { run, failed, repair };
}

/** Every answer that a viewer may ask for and that tells of a task, as it goes over the line. */
async function everyAnswer(world: World, role: Role): Promise<Map<string, string>> {
  const { id, run, failed, repair, query, get, port, headers } = world;
  const said = new Map<string, string>();
  const { shards } = JSON.parse((await query(role, "task.get", { id })).text).result.data;
  const shard = { taskId: id, shardId: shards[0].id as string };
  const inputs: Record<string, object | undefined> = {
    "task.list": undefined,
    "task.get": { id },
    "task.events": { id },
    "shard.get": shard,
    "shard.series": { ...shard, range: "1h" },
    "cutover.get": { id },
    "cutover.file": { id },
    "cutover.report": { id },
    "verify.view": { id },
    "verify.history": { id },
    "verify.run": { id, run },
    "verify.run of one that failed": { id, run: failed },
    "verify.findings": { id, run },
    "verify.finding": { id, run, number: 1 },
    "verify.repairs": { id },
    "verify.repairedKeys": { id, repair },
    "verify.schedule": { id },
  };
  for (const [path, input] of Object.entries(inputs)) {
    const { status, text } = await query(role, path.split(" ")[0]!, input);
    expect(status, `${path}: ${text}`).toBe(200);
    said.set(path, text);
  }
  for (const format of ["csv", "json"]) {
    const { status, text } = await get(role, `/api/verifications/${id}/${run}.${format}`);
    expect(status, text).toBe(200);
    said.set(format, text);
  }
  const socket = createWSClient({
    url: `ws://127.0.0.1:${port}/api/live`,
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url, { headers: headers(role) });
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  onTestFinished(() => void socket.close());
  const live = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] });
  const heard = (path: string) => ({ onData: (data: unknown) => void said.set(path, JSON.stringify(data)) });
  const before = said.size;
  live.task.live.subscribe({ id }, heard("task.live"));
  live.task.liveList.subscribe(undefined, heard("task.liveList"));
  live.shard.live.subscribe(shard, heard("shard.live"));
  live.cutover.live.subscribe({ id }, heard("cutover.live"));
  live.verify.live.subscribe({ id }, heard("verify.live"));
  live.verify.liveRepairs.subscribe({ id }, heard("verify.liveRepairs"));
  await until(() => said.size === before + 6, { what: "every subscription gave a snapshot" });
  return said;
}

function holding(said: Map<string, string>, planted: string): string[] {
  const forms = [planted, Buffer.from(planted).toString("base64")];
  return [...said].filter(([, text]) => forms.some((form) => text.includes(form))).map(([path]) => path);
}

const planted = [VALUE, MEMBER, "digest-of-planted", KEY, HOST, NAMED, "192.168.7.7"];

describe("what viewers do not see", () => {
  it("stands in no answer to them, and in those to operators", async () => {
    const given = await world();
    given.people.masking.set(everything);
    const seen = await everyAnswer(given, "viewer");
    for (const one of planted) expect(holding(seen, one), `${one} for a viewer`).toEqual([]);
    const operators = await everyAnswer(given, "operator");
    expect(holding(operators, VALUE)).toEqual(
      expect.arrayContaining([
        "shard.get",
        "shard.live",
        "task.events",
        "verify.findings",
        "verify.finding",
        "csv",
        "json",
        "cutover.report",
        "verify.run of one that failed",
        "verify.liveRepairs",
      ]),
    );
    expect(holding(operators, KEY)).toEqual(
      expect.arrayContaining([
        "shard.get",
        "task.get",
        "task.live",
        "verify.view",
        "verify.live",
        "verify.history",
        "verify.run",
        "verify.findings",
        "verify.repairedKeys",
        "csv",
        "json",
        "cutover.get",
        "cutover.live",
      ]),
    );
    expect(holding(operators, HOST)).toEqual(
      expect.arrayContaining([
        "task.list",
        "task.liveList",
        "task.get",
        "shard.get",
        "cutover.get",
        "cutover.file",
        "cutover.report",
      ]),
    );
    expect(holding(operators, "digest-of-planted")).toEqual(
      expect.arrayContaining(["json", "verify.repairedKeys"]),
    );
  });

  it("are values alone unless an administrator says otherwise", async () => {
    const given = await world();
    const seen = await everyAnswer(given, "viewer");
    for (const one of [VALUE, MEMBER, "digest-of-planted"]) expect(holding(seen, one), one).toEqual([]);
    expect(holding(seen, KEY)).toEqual(
      expect.arrayContaining(["verify.findings", "csv", "verify.repairedKeys", "shard.get"]),
    );
    expect(holding(seen, HOST)).toEqual(expect.arrayContaining(["task.list", "shard.get"]));
  });

  it("changes for a subscription that is open", async () => {
    const given = await world();
    const said = await everyAnswer(given, "viewer");
    expect(holding(said, KEY)).toContain("shard.live");
    given.people.masking.set(everything);
    await until(() => !holding(said, KEY).includes("shard.live"), {
      what: "the next snapshot is without it",
    });
  });

  it("cannot be found by a search for a part of it, nor by a preview of a repair", async () => {
    const given = await world();
    given.people.masking.set({ ...everything, values: false });
    const { id, run } = given;
    const asked = { id, run, text: "planted" };
    expect((await given.query("viewer", "verify.findings", asked)).text).toContain("KEYS_HIDDEN");
    const file = await given.get("viewer", `/api/verifications/${id}/${run}.csv?text=planted`);
    expect([file.status, file.text.includes("KEYS_HIDDEN")]).toEqual([403, true]);
    expect((await given.query("operator", "verify.findings", asked)).status).toBe(200);
    const keys = [{ db: 0, key: Buffer.from(KEY).toString("base64") }];
    expect((await given.query("viewer", "verify.repairPreview", { id, run, keys })).status).toBe(403);
  });

  it("leaves the way to a shard whose id names its host, by the id that is shown alone", async () => {
    const given = await world();
    given.people.masking.set(everything);
    const { id, ids } = given;
    const task = JSON.parse((await given.query("viewer", "task.get", { id })).text).result.data;
    const shown = task.shards[0];
    expect(ids[0]).toContain(HOST);
    expect(shown.address).toMatch(/^host-[0-9a-f]{6}:7001$/);
    expect(shown.id).toMatch(/^host-[0-9a-f]{6}-7001$/);
    const shard = JSON.parse(
      (await given.query("viewer", "shard.get", { taskId: id, shardId: shown.id })).text,
    );
    expect(shard.result.data.shard.id).toBe(shown.id);
    expect((await given.query("viewer", "shard.get", { taskId: id, shardId: ids[0] })).status).toBe(404);
  });

  it("is changed by an administrator alone, over a restart, and stands in the audit", async () => {
    const control = openTestControl();
    const { people, add, signIn } = openTestPeople(control);
    const api = await startApi({ control, people });
    const set = async (role: Role) =>
      fetch(`${api.url}/api/trpc/people.setMasking`, {
        method: "POST",
        headers: { cookie: await signIn((await add(role)).email), "content-type": "application/json" },
        body: JSON.stringify(everything),
      });
    expect((await set("operator")).status).toBe(403);
    expect((await set("admin")).status).toBe(200);
    expect(openTestPeople(control).people.masking.get()).toEqual(everything);
    const [entry] = people.audit.page({ action: "people.setMasking" }, null, 1);
    expect(entry).toMatchObject({
      outcome: "done",
      input: everything,
      before: { values: true, keys: false, hosts: false },
      after: everything,
    });
  });

  it("is said of every procedure that viewers or guests may call", () => {
    const open = Object.entries(procedures).filter(
      ([, { needs }]) => needs !== "operator" && needs !== "admin",
    );
    expect(Object.keys(answers).sort()).toEqual(open.map(([path]) => path).sort());
  });
});
