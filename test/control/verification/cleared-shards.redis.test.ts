import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { openControl } from "../../../server/control/control.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { checksOf } from "../harness/open-test-control.ts";

const timeoutMs = 120_000;
const whole = {
  depth: "full",
  sample: 100,
  prefix: null,
  shardId: null,
  keysPerSecond: null,
  bytesPerSecond: null,
} as const;

test("a clean verification of all keys ends what was known to differ, and a narrower one does not", {
  timeout: 4 * timeoutMs,
}, async () => {
  const [shard, destination, directory] = [await startRedis(), await startRedis(), temporaryFolder()];
  const database = openDatabase(directory);
  const control = openControl({
    database,
    box: openSecretBox(directory, undefined),
    runPrechecks: async () => checksOf(),
    runner: (listener) => new WorkerPool({ ...listener, size: 1 }),
    onFailure: (what, error) => console.error(what, error),
  });
  control.begin();
  onTestFinished(async () => {
    await control.close();
    database.close();
  });
  await shard.client.mset("a", "1", "b", "2");
  const source = { kind: "shards" as const, shards: [{ name: "s", address: shard.url }] };
  const { id } = await control.create(
    { name: "river", source, destination: { address: destination.url } },
    { start: true, skipChecks: true },
  );
  const compared = () => destination.client.exists("a", "b");
  await until(async () => (await compared()) === 2, { what: "the keys are there", timeoutMs });
  // Nothing is lost by it: that database is empty.
  await shard.client.multi().select(3).flushdb().exec();
  const differs = () => control.task(id).shards[0]!.report?.differs ?? null;
  await until(() => differs() !== null, { what: "it differs", timeoutMs });
  const verified = async (order: Partial<Parameters<typeof control.verify>[1]>, runs: number) => {
    control.verify(id, { ...whole, ...order });
    const ended = () => control.verifications(id).runs.length === runs;
    await until(ended, { what: `${runs} runs have ended`, timeoutMs });
    expect(control.verifications(id).runs[0]!.outcome).toBe("equal");
  };
  await verified({ depth: "keys" }, 1);
  expect(differs()).not.toBeNull();
  await verified({}, 2);
  await until(() => differs() === null, { what: "nothing differs any more", timeoutMs });
  const ends = control.events(id, null, 100).filter(({ type }) => type === "difference-ended");
  expect(ends).toHaveLength(1);
});
