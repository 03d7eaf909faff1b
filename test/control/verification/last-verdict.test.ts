import { expect, test } from "vitest";
import { VerificationStore } from "../../../server/control/verification/verification-store.ts";
import { until } from "../../servers/index.ts";
import { openTestControl, twoShards } from "../harness/open-test-control.ts";
import { finding, finishedRun } from "./verification-for-test.ts";

const HOUR = 3_600_000;

async function verified() {
  const clock = { now: 1_800_000_000_000 };
  const open = openTestControl({ now: () => clock.now });
  const { control, runner, database } = open;
  const { id } = await control.create(twoShards, { start: true, skipChecks: true });
  await until(() => runner.specs.size === 2, { what: "both shard syncs have been started" });
  runner.reportAll("synchronizing", { initialSyncs: 1 });
  const [a, b] = control.task(id).shards.map((shard) => shard.id);
  new VerificationStore(database).add(
    id,
    finishedRun([finding("k")], {
      ...{ startedAt: clock.now - 5000, finishedAt: clock.now },
      basis: { mergePolicy: control.task(id).merging.policy, initialSyncs: { [a!]: 1, [b!]: 1 } },
    }),
  );
  return { ...open, id, clock };
}

test("says of a task what its last verification came to, in the list and with the task", async () => {
  const { control, id } = await verified();
  const verdict = { outcome: "different", differences: 1, part: null, stale: null };
  expect(control.task(id).verdict).toMatchObject(verdict);
  expect(control.list()[0]!.verdict).toMatchObject(verdict);
});

test("calls a verdict stale when it is older than a day", async () => {
  const { control, id, clock } = await verified();
  clock.now += 24 * HOUR;
  expect(control.task(id).verdict!.stale).toBeNull();
  clock.now += 2 * HOUR;
  expect(control.task(id).verdict!.stale).toBe("it is older than a day");
});

test("calls a verdict stale when a shard was copied again after it", async () => {
  const { control, runner, id } = await verified();
  const spec = [...runner.specs.values()][1]!;
  runner.report(spec, "initial-sync", { initialSyncs: 2 });
  expect(control.task(id).verdict!.stale).toBe("b was copied again after it");
});

test("keeps the last verdict in front of runs that came to none", async () => {
  const { control, database, id } = await verified();
  const canceled = { outcome: "canceled" as const, sentence: "It was canceled.", verdict: null };
  new VerificationStore(database).add(id, finishedRun([], canceled));
  expect(control.task(id).verdict).toMatchObject({ outcome: "different" });
});
