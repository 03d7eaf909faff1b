import { expect, test, vi } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { KilledControl } from "../harness/killed-control.ts";

/** Processes and threads that load TypeScript take their time on a machine that has much else to do. */
vi.setConfig({ testTimeout: 400_000 });
const patience = { timeoutMs: 180_000 };
const whole = {
  depth: "full",
  sample: 100,
  prefix: null,
  shardId: null,
  keysPerSecond: null,
  bytesPerSecond: null,
} as const;
const KEYS = 3000;

async function synchronizedTask() {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.call("DEBUG", "POPULATE", KEYS, "key", 20);
  const control = new KilledControl();
  const source = { kind: "shards" as const, shards: [{ name: "s", address: shard.url }] };
  const input = { name: "river", source, destination: { address: destination.url } };
  const { id } = await control.call("create", input, { start: true, skipChecks: true });
  await until(async () => (await control.call("row", id)).status === "synchronizing", {
    what: "it synchronizes",
    ...patience,
  });
  const runs = async () => (await control.call("verifications", id)).runs;
  return { shard, destination, control, id, runs };
}

test("a verification that a kill -9 has broken off is run again by itself, with the limits it had last", async () => {
  const { control, id, runs } = await synchronizedTask();
  await control.call("verify", id, { ...whole, keysPerSecond: 10 });
  await control.call("setVerificationPace", id, { keysPerSecond: 100_000, bytesPerSecond: null });
  await control.call("pauseVerification", id, true);
  await control.kill();
  control.startAgain();
  const { running } = await control.call("verifications", id);
  expect(running).toMatchObject({ depth: "full", paused: true });
  await control.call("pauseVerification", id, false);
  await until(async () => (await runs()).length > 0, { what: "it has ended", ...patience });
  expect(await runs()).toMatchObject([{ outcome: "equal", compared: KEYS }]);
  expect((await control.call("verifications", id)).running).toBeNull();
});

test("a repair that a kill -9 has broken off goes on by itself, and mends every key", async () => {
  const { shard, destination, control, id, runs } = await synchronizedTask();
  const keys = (await destination.client.keys("key:*")).slice(0, 2000);
  await destination.client.del(...keys.slice(0, 1000));
  for (const key of keys.slice(1000)) await destination.client.append(key, "!");
  await control.call("verify", id, whole);
  await until(async () => (await runs()).length > 0, { what: "it is verified", ...patience });
  const [run] = await runs();
  expect(run).toMatchObject({ differences: 2000 });
  const all = { keys: null, kind: null, shard: null };
  await control.call("repair", id, run!.id, all, false, { by: "Ann", from: null });
  const repair = async () => (await control.call("repairs", id)).rows[0]!;
  const { id: repairId } = await repair();
  await until(async () => (await control.call("repairedKeys", id, repairId, 0))[0]?.outcome !== null, {
    what: "the first keys are noted",
    ...patience,
  });
  await control.kill();
  // Meanwhile the shard goes on: what it writes must not be undone.
  await shard.client.set(keys[0]!, "newer");
  control.startAgain();
  await until(async () => (await repair()).state === "done", { what: "it has gone on", ...patience });
  expect((await repair()).sentence).toMatch(/^2,000 of 2,000 keys right/);
  expect(await destination.client.get(keys[0]!)).toBe("newer");
  for (const key of keys) expect(await destination.client.get(key)).toBe(await shard.client.get(key));
  const first = (await control.call("repairedKeys", id, repairId, 0))[0]!;
  expect(first.before === null).toBe(first.kind === "missing");
});
