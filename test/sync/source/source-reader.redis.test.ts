import { expect, test } from "vitest";
import type { Generation } from "../../../server/sync/generation/generation.ts";
import { GenerationSpools } from "../../../server/sync/generation/generation-spools.ts";
import type { SourceLocator } from "../../../server/sync/source/source-locator.ts";
import { SourceReader } from "../../../server/sync/source/source-reader.ts";
import { SYNC_LIMITS } from "../../../server/sync/spec/sync-limits.ts";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

test("an attempt that was under way when a re-sync was asked for does not continue the stream instead", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  const resume = sync.latest!.checkpoint!;
  const generations: Generation[] = [];
  const ending = new AbortController();
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  let asked = 0;
  const locate = async () => {
    asked++;
    await gate;
    return endpointAt(shard);
  };
  const reader = new SourceReader(
    {
      spec: sync.spec,
      locator: { single: true, facts: null, current: endpointAt(shard), locate } as unknown as SourceLocator,
      role: "test",
      now: Date.now,
      limits: SYNC_LIMITS,
      spools: new GenerationSpools({
        spec: sync.spec,
        role: "test",
        onEvent: () => {},
        onChange: () => {},
      }),
      ackOffset: () => 0n,
      announceVersion: () => null,
      onLinked: () => {},
      onBytes: () => {},
      onInterrupted: () => {},
      onGeneration: (generation) => generations.push(generation),
      onChange: () => {},
      onEvent: () => {},
      signal: ending.signal,
    },
    { replid: resume.replid, offset: BigInt(resume.offset) },
    "",
  );
  const run = reader.run();
  await until(() => asked === 1, { what: "an attempt is under way" });
  reader.restart(null, "something is missing");
  go();
  await until(() => generations.length > 0, { what: "a generation has begun" });
  expect(generations[0]).toMatchObject({ kind: "full", why: "something is missing" });
  ending.abort();
  await reader.close();
  await run;
});
