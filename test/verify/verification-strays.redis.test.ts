import { expect, test } from "vitest";
import { KeyOwnership } from "../../server/merge/key-ownership.ts";
import { startRedis, until } from "../servers/index.ts";
import { seed } from "../sync/harness/check-property.ts";
import { rounds } from "../sync/harness/fault-rounds.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { syncsOfTask } from "../sync/harness/syncs-of-task.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { foundIn, ringOver, verificationOf } from "./verify-for-test.ts";

const merge = { policy: "owner-wins" as const, ring: ringOver(2) };
const ownership = KeyOwnership.of(merge)!;
const names = Array.from({ length: 400 }, (_, index) => `key:${index}`);
const ownerOf = (name: string) => ownership.ownerOf(Buffer.from(name));

test.each(Array.from({ length: rounds(1) }, (_, round) => seed + 10 * round))(
  "finds what was planted beside strays that are written to, and a neighbor's keys (seed %i)",
  async (roundSeed) => {
    const random = seededRandom(roundSeed);
    const shards = [await startRedis(), await startRedis()];
    const [theirs, destination] = [await startRedis(), await startRedis()];
    const [stale, lone, plain] = [names.slice(0, 60), names.slice(60, 90), names.slice(90)];
    const owner = (name: string) => shards[ownerOf(name)]!.client;
    const other = (name: string) => shards[1 - ownerOf(name)]!.client;
    for (const name of [...stale, ...plain]) await owner(name).set(name, `owner's ${name}`);
    for (const name of [...stale, ...lone]) await other(name).set(name, `stray ${name}`);
    await theirs.client.mset(names.flatMap((name) => [`theirs:${name}`, "v"]));
    const syncs = syncsOfTask(
      shards.map((shard) => endpointAt(shard)),
      endpointAt(destination),
      { merge },
    );
    const neighbor = new SyncForTest({
      taskId: "neighbor",
      source: endpointAt(theirs),
      destination: endpointAt(destination),
    });
    for (const sync of [...syncs, neighbor]) sync.start();
    for (const sync of [...syncs, neighbor]) await sync.reaches("synchronizing");
    await until(async () => (await destination.client.exists(...lone)) === lone.length, {
      what: "the lone strays have come",
    });
    for (const [index, sync] of syncs.entries())
      await sync.caughtUp(shards[index]!.client, destination.client);
    const planted = { wrong: plain[3]!, missing: plain[7]!, ofStray: stale[5]!, loneMissing: lone[2]! };
    const still = new Set(Object.values(planted));
    let stopped = false;
    const writing = (async () => {
      for (let count = 0; !stopped; count++) {
        const name = random.pick(names);
        if (still.has(name)) continue;
        if (lone.includes(name)) await other(name).append(name, ".");
        else if (random.oneIn(2) || !stale.includes(name)) await owner(name).set(name, String(count));
        else await other(name).set(name, String(count));
        await new Promise((wake) => setTimeout(wake, 2));
      }
    })();
    await destination.client.set(planted.wrong, "wrong");
    await destination.client.del(planted.missing, planted.loneMissing);
    await destination.client.set(planted.ofStray, `stray ${planted.ofStray}`);
    const verdict = await verificationOf(shards, destination, { merge }).run();
    stopped = true;
    await writing;
    const found = foundIn(verdict).map((text) => text.replace(/ \[.*/s, ""));
    expect(found.filter((text) => /^(missing|extra|type|value|expiry|un)/.test(text))).toEqual(
      [
        `missing 0:${planted.missing}`,
        `missing 0:${planted.loneMissing}`,
        `value 0:${planted.ofStray}`,
        `value 0:${planted.wrong}`,
      ].sort(),
    );
    expect(found.filter((text) => /^stale/.test(text))).toEqual(
      stale.map((name) => `stale 0:${name}`).sort(),
    );
    expect(verdict.counts.neighbor).toBe(names.length);
    const apart = (verdict.counts.lone ?? 0) + (verdict.counts.busy ?? 0) + (verdict.counts.doubtful ?? 0);
    expect(apart).toBeGreaterThanOrEqual(lone.length - 1);
  },
  120_000,
);
