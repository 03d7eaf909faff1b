import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createTRPCClient, httpLink } from "@trpc/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { projectRoot } from "../../../db/project-root.ts";
import type { AppRouter } from "../../../server/api/router.ts";
import type { CutoverStep } from "../../../server/control/tasks/cutover-state.ts";
import { freePort, type RedisServer, startRedis, temporaryFolder, until } from "../../servers/index.ts";

vi.setConfig({ testTimeout: 400_000, hookTimeout: 180_000 });

/** Tributary's own process, from its source. */
function launch(port: number, directory: string) {
  const child = spawn(process.execPath, ["--import", "tsx", join("server", "main.ts")], {
    cwd: projectRoot(),
    env: {
      ...process.env,
      NODE_ENV: "development",
      NEXT_TELEMETRY_DISABLED: "1",
      TRIBUTARY_AUTH: "off",
      PORT: String(port),
      TRIBUTARY_DATA_DIR: directory,
    },
    stdio: "ignore",
  });
  return { child, exited: once(child, "exit") };
}

describe("kill -9 at each step of a cutover", () => {
  let shards: RedisServer[];
  let destination: RedisServer;
  let server: ReturnType<typeof launch>;
  let port: number;
  let directory: string;
  let id: string;
  let api: ReturnType<typeof createTRPCClient<AppRouter>>;

  async function start(): Promise<void> {
    server = launch(port, directory);
    await until(async () => (await fetch(`http://127.0.0.1:${port}/api/health`)).ok, {
      what: "Tributary serves",
      timeoutMs: 120_000,
    });
  }

  async function kill(): Promise<void> {
    server.child.kill("SIGKILL");
    await server.exited;
  }

  const view = () => api.cutover.get.query({ id });
  const step = async () => (await view()).cutover?.state.step;

  async function at(wanted: CutoverStep): Promise<void> {
    await until(async () => (await step()) === wanted, { what: `it is at ${wanted}`, timeoutMs: 300_000 });
  }

  /** Overrides what only takes time, and goes on. */
  async function proceed(...overridden: readonly ("lag" | "verified")[]): Promise<void> {
    for (const gate of overridden) await api.cutover.override.mutate({ id, gate, reason: "a test" });
    await until(async () => (await view()).shut === null, { what: "the gates open", timeoutMs: 120_000 });
    await api.cutover.order.mutate({ id, step: (await step())!, move: "proceed", confirm: "river" });
  }

  beforeAll(async () => {
    const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
    shards = servers.slice(0, 2);
    destination = servers[2]!;
    for (const [index, shard] of shards.entries()) await shard.client.set(`k:${index}`, "0");
    port = await freePort();
    directory = temporaryFolder();
    api = createTRPCClient<AppRouter>({ links: [httpLink({ url: `http://127.0.0.1:${port}/api/trpc` })] });
    await start();
    const task = await api.task.create.mutate({
      name: "river",
      source: {
        kind: "shards",
        shards: shards.map((shard, index) => ({ name: `s${index}`, address: shard.url })),
      },
      destination: { address: destination.url },
      start: true,
    });
    id = task.id;
    await until(async () => (await api.task.get.query({ id })).status === "synchronizing", {
      what: "it synchronizes",
      timeoutMs: 120_000,
    });
    await api.cutover.begin.mutate({ id, by: "Ann" });
  });

  afterAll(kill);

  it("stays at the gates, with what was overridden, and the task goes on", async () => {
    await api.cutover.override.mutate({ id, gate: "lag", reason: "before the kill" });
    await kill();
    await shards[0]!.client.incr("k:0");
    await start();
    expect(await view()).toMatchObject({
      task: { cutover: "gates" },
      cutover: { startedBy: { by: "Ann" }, overrides: [{ gate: "lag", reason: "before the kill" }] },
    });
    await until(async () => (await destination.client.get("k:0")) === "1", {
      what: "the stream goes on",
      timeoutMs: 60_000,
    });
  });

  it("stays at the writes, and tells again what comes", async () => {
    await proceed("lag", "verified");
    await at("stop-writes");
    await kill();
    await start();
    await at("stop-writes");
    await shards[1]!.client.incr("k:1");
    const part = async () =>
      (await view()).gates
        .find(({ name }) => name === "writes-stopped")!
        .parts.find(({ shard }) => shard === "s1")!;
    await until(async () => !(await part()).ok, { what: "the write is seen", timeoutMs: 60_000 });
  });

  it("stays at the drain", async () => {
    await proceed();
    await at("drain");
    await kill();
    await start();
    await at("drain");
    expect(await destination.client.get("k:1")).toBe("1");
  });

  it("begins a final verification again that was under way", async () => {
    await proceed();
    await at("verify");
    await kill();
    await start();
    await at("verify");
    await until(async () => (await view()).gates.find(({ name }) => name === "final-verification")?.ok, {
      what: "it is verified",
      timeoutMs: 120_000,
    });
  });

  it("comes to rest by itself after it was killed on the way there", async () => {
    await until(async () => (await view()).shut === null, { what: "the gates open", timeoutMs: 120_000 });
    // The destination hangs, so that the way to rest is long.
    process.kill(destination.pid, "SIGSTOP");
    try {
      await api.cutover.order.mutate({ id, step: "verify", move: "proceed" });
      expect(await step()).toBe("settle");
      await kill();
    } finally {
      process.kill(destination.pid, "SIGCONT");
    }
    await start();
    await at("switch");
    expect(await destination.client.mget("k:0", "k:1")).toEqual(["1", "1"]);
  });

  it("stays at the switch, and writes nothing to the destination", async () => {
    await kill();
    await destination.client.set("k:0", "of the application");
    await start();
    await at("switch");
    await shards[0]!.client.set("k:0", "of a shard");
    expect((await api.task.get.query({ id })).status).toBe("paused");
    await expect(api.task.resume.mutate({ id })).rejects.toThrow(/its cutover is under way/);
    expect(await destination.client.get("k:0")).toBe("of the application");
    // Only what the way back needs lies there.
    expect(await destination.client.exists(`tributary:checkpoint:${id}`)).toBe(1);
  });

  it("finishes by itself after it was killed on the way there", async () => {
    process.kill(destination.pid, "SIGSTOP");
    try {
      await proceed();
      expect(await step()).toBe("finish");
      await kill();
    } finally {
      process.kill(destination.pid, "SIGCONT");
    }
    await start();
    await at("finished");
    expect(await destination.client.keys("tributary:*")).toEqual([]);
    expect(await api.cutover.report.query({ id })).toMatchObject({ task: { status: "finished" } });
  });

  it("is finished for good", async () => {
    await kill();
    await start();
    expect((await api.task.get.query({ id })).status).toBe("finished");
    expect(await destination.client.get("k:0")).toBe("of the application");
    expect(await destination.client.keys("tributary:*")).toEqual([]);
  });
});
