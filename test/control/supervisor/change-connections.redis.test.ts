import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { openControl } from "../../../server/control/control.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { runPrechecks } from "../../../server/precheck/run-prechecks.ts";
import { startRedis, temporaryFolder, until } from "../../servers/index.ts";

const actor = { by: "Ann", from: null };
const flags = { start: true, skipChecks: false };

/** A control over real servers, with a task of one shard that is synchronizing. */
async function synchronizing() {
  // Ended after the control, which would wait for them.
  const [shard, destination] = await Promise.all([startRedis(), startRedis()]);
  await shard.client.set("before", 1);
  const directory = temporaryFolder();
  const database = openDatabase(directory);
  const control = openControl({
    database,
    box: openSecretBox(directory, undefined),
    runPrechecks,
    runner: (listener) => new WorkerPool({ ...listener, size: 1 }),
    onFailure: () => {},
  });
  control.begin();
  onTestFinished(async () => {
    await control.close();
    database.close();
  });
  const { id } = await control.create(
    {
      name: "river",
      source: { kind: "shards", shards: [{ name: "a", address: shard.url }] },
      destination: { address: destination.url },
    },
    flags,
  );
  const reached = (status: string) =>
    until(() => control.task(id).shards[0]!.status === status, {
      timeoutMs: 60_000,
      what: `the shard is ${status}`,
    });
  await reached("synchronizing");
  const paused = async () => {
    control.pause(id);
    await until(() => control.task(id).merging.changeable, { what: "the task has come to rest" });
  };
  const resumed = async () => {
    control.resume(id);
    await reached("synchronizing");
  };
  /** Resolves when the destination has a key that is written on a shard now. */
  const flows = async (from: Awaited<ReturnType<typeof startRedis>>, key: string) => {
    await from.client.set(key, 1);
    await until(async () => (await destination.client.exists(key)) === 1, { what: `${key} came` });
  };
  const initialSyncs = () => control.task(id).shards[0]!.report?.initialSyncs;
  const text = () => control.connections(id).shards[0]!;
  return { control, database, id, shard, destination, paused, resumed, reached, flows, initialSyncs, text };
}

describe("the connections of a task", () => {
  it("take a rotated password, and nothing is copied again", async () => {
    const { control, id, shard, paused, resumed, flows, initialSyncs, text } = await synchronizing();
    await paused();
    await shard.client.config("SET", "requirepass", "rotated");
    await control.changeConnections(id, { shards: [{ ...text(), password: "rotated" }] }, actor);
    await resumed();
    await flows(shard, "after");
    expect(initialSyncs()).toBe(1);
    expect(text().hasPassword).toBe(true);
  }, 120_000);

  it("take the address of a replica that was promoted, and nothing is copied again", async () => {
    const { control, id, shard, paused, resumed, flows, initialSyncs, text } = await synchronizing();
    const replica = await startRedis();
    await replica.client.replicaof("127.0.0.1", shard.port);
    await until(async () => (await replica.client.info("replication")).includes("master_link_status:up"), {
      what: "the replica has its master's data",
    });
    await paused();
    await until(async () => (await replica.client.exists("before")) === 1, {
      what: "the replica is up to date",
    });
    await replica.client.replicaof("NO", "ONE");
    await control.changeConnections(
      id,
      { shards: [{ ...text(), address: `127.0.0.1:${replica.port}` }] },
      actor,
    );
    await resumed();
    await flows(replica, "after");
    expect(initialSyncs()).toBe(1);
    expect(control.events(id, null, 50).map(({ message }) => message)).toContain(
      `Changed the address of a from 127.0.0.1:${shard.port} to 127.0.0.1:${replica.port}, by Ann.`,
    );
  }, 120_000);

  it("are copied again from a server that does not continue the shard's history", async () => {
    const { control, id, destination, paused, resumed, initialSyncs, text } = await synchronizing();
    const other = await startRedis();
    await other.client.mset("before", 2, "other", 1);
    await paused();
    await control.changeConnections(
      id,
      { shards: [{ ...text(), address: `127.0.0.1:${other.port}` }] },
      actor,
    );
    await resumed();
    await until(async () => (await destination.client.mget("before", "other")).join() === "2,1", {
      what: "the destination has the other server's keys",
    });
    expect(initialSyncs()).toBe(2);
  }, 120_000);

  it("refuse a destination to which the task has copied nothing, and stay as they were", async () => {
    const { control, id, paused } = await synchronizing();
    const other = await startRedis();
    await paused();
    const before = control.connections(id);
    const destination = { ...before.destination, address: `127.0.0.1:${other.port}` };
    await expect(control.changeConnections(id, { shards: [], destination }, actor)).rejects.toMatchObject({
      code: "DESTINATION_IS_ANOTHER",
    });
    expect(control.connections(id)).toEqual(before);
    expect(await other.client.dbsize()).toBe(0);
  }, 120_000);

  it("take another address of the same destination", async () => {
    const { control, id, shard, destination, paused, resumed, flows, initialSyncs } = await synchronizing();
    await paused();
    const address = `localhost:${destination.port}`;
    await control.changeConnections(id, { shards: [], destination: { address } }, actor);
    await resumed();
    await flows(shard, "after");
    expect(initialSyncs()).toBe(1);
    expect(control.task(id).destinationLabel).toContain(address);
  }, 120_000);

  it("are not changed while the task runs", async () => {
    const { control, id, text } = await synchronizing();
    await expect(
      control.changeConnections(id, { shards: [{ ...text(), password: "x" }] }, actor),
    ).rejects.toMatchObject({ code: "TASK_NOT_READY" });
  }, 120_000);

  it("are kept sealed, and told without a password in views and events", async () => {
    const { control, database, id, shard, paused, text } = await synchronizing();
    await shard.client.config("SET", "requirepass", "planted-secret");
    await paused();
    await control.changeConnections(id, { shards: [{ ...text(), password: "planted-secret" }] }, actor);
    const seen = JSON.stringify([control.connections(id), control.task(id), control.events(id, null, 50)]);
    expect(seen).not.toContain("planted-secret");
    const rows = database.db.$client.prepare("select * from shards").all();
    expect(JSON.stringify(rows)).not.toContain("planted-secret");
  }, 120_000);
});
