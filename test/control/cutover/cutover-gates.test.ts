import { expect, test } from "vitest";
import {
  CUTOVER_BOUNDS,
  type GateFacts,
  gatesOf,
  shutGate,
  type VerificationSeen,
} from "../../../server/control/cutover/cutover-gates.ts";
import type { ShardLook } from "../../../server/control/cutover/shard-watch.ts";
import type { CutoverState } from "../../../server/control/tasks/cutover-state.ts";

const NOW = 10_000_000;

const quiet: ShardLook = {
  id: "a",
  name: "alpha-1",
  status: "synchronizing",
  reason: null,
  lag: { bytes: 0, seconds: 0.2, secondsUnknownBecause: null },
  lagGoodFor: 20_000,
  doubtfulKeys: 0,
  held: false,
  differs: [],
  writes: { perSecond: 0, commands: [], quietFor: 9000 },
  drain: { sourceOffset: "100", appliedOffset: "100", equalFor: 9000 },
};
const clean: VerificationSeen = {
  ...{ id: 1, startedAt: NOW - 1000, finishedAt: NOW - 500, outcome: "equal" },
  ...{ sentence: "10 keys compared, all equal", compared: 10, differences: 0, depth: "keys", whole: true },
  ...{ bytes: 100, scope: { sample: 100, prefix: null, shardId: null }, origin: "user" },
};
const facts: GateFacts = {
  now: NOW,
  bounds: CUTOVER_BOUNDS,
  shards: [quiet],
  verifications: [clean],
  verifying: false,
  repairing: false,
  late: null,
  overrides: [],
};
const at = (step: "gates" | "stop-writes" | "drain"): CutoverState => ({ step, since: 0 });
const verify: CutoverState = {
  ...{ step: "verify", since: 0, depth: "keys", startedAt: NOW - 1000, unrested: [] },
};
const shut = (state: CutoverState, more: Partial<GateFacts>) =>
  gatesOf(state, { ...facts, ...more })
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);
const shard = (more: Partial<ShardLook>) => ({ shards: [quiet, { ...quiet, name: "alpha-2", ...more }] });

test("all gates are open where all is well", () => {
  for (const state of [at("gates"), at("stop-writes"), at("drain"), verify])
    expect(shut(state, {})).toEqual([]);
});

test.each([
  ["synchronizing", shard({ status: "retrying" })],
  [
    "lag",
    shard({ lag: { bytes: 0, seconds: null, secondsUnknownBecause: "no heartbeat" }, lagGoodFor: null }),
  ],
  ["lag", shard({ lagGoodFor: 9_999 })],
  ["doubtful-keys", shard({ doubtfulKeys: 3 })],
  ["doubtful-keys", shard({ doubtfulKeys: null })],
  ["differs", shard({ differs: ["FLUSHALL was not applied"] })],
  ["held", shard({ held: true })],
  ["verified", { verifications: [] }],
  ["verified", { verifications: [{ ...clean, outcome: "different" as const }, clean] }],
  ["verified", { verifications: [{ ...clean, finishedAt: NOW - 3_600_001 }] }],
  ["verified", { verifications: [{ ...clean, depth: "counts" as const }] }],
  ["verified", { verifications: [{ ...clean, whole: false }] }],
])("the gate %s is shut by %j", (gate, more) => {
  expect(shut(at("gates"), more)).toEqual([gate]);
});

test("says what still comes, and to which shard", () => {
  const more = shard({ writes: { perSecond: 40.2, commands: ["SET", "INCR"], quietFor: 0 } });
  const gate = gatesOf(at("stop-writes"), { ...facts, ...more }).find(({ ok }) => !ok)!;
  expect(gate.parts).toEqual([
    { shard: "alpha-1", measured: "quiet for 9 s", ok: true },
    { shard: "alpha-2", measured: "40 writes/s still come (SET, INCR)", ok: false },
  ]);
});

test("wants the destination to have all that was written, and to keep it", () => {
  const drain = { sourceOffset: "200", appliedOffset: "150", equalFor: null };
  expect(shut(at("drain"), shard({ drain }))).toEqual(["drained"]);
  expect(shut(at("drain"), shard({ drain: { ...drain, equalFor: 2999 } }))).toEqual(["drained"]);
});

test("counts only a final verification that was begun at its step, and has ended equal", () => {
  const before = { verifications: [{ ...clean, startedAt: NOW - 1001 }] };
  expect(shut(verify, before)).toEqual(["final-verification"]);
  expect(shut(verify, { verifying: true })).toEqual(["final-verification"]);
  expect(shut(verify, { repairing: true })).toEqual(["repaired"]);
  const unknown = { verifications: [{ ...clean, outcome: "unknown" as const }] };
  expect(shut(verify, unknown)).toEqual(["final-verification"]);
});

test("an override opens its own gate only, and shards that would not rest may be tried again without one", () => {
  const override = { by: "Ann", from: null, gate: "lag", at: 1, reason: "known", measured: "9 s" };
  const more = { ...shard({ lagGoodFor: null, doubtfulKeys: 1 }), overrides: [override] };
  const gates = gatesOf(at("gates"), { ...facts, ...more });
  expect(gates.find(({ name }) => name === "lag")).toMatchObject({
    ok: false,
    override: { reason: "known" },
  });
  expect(shutGate(gates)?.name).toBe("doubtful-keys");
  const unrested = gatesOf({ ...verify, unrested: ["Shard a does not run."] }, facts);
  expect(unrested.find(({ ok }) => !ok)).toMatchObject({ name: "at-rest", advisory: true });
  expect(shutGate(unrested)).toBe(null);
});

test("says at the switch who still writes to a shard, and takes one that nobody listens at for quiet", () => {
  const state: CutoverState = { step: "switch", since: 0, unrested: [] };
  const look = {
    ...{ name: "alpha-1", since: NOW - 60_000, at: NOW, perSecond: 0, commands: [], lastWriteAt: null },
    problem: null,
  };
  const gateOf = (late: GateFacts["late"]) => gatesOf(state, { ...facts, late })[0]!;
  const measured = (change: object) => gateOf([{ ...look, ...change }]).parts[0];
  expect(gateOf(null)).toMatchObject({ name: "late-writes", ok: false });
  expect(measured({})).toEqual({ shard: "alpha-1", measured: "quiet for 60 s", ok: true });
  expect(measured({ perSecond: 40, commands: ["SET"], lastWriteAt: NOW })).toMatchObject({
    ...{ measured: "40 writes/s still come (SET)", ok: false },
  });
  expect(measured({ lastWriteAt: NOW - 3000 })).toMatchObject({
    measured: "quiet for 3 s so far",
    ok: false,
  });
  const gone = { since: null, problem: { message: "It refused.", nobodyListens: true } };
  expect(measured(gone)).toMatchObject({ ok: true });
  expect(measured({ ...gone, problem: { message: "It is silent.", nobodyListens: false } })).toMatchObject({
    ...{ measured: "unknown: It is silent.", ok: false },
  });
  expect(shutGate(gatesOf(state, { ...facts, late: [{ ...look, lastWriteAt: NOW }] }))?.name).toBe(
    "late-writes",
  );
});
