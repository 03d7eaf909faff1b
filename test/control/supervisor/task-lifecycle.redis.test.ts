import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { openControl } from "../../../server/control/control.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import type { TaskInput } from "../../../server/control/plan/task-input.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { runPrechecks } from "../../../server/precheck/run-prechecks.ts";
import {
  type RedisServer,
  startNutcracker,
  startRedis,
  temporaryFolder,
  until,
} from "../../servers/index.ts";

const flags = { start: true, skipChecks: false };

function open(directory: string, entry?: URL) {
  const database = openDatabase(directory);
  const control = openControl({
    database,
    box: openSecretBox(directory, undefined),
    runPrechecks,
    runner: (listener) => new WorkerPool({ ...listener, size: 2, ...(entry ? { entry } : {}) }),
    onFailure: () => {},
  });
  control.begin();
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await control.close();
    database.close();
  };
  onTestFinished(close);
  return { control, close };
}

/** The real worker, which throws when the file `flag` appears; one of the threads that see it takes it away. */
function mortalWorker(flag: string): URL {
  const file = join(temporaryFolder(), "worker.mjs");
  const worker = new URL("../../../server/control/engine/engine-worker-dev.mjs", import.meta.url);
  writeFileSync(
    file,
    `import { unlinkSync } from "node:fs";
    await import(${JSON.stringify(worker.href)});
    setInterval(() => {
      try { unlinkSync(${JSON.stringify(flag)}); } catch { return; }
      throw new Error("killed by the test");
    }, 20).unref();`,
  );
  return pathToFileURL(file);
}

async function servers() {
  const [a, b, destination] = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const input: TaskInput = {
    name: "river",
    source: {
      kind: "shards",
      shards: [
        { name: "a", address: a.url },
        { name: "b", address: b.url },
      ],
    },
    destination: { address: destination.url },
  };
  return { a, b, destination, input };
}

async function keysOf(server: RedisServer): Promise<string[]> {
  return (await server.client.keys("*")).filter((key) => !key.startsWith("tributary:")).sort();
}

