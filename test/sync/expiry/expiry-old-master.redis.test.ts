import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey, HEARTBEAT_KEY } from "../../../server/sync/checkpoint/own-keys.ts";
import { startRedis, until } from "../../servers/index.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { seed } from "../harness/check-property.ts";
import { startShardWithScripts } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

/** Commands up to 6.2 say how long a key has to live from now on: here 1000 s. */
const relative: readonly (readonly string[])[] = [
  ["EXPIRE", "1000"],
  ["PEXPIRE", "1000000"],
  ["SETEX", "1000", "v"],
  ["PSETEX", "1000000", "v"],
  ["SET", "v", "EX", "1000"],
  ["SET", "v", "PX", "1000000", "NX"],
  ["GETEX", "EX", "1000"],
];

/** A shard whose stream is that of an old master, its heartbeat included, behind a link that can be made slow. */
async function running() {
  const { server: shard, send, offset } = await startShardWithScripts();
  const destination = await startRedis();
  const link = await TcpProxy.start(shard.port);
  const source = endpointAt(link);
  const sync = new SyncForTest({ source, destination: endpointAt(destination), heartbeatDb: 0 }).start();
  send("SELECT", "0");
  let beatAt = 0;
  const beat = () => {
    beatAt = Date.now();
    send("SETEX", HEARTBEAT_KEY, "30", String(beatAt));
  };
  beat();
  const beating = setInterval(beat, 1000);
  onTestFinished(() => clearInterval(beating));
  await sync.reaches("synchronizing");
  const random = seededRandom(seed);
  /** When each key is to end, by its name. */
  const meant = new Map<string, number>();
  /** One key with each of the commands, at any time within a heartbeat's second. */
  const write = async () => {
    for (const [name = "", ...args] of relative) {
      const key = `${name}:${meant.size}`;
      // On a loaded machine the timer comes late.
      if (Date.now() - beatAt >= 1000) beat();
      meant.set(key, Date.now() + 1_000_000);
      if (/^(P?EXPIRE|GETEX)$/.test(name)) send("SET", key, "v");
      send(name, key, ...args);
      await sleep(random.int(300));
    }
  };
  /** By how many ms each expiry on the destination is later than it should be. */
  const errors = async () => {
    const wanted = offset();
    // Not until doubtful keys have been copied again: it is what the stream has done that counts.
    await until(
      async () =>
        parseCheckpoint((await destination.client.hget(checkpointKey("test"), "s0"))!)!.offset >= wanted,
      { what: "the destination has all that was sent" },
    );
    return await Promise.all(
      [...meant].map(async ([key, at]) => {
        return [key, Number(await destination.client.call("PEXPIRETIME", key)) - at] as const;
      }),
    );
  };
  const within = async (ms: number) => {
    for (const [key, error] of await errors()) {
      expect(Math.abs(error), `${key} is ${error} ms late`).toBeLessThan(ms);
    }
  };
  const lagIs = (what: string, holds: (seconds: number) => boolean) =>
    until(() => sync.latest?.lag.seconds != null && holds(sync.latest.lag.seconds), { what, everyMs: 5 });
  return { link, sync, write, within, lagIs };
}

test("an old master's relative expiries end within a second of the source's", async () => {
  const { sync, write, within, lagIs } = await running();
  await lagIs("the heartbeat has come through", (seconds) => seconds < 0.25);
  await write();
  await within(1000);
  await sync.stop();
});

test("relative expiries that come seconds late end within a second of the source's", async () => {
  const { link, sync, write, within, lagIs } = await running();
  link.shape.down = { delayMs: () => 2500 };
  await lagIs("the stream comes late", (seconds) => seconds > 2.4);
  await write();
  await write();
  await within(1000);
  link.shape.down = {};
  await lagIs("the stream is live again", (seconds) => seconds < 0.25);
  await within(1000);
  await sync.stop();
});

test("relative expiries that wait in a link that stands still end within a second of the source's", async () => {
  const { link, sync, write, within, lagIs } = await running();
  await lagIs("the heartbeat has come through", (seconds) => seconds < 0.25);
  const random = seededRandom(seed);
  for (let round = 0; round < 2; round++) {
    await sleep(random.int(1000));
    link.freeze({ newcomers: "served" });
    const frozen = performance.now();
    await write();
    await until(() => performance.now() > frozen + 4000, { what: "the link has stood still for 4 s" });
    link.thaw();
    await within(1000);
  }
  await sync.stop();
});
