import { expect, test } from "vitest";
import type { DestinationKeysPolicy } from "../../../server/sync/spec/shard-sync-spec.ts";
import { startRedis, until } from "../../servers/index.ts";
import { outrunBacklog, startShard } from "../harness/reconcile-task.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

/** A shard, and a destination that holds some keys of the same names and some of others. */
async function used(destinationKeys: DestinationKeysPolicy, more: Partial<SyncForTest["spec"]> = {}) {
  const [shard, destination] = [await startShard(), await startRedis()];
  await shard.client.mset("both:1", "shard", "both:2", "shard", "shard:1", "1", "shard:2", "1");
  await destination.client.mset("both:1", "destination", "both:2", "destination", "former", "1");
  const addresses = { source: endpointAt(shard), destination: endpointAt(destination) };
  const sync = new SyncForTest({ ...addresses, destinationKeys, ...more });
  const synced = () => sync.caughtUp(shard.client, destination.client);
  /** Copies the shard again, since nobody has applied what it has done meanwhile. */
  const again = async (meanwhile: () => Promise<unknown>) => {
    await sync.stop();
    await meanwhile();
    await outrunBacklog(shard.client);
    sync.start();
    await synced();
  };
  return { shard: shard.client, destination: destination.client, sync, synced, again };
}

test("a task that must begin with an empty destination does not begin with another, and leaves nothing there", async () => {
  const { destination, sync } = await used("must-be-empty");
  sync.start();
  await sync.reaches("failed");
  expect(sync.latest!.reason).toMatchObject({ code: "DESTINATION_HOLDS_KEYS", retried: false });
  expect((await destination.keys("*")).sort()).toEqual(["both:1", "both:2", "former"]);
  expect(await destination.get("both:1")).toBe("destination");
});

test("a task that must begin with an empty destination goes on with what it has brought itself", async () => {
  const { shard, destination, sync, synced } = await used("must-be-empty");
  await destination.flushall();
  sync.start();
  await synced();
  await sync.stop();
  await shard.set("shard:3", "1");
  sync.start();
  await synced();
  expect(await destination.get("shard:3")).toBe("1");
});

test("keys of the same names are overwritten, the others stay, and a re-sync removes only what the shard has lost", async () => {
  const { shard, destination, sync, synced, again } = await used("overwrite");
  sync.start();
  await synced();
  expect(await destination.mget("both:1", "former")).toEqual(["shard", "1"]);
  await until(() => sync.eventsOf("former-keys").length > 0, { what: "the others are told" });
  expect(sync.eventsOf("former-keys")[0]!.message).toContain("1 key is left");
  await again(() => shard.del("both:1", "shard:1"));
  expect(await destination.mget("both:1", "both:2", "shard:1", "shard:2", "former")).toEqual([
    null,
    "shard",
    null,
    "1",
    "1",
  ]);
  expect(sync.latest!.differs).toBeNull();
});

test("keys that the destination held are neither written nor removed, and the others follow the shard", async () => {
  const { shard, destination, sync, synced, again } = await used("keep");
  sync.start();
  await synced();
  await shard.append("both:1", "!");
  await shard.del("both:2");
  await shard.call("COPY", "shard:1", "both:2", "REPLACE");
  await shard.mset("shard:1", "2", "former", "2");
  await shard.rename("shard:2", "former");
  await shard.set("shard:3", "1");
  await synced();
  const kept = { "both:1": "destination", "both:2": "destination", former: "1" };
  expect(await destination.mget(Object.keys(kept))).toEqual(Object.values(kept));
  expect(await destination.mget("shard:1", "shard:2", "shard:3")).toEqual(["2", null, "1"]);
  const skipped = () => sync.refused().filter(({ reasonCode }) => reasonCode === "DESTINATION_KEPT");
  await until(() => skipped().length > 3, { what: "what was skipped is told" });

  await again(() => shard.del("both:1", "shard:1"));
  expect(await destination.mget(Object.keys(kept))).toEqual(Object.values(kept));
  expect(await destination.mget("shard:1", "shard:3")).toEqual([null, "1"]);
});
