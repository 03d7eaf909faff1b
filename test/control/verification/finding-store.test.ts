import { expect, test } from "vitest";
import type { FindingsQuery } from "../../../server/control/verification/finding-views.ts";
import { VerificationStore } from "../../../server/control/verification/verification-store.ts";
import type { Difference } from "../../../server/verify/difference.ts";
import { openTestControl, twoShards } from "../harness/open-test-control.ts";
import { finding, finishedRun } from "./verification-for-test.ts";

const all: FindingsQuery = { differs: null, kind: null, shardId: null, db: null, text: null, page: 1 };

async function world(found: readonly Difference[]) {
  const open = openTestControl();
  const { id } = await open.control.create(twoShards, { start: false, skipChecks: true });
  const store = new VerificationStore(open.database);
  const run = store.add(id, finishedRun(found));
  const ask = (query: Partial<FindingsQuery>) => open.control.findings(id, run, { ...all, ...query });
  const keys = (query: Partial<FindingsQuery>) => ask(query).findings.map(({ key }) => key.text);
  return { ...open, id, run, store, ask, keys };
}

test("gives what a run found in pages, in the order in which it was found", async () => {
  const { ask, keys } = await world(Array.from({ length: 120 }, (_, number) => finding(`k:${number}`)));
  expect(ask({})).toMatchObject({ total: 120, page: 1, pages: 3, perPage: 50 });
  expect(keys({ page: 3 })).toEqual(Array.from({ length: 20 }, (_, number) => `k:${100 + number}`));
  // Past the end it is the last one.
  expect(ask({ page: 99 })).toMatchObject({ page: 3, findings: expect.objectContaining({ length: 20 }) });
});

test("narrows what a run found by kind, shard, database and any bytes of the key", async () => {
  const { keys } = await world([
    finding("user:1"),
    finding("user:2", { kind: "missing", destination: null, shard: 1 }),
    finding(Buffer.from([0xff, 0x00, 0x25]), { kind: "extra", source: null, shard: null, db: 3 }),
    finding("USER:3", { kind: "stale" }),
  ]);
  expect(keys({ differs: true })).toEqual(["user:1", "user:2", "\\xff\\x00%"]);
  expect(keys({ differs: false })).toEqual(["USER:3"]);
  expect(keys({ kind: "missing" })).toEqual(["user:2"]);
  expect(keys({ shardId: "b" })).toEqual(["user:2"]);
  expect(keys({ shardId: "none" })).toEqual(["\\xff\\x00%"]);
  expect(keys({ shardId: "gone" })).toEqual([]);
  expect(keys({ db: 3 })).toEqual(["\\xff\\x00%"]);
  expect(keys({ text: "user:" })).toEqual(["user:1", "user:2"]);
  // No character stands for any other.
  expect(keys({ text: "%" })).toEqual(["\\xff\\x00%"]);
  expect(keys({ text: "_" })).toEqual([]);
  expect(keys({ text: "\\xff\\x00" })).toEqual(["\\xff\\x00%"]);
});

test("shows the beginning of a long name, and the whole of it where the finding stands alone", async () => {
  const { control, id, run, ask } = await world([finding("x".repeat(10_000))]);
  expect(ask({}).findings[0]!.key).toEqual({
    text: `${"x".repeat(200)}…`,
    bytes: 10_000,
    whole: false,
    base64: null,
  });
  expect(control.finding(id, run, 1).key).toMatchObject({ text: "x".repeat(10_000), whole: true });
  expect(() => control.finding(id, run, 2)).toThrow(/no finding 2/);
});

test("keeps the last hundred runs, and of older ones their verdict only", async () => {
  const some = Array.from({ length: 100 }, (_, number) => finding(`k:${number}`));
  const { control, database, id, run } = await world(some);
  const store = new VerificationStore(database, 250);
  const [second, third] = [store.add(id, finishedRun(some)), store.add(id, finishedRun(some))];
  expect(control.verification(id, run)).toMatchObject({
    ...{ kept: { differences: 0, apart: 0 }, differences: 100, newer: third },
  });
  expect(control.verification(id, second).kept.differences).toBe(100);
  for (let more = 0; more < 98; more++) store.add(id, finishedRun([]));
  expect(control.verificationHistory(id)).toHaveLength(100);
  expect(() => control.verification(id, run)).toThrow(/no verification/);
  expect(control.verification(id, second).kept.differences).toBe(100);
});

test("keeps all findings of the newest run, however many", async () => {
  const many = Array.from({ length: 10_000 }, (_, number) => finding(`k:${number}`));
  const { control, database, id, run } = await world(many);
  expect(control.verification(id, run).kept.differences).toBe(10_000);
  const store = new VerificationStore(database, 250);
  const newest = store.add(id, finishedRun(many));
  expect(control.verification(id, newest).kept.differences).toBe(10_000);
  expect(control.verification(id, run).kept.differences).toBe(0);
});
