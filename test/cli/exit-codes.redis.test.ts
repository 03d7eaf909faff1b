import { expect, test } from "vitest";
import { startRedis, temporaryFolder, until } from "../servers/index.ts";
import { EngineRun } from "../sync/harness/engine-run.ts";
import { smallRdb, startOldMaster } from "../sync/harness/old-master.ts";

const at = ({ port }: { port: number }) => `127.0.0.1:${port}`;

async function ended(args: readonly string[], stop: (engine: EngineRun) => Promise<void> = async () => {}) {
  const engine = new EngineRun([...args, "--no-heartbeat", "--json"], temporaryFolder());
  engine.start();
  await stop(engine);
  await until(() => engine.exit !== null, { what: "the run has ended", timeoutMs: 60_000 });
  return { exit: engine.exit, log: await engine.log() };
}

/** What JSON says of the one shard. */
function summary(log: string) {
  return JSON.parse(log.slice(log.indexOf("\n{") + 1, log.lastIndexOf("}") + 1)).shards[0];
}

const until0 = ["--until", "synchronizing"];

test("exit code 0 says that every expiry is true and nothing is left", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  for (let n = 0; n < 200; n++) await shard.client.set(`k:${n}`, "v", "EX", 100 + n);
  const { exit, log } = await ended(["--shard", at(shard), "--destination", at(destination), ...until0]);
  expect(exit, log).toBe("exit code 0");
  for (const n of [0, 99, 199])
    expect(await destination.client.pexpiretime(`k:${n}`)).toBe(await shard.client.pexpiretime(`k:${n}`));
  expect(summary(log)).toMatchObject({ left: null, differs: null, expiriesHeldBack: 0, refused: [] });
});

test("exit code 4 says that the next start has to go on, and JSON what is left", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const { exit, log } = await ended(
    ["--shard", at(shard), "--destination", at(destination)],
    async (engine) => {
      await until(async () => (await engine.log()).includes("Initial sync finished"), {
        what: "the initial sync is over",
        timeoutMs: 60_000,
      });
      await destination.client.call("CLIENT", "PAUSE", "60000", "WRITE");
      await shard.client.set("late", "v");
      await until(async () => (await shard.client.wait(1, 50)) >= 0, { what: "it is sent" });
      engine.signal("SIGTERM");
    },
  );
  expect(exit, log).toBe("exit code 4");
  expect(summary(log).left).not.toBe(null);
  expect(log).toContain("could not all be applied and put right");
});

test("exit code 5 says that the destination differs: what an initial sync has lost is named, by key and module", async () => {
  const destination = await startRedis();
  // A module's value: its type's id, an unsigned number 5, the end.
  const id = Buffer.from([0x81, 0x5a, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x01]);
  const name = Buffer.from("my-module-key");
  const body = Buffer.concat([Buffer.from([7, name.length]), name, id, Buffer.from([2, 5, 0])]);
  const master = await startOldMaster(smallRdb({}, body));
  const { exit, log } = await ended(["--shard", at(master), "--destination", at(destination), ...until0]);
  expect(exit, log).toBe("exit code 5");
  expect(log).toMatch(/could not copy all that the shard holds: my-module-key in database 0 \(.*module/);
  const { commandsSkipped, keysSkipped, refused } = summary(log);
  expect({ commandsSkipped, keysSkipped }).toEqual({ commandsSkipped: 0, keysSkipped: 1 });
  expect(refused).toMatchObject([{ command: "RDB key", initialSync: true, samples: ["my-module-key"] }]);
});

test("databases that are left out are named with their keys, those that come later too", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const { client } = shard;
  for (const db of [3, 5]) {
    await client.select(db);
    await client.mset("a", "1", "b", "2");
  }
  const to = `redis://${at(destination)}/0`;
  const { exit, log } = await ended(["--shard", at(shard), "--destination", to], async (engine) => {
    await until(async () => (await engine.log()).includes("Initial sync finished"), {
      what: "the initial sync is over",
      timeoutMs: 60_000,
    });
    await client.select(7);
    await client.set("late", "1");
    await until(async () => (await engine.log()).includes("writes to database 7"), {
      what: "the new database is named",
      timeoutMs: 30_000,
    });
    engine.signal("SIGTERM");
  });
  expect(exit, log).toBe("exit code 0");
  expect(log).toMatch(/warning: .*The task leaves out database 3 \(2 keys\), database 5 \(2 keys\)/);
  expect(log).toContain(
    "Left out, since the task does not name them: database 3 (2 keys), database 5 (2 keys).",
  );
});
