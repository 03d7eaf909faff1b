import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { smallRdb, startOldMaster } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

/** A string key as an RDB has it. */
const key = (name: string, value: string) =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);

test("a stream without SELECT goes on in the database that its RDB names, also after a restart", async () => {
  const master = await startOldMaster(smallRdb({ "repl-stream-db": "3" }, key("in-rdb", "0")));
  const destination = await startRedis();
  const { client } = destination;
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const dbs = async () =>
    /# Keyspace\r\n([\s\S]*)/.exec(await client.info("keyspace"))![1]!.match(/^db\d+/gm);
  await client.select(3);
  const has = (count: string) =>
    until(async () => (await client.get("counter")) === count, { what: `the counter is ${count}` });
  master.send("INCR", "counter");
  await has("1");
  await sync.stop();
  sync.start();
  await sync.reaches("synchronizing");
  master.send("INCR", "counter");
  await has("2");
  expect(sync.eventsOf("stream-resumed")).toHaveLength(1);
  // A database that is selected later holds from there on.
  master.send("SELECT", "5");
  master.send("INCR", "counter");
  await client.select(5);
  await has("1");
  await sync.stop();
  await client.select(0);
  expect((await client.keys("*")).filter((name) => !name.startsWith("tributary:"))).toEqual(["in-rdb"]);
  expect(await dbs()).toEqual(["db0", "db3", "db5"]);
});

test("a stream whose RDB names a database that the task leaves out is left out until it selects another", async () => {
  const master = await startOldMaster(smallRdb({ "repl-stream-db": "3" }));
  const destination = await startRedis();
  const databases = { kind: "pairs", pairs: [{ source: 5, destination: 2 }] } as const;
  const spec = { source: endpointAt(master), destination: endpointAt(destination), databases };
  const sync = new SyncForTest(spec).start();
  await sync.reaches("synchronizing");
  master.send("SET", "left-out", "1");
  master.send("SELECT", "5");
  master.send("SET", "k", "1");
  await destination.client.select(2);
  await until(async () => (await destination.client.get("k")) === "1", { what: "the key is there" });
  expect(await destination.client.keys("*")).toEqual(["k"]);
  await sync.stop();
  expect(sync.refused("SET")).toMatchObject([
    { kind: "skipped", db: 3, reasonCode: "DB_NOT_SELECTED", count: 1 },
  ]);
});
