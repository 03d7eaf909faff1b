import { expect, test } from "vitest";
import { type RedisServer, until } from "../../servers/index.ts";
import { after } from "../harness/proxy-trap.ts";
import { inStep, offsetOf, startReplicatedShard } from "../harness/replicated-shard.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { TwoShards, type TwoShardsOptions } from "../harness/two-shards.ts";

/** The shards cannot help out with what the replica lacked: it has to be in the spool. */
const options: TwoShardsOptions = {
  backlog: "16kb",
  keys: 500,
  limits: { destinationPollMs: 200 },
};

/** A destination of a master and its replica, behind one address. */
async function replicatedDestination() {
  let link!: TcpProxy;
  const { master, replica } = await startReplicatedShard(async ({ port }) => {
    link = await TcpProxy.start(port);
    return link.port;
  });
  const address = await TcpProxy.start(master.port);
  const lags = () => link.freeze({ newcomers: "silent" });
  const promote = async () => {
    await replica.client.replicaof("NO", "ONE");
    address.retarget(replica.port);
  };
  return { master, replica, address, lags, promote };
}

/** Lets the master get what its replica will not have. */
async function ahead(task: TwoShards, master: RedisServer, replica: RedisServer): Promise<void> {
  const had = await offsetOf(replica);
  await task.move(300);
  expect(await offsetOf(master)).toBeGreaterThan(had + 32_768n);
}

/** The replica, now the master, has all, and so has the former master, now its replica. */
async function expectEqual(task: TwoShards, master: RedisServer, replica: RedisServer): Promise<void> {
  expect(await task.expectEqual(replica)).toBeGreaterThan(1_000);
  await inStep({ master: replica, replica: master });
  expect(task.eventsOf("destination-data-lost")).toEqual([]);
  expect(task.eventsOf("destination-went-back")).toEqual([]);
  expect(task.refused()).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
}

test("a replica that was behind and takes over from a killed destination gets what it lacked out of the spool", async () => {
  const { master, replica, address, lags, promote } = await replicatedDestination();
  const task = await TwoShards.running(address, options);
  lags();
  await ahead(task, master, replica);
  await master.kill();
  await task.every("it is away", ({ latest }) => latest?.status === "retrying");
  await promote();
  await task.reach("synchronizing");
  await master.restart();
  await master.client.replicaof("127.0.0.1", replica.port);
  await task.move();
  await expectEqual(task, master, replica);
});

test("a destination that is demoted under open connections is left for the new master, which gets what it lacked", async () => {
  const { master, replica, address, lags, promote } = await replicatedDestination();
  const task = await TwoShards.running(address, options);
  lags();
  await ahead(task, master, replica);
  // For a moment both take writes: what the former one still gets is lost with it.
  await promote();
  await task.move();
  await master.client.replicaof("127.0.0.1", replica.port);
  await task.every("it says that it is read-only", (sync) => sync.reasons.has("DESTINATION_READONLY"));
  await task.reach("synchronizing");
  await task.move();
  await expectEqual(task, master, replica);
});

test("a demoted destination that the address still leads to is waited for, until it leads to the new master", async () => {
  const { master, replica, address, lags } = await replicatedDestination();
  const task = await TwoShards.running(address, options);
  lags();
  await ahead(task, master, replica);
  await replica.client.replicaof("NO", "ONE");
  await master.client.replicaof("127.0.0.1", replica.port);
  await task.every(
    "it says that it is read-only",
    ({ latest }) => latest?.reason?.code === "DESTINATION_READONLY",
  );
  await task.every("the lag grows", (sync) => (sync.latest?.lag.bytes ?? 0) > 10_000);
  address.retarget(replica.port);
  await task.reach("synchronizing");
  await task.move();
  await expectEqual(task, master, replica);
});

test("an address that moves along while a connection is being opened leads to no mixture of two servers", async () => {
  const { master, replica, address, lags } = await replicatedDestination();
  const task = await TwoShards.running(address, options);
  lags();
  await ahead(task, master, replica);
  await replica.client.replicaof("NO", "ONE");
  // The first connection of a takeover asks the former master, the next one will write to the new one.
  const trap = address.trap({
    direction: "up",
    find: after("hmget\r\n", "s0:epoch\r\n", "client\r\n$4\r\nLIST\r\n"),
    act: "tell",
  });
  const moved = trap.sprung.then(() => address.retarget(replica.port));
  address.cut();
  await moved;
  await task.reach("synchronizing");
  await task.move();
  await master.client.replicaof("127.0.0.1", replica.port);
  await expectEqual(task, master, replica);
});

test("a replica that takes over within an initial sync is copied to from the beginning", async () => {
  const { master, replica, address, lags, promote } = await replicatedDestination();
  const task = await TwoShards.prepare(address, { ...options, keys: 5_000 });
  address.shape.up = { bytesPerSecond: 500_000 };
  task.start();
  task.write();
  await until(async () => (await replica.client.dbsize()) > 300, { what: "keys are on the replica" });
  lags();
  const had = await replica.client.dbsize();
  await until(async () => (await master.client.dbsize()) > had + 300, {
    what: "keys are on the master alone",
  });
  await master.kill();
  await promote();
  address.shape.up = {};
  await task.reach("synchronizing", 60_000);
  await master.restart();
  await master.client.replicaof("127.0.0.1", replica.port);
  await task.move();
  await expectEqual(task, master, replica);
});