describe("a task over real servers", () => {
  it("copies, follows, pauses, goes on after a restart, and is cut over", async () => {
    const { a, b, destination, input } = await servers();
    await a.client.set("a:1", "one");
    await b.client.rpush("b:1", "x", "y");
    const directory = temporaryFolder();
    const first = open(directory);
    const { id } = await first.control.create(input, flags);
    const status = (control: typeof first.control) => control.row(id).status;
    await until(() => status(first.control) === "synchronizing", {
      timeoutMs: 30_000,
      what: "both shards are synchronizing",
    });
    expect(await keysOf(destination)).toEqual(["a:1", "b:1"]);
    await until(() => first.control.row(id).lag.seconds !== null, {
      timeoutMs: 30_000,
      what: "the heartbeat gives the lag",
    });

    first.control.pause(id);
    await until(() => status(first.control) === "paused", { timeoutMs: 30_000, what: "it is paused" });
    await a.client.incr("count");
    first.control.resume(id);
    await until(async () => (await destination.client.get("count")) === "1", {
      timeoutMs: 30_000,
      what: "the stream went on",
    });

    await first.close();
    await a.client.incr("count");
    await b.client.rpush("b:1", "z");
    const second = open(directory);
    await until(async () => (await destination.client.llen("b:1")) === 3, {
      timeoutMs: 30_000,
      what: "it went on by itself",
    });
    await until(async () => (await destination.client.get("count")) === "2", {
      timeoutMs: 30_000,
      what: "INCR was applied once",
    });
    await until(() => status(second.control) === "synchronizing", {
      timeoutMs: 30_000,
      what: "both shards are synchronizing",
    });

    second.control.stop(id);
    await until(() => status(second.control) === "finished", { timeoutMs: 30_000, what: "it is finished" });
    expect(second.control.task(id).events.map(({ type }) => type)).not.toContain("cutover-unconfirmed");
    expect(await destination.client.keys("tributary:*")).toEqual([]);
    await a.client.set("late", "1");
    await second.close();
    const third = open(directory);
    expect(status(third.control)).toBe("finished");
    expect(await keysOf(destination)).toEqual(["a:1", "b:1", "count"]);
    await third.control.delete(id);
    expect(third.control.list()).toEqual([]);
  });

  it.each([
    { password: "pool-password", redisDb: 2, liesIn: 0 },
    { password: "", redisDb: 2, liesIn: 2 },
  ])(
    "takes shards, password and the database that Twemproxy really uses from nutcracker.yml: %o",
    async (pool) => {
      const { password, redisDb, liesIn } = pool;
      const conf: Record<string, string> = password === "" ? {} : { requirepass: password };
      const [a, b, destination] = await Promise.all([
        startRedis({ conf }),
        startRedis({ conf }),
        startRedis(),
      ]);
      const nutcracker = await startNutcracker({
        pool: "alpha",
        servers: [
          { port: a.port, name: "alpha-1" },
          { port: b.port, name: "alpha-2" },
        ],
        redisDb,
        ...(password === "" ? {} : { redisAuth: password }),
      });
      const { control } = open(temporaryFolder());
      const { id } = await control.create(
        {
          name: "river",
          source: { kind: "nutcracker", text: nutcracker.configText, pool: "alpha" },
          destination: { address: `${destination.url}/3` },
        },
        flags,
      );
      const view = control.task(id);
      expect(view).toMatchObject({
        sourceLabel: "alpha (nutcracker.yml)",
        destinationLabel: `127.0.0.1:${destination.port}/3`,
      });
      expect(view.databases).toEqual({ kind: "pairs", pairs: [{ source: liesIn, destination: 3 }] });
      expect(view.shards.map((shard) => shard.id)).toEqual(["alpha-1", "alpha-2"]);
      await until(() => control.row(id).status === "synchronizing", {
        timeoutMs: 30_000,
        what: "both shards are synchronizing",
      });
      await nutcracker.client.set("through", "the proxy");
      await destination.client.select(3);
      await until(async () => (await destination.client.get("through")) === "the proxy", {
        timeoutMs: 30_000,
        what: "it arrived",
      });
      if (password !== "") expect(JSON.stringify(control.task(id))).not.toContain(password);
    },
  );

  it("goes on at its checkpoint when a worker thread dies, and says so", async () => {
    const { a, b, destination, input } = await servers();
    const flag = join(temporaryFolder(), "die");
    const { control } = open(temporaryFolder(), mortalWorker(flag));
    const { id } = await control.create(input, flags);
    const synchronizing = () => control.row(id).status === "synchronizing";
    await until(synchronizing, { timeoutMs: 30_000, what: "both shards are synchronizing" });
    let sent = 0;
    for (let deaths = 1; deaths <= 2; deaths++) {
      for (let count = 0; count < 200; count++) {
        void a.client.incr("of-a");
        await b.client.incr("of-b");
        sent++;
        if (count === 100) writeFileSync(flag, "");
      }
      const said = () => control.task(id).events.filter(({ type }) => type === "worker-died");
      await until(() => said().length === deaths, { timeoutMs: 30_000, what: "the death was said" });
      expect(said()[0]?.message).toContain("killed by the test");
    }
    await until(synchronizing, { timeoutMs: 30_000, what: "both shards are synchronizing again" });
    for (const key of ["of-a", "of-b"]) {
      await until(async () => Number(await destination.client.get(key)) >= sent, {
        timeoutMs: 30_000,
        what: "all is applied",
      });
      expect(await destination.client.get(key)).toBe(String(sent));
    }
  });

  it("says what keeps it from being created, and keeps nothing", async () => {
    const { a, b, destination, input } = await servers();
    await a.client.config("SET", "requirepass", "right");
    const { control } = open(temporaryFolder());
    const shards = (...addresses: string[]) => ({
      ...input,
      source: { kind: "shards" as const, shards: addresses.map((address) => ({ address })) },
    });
    const refused = async (wrong: TaskInput) =>
      control.create(wrong, flags).then(
        () => "created",
        (error) => error.toPlain().code,
      );
    expect(await refused(input)).toBe("AUTH_REQUIRED");
    expect(await refused(shards(`redis://:wrong@127.0.0.1:${a.port}`))).toBe("AUTH_FAILED");
    expect(await refused(shards(b.url, `localhost:${b.port}`))).toBe("SHARD_DUPLICATE");
    expect(await refused(shards(b.url, destination.url))).toBe("DESTINATION_IS_SHARD");
    expect(await refused(shards())).toBe("SHARD_MISSING");
    expect(await refused(shards("127.0.0.1:1"))).toBe("CONNECT_REFUSED");
    expect(
      await refused({
        ...shards(b.url),
        databases: { kind: "pairs", pairs: [{ source: 99, destination: 0 }] },
      }),
    ).toBe("DATABASE_MISSING");
    expect(control.list()).toEqual([]);
  });

  it("removes its checkpoints from the destination when it is deleted, even while it is still being paused", async () => {
    const { destination, input } = await servers();
    const { control } = open(temporaryFolder());
    const { id } = await control.create(input, flags);
    await until(() => control.row(id).status === "synchronizing", {
      timeoutMs: 30_000,
      what: "both shards are synchronizing",
    });
    expect(await destination.client.keys("tributary:*")).not.toEqual([]);
    control.pause(id);
    await control.delete(id);
    expect(control.list()).toEqual([]);
    await until(async () => (await destination.client.keys("tributary:*")).length === 0, {
      timeoutMs: 30_000,
      what: "nothing is left",
    });
  });
});
