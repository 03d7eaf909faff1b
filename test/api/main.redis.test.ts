import { createServer } from "node:net";
import { createTRPCClient, httpLink } from "@trpc/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../db/open-database.ts";
import type { AppRouter } from "../../server/api/router.ts";
import { freePort, startRedis, temporaryFolder, until } from "../servers/index.ts";
import { startMain } from "./start-main.ts";

describe("a start that cannot be", () => {
  it("says that the port is in use, what to do, and exits 1", async () => {
    const holder = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void holder.close());
    const { exited, output } = startMain({ PORT: String(port), TRIBUTARY_DATA_DIR: temporaryFolder() });
    expect(await exited).toBe(1);
    expect(output()).toContain(
      `Port ${port} on 127.0.0.1 is in use. Stop it, or choose another port with PORT.`,
    );
    expect(output()).not.toContain("    at ");
  });

  it("says so for a port that is none, a directory that cannot be written, and one that is in use", async () => {
    const directory = temporaryFolder();
    const database = openDatabase(directory);
    onTestFinished(database.close);
    const port = String(await freePort());
    const runs = [
      { env: { PORT: "http" }, says: "PORT: http is not a port from 1 to 65535." },
      {
        env: { PORT: port, TRIBUTARY_DATA_DIR: "/proc/tributary" },
        says: "The data directory /proc/tributary cannot be written",
      },
      {
        env: { PORT: port, TRIBUTARY_DATA_DIR: directory },
        says: `Another Tributary (process ${process.pid}) uses the data directory`,
      },
    ].map(({ env, says }) => ({ says, run: startMain(env) }));
    for (const { says, run } of runs) {
      expect(await run.exited).toBe(1);
      expect(run.output()).toContain(says);
    }
  });
});

describe("the process", () => {
  it("drains at SIGTERM, exits 0, and goes on with its tasks at the next start", async () => {
    const [source, destination] = await Promise.all([startRedis(), startRedis()]);
    await source.client.set("before", "1");
    const port = await freePort();
    const env = { PORT: String(port), TRIBUTARY_DATA_DIR: temporaryFolder() };
    const api = createTRPCClient<AppRouter>({
      links: [httpLink({ url: `http://127.0.0.1:${port}/api/trpc` })],
    });

    const first = startMain(env);
    await until(async () => (await fetch(`http://127.0.0.1:${port}/api/health`)).ok, {
      what: "it serves",
      timeoutMs: 30_000,
    });
    const { id } = await api.task.create.mutate({
      name: "river",
      source: { kind: "shards", shards: [{ address: source.url }] },
      destination: { address: destination.url },
      start: true,
    });
    await until(async () => (await api.task.get.query({ id })).status === "synchronizing", {
      timeoutMs: 30_000,
      what: "it synchronizes",
    });
    for (let count = 0; count < 500; count++) void source.client.incr("count");
    await source.client.incr("count");
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(await destination.client.get("before")).toBe("1");

    await source.client.incr("count");
    const second = startMain(env);
    await until(async () => (await destination.client.get("count")) === "502", {
      what: "it went on",
      timeoutMs: 30_000,
    });
    second.child.kill("SIGKILL");
    await second.exited;
    await source.client.incr("count");
    const third = startMain(env);
    await until(async () => (await destination.client.get("count")) === "503", {
      what: "it went on after kill -9",
      timeoutMs: 30_000,
    });
    third.child.kill("SIGINT");
    expect(await third.exited).toBe(0);
  });
});
