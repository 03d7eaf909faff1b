import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import type { AppRouter } from "../../server/api/router.ts";
import type { TaskRow } from "../../server/control/views/task-view.ts";
import { openTestControl, twoShards } from "../control/harness/open-test-control.ts";
import { until } from "../servers/index.ts";
import { startApi } from "./start-api.ts";

function connect(port: number) {
  const socket = createWSClient({
    url: `ws://127.0.0.1:${port}/api/live`,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs: () => 50,
  });
  onTestFinished(() => void socket.close());
  return createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] });
}

const flags = { start: true, skipChecks: false };

describe("a live subscription", () => {
  it("gives a snapshot at once, and one about each second", async () => {
    const api = await startApi();
    const { id } = await api.control.create(twoShards, flags);
    const seen: { at: number; status: string }[] = [];
    const from = Date.now();
    const live = connect(api.port).task.live.subscribe(
      { id },
      { onData: ({ status }) => seen.push({ at: Date.now() - from, status }) },
    );
    await until(() => seen.length === 1, { what: "the first came" });
    expect(seen[0]!.at).toBeLessThan(900);
    api.runner.reportAll("synchronizing");
    await until(() => seen.length === 3, { what: "three came" });
    expect(seen[2]!.status).toBe("synchronizing");
    expect(seen[2]!.at - seen[1]!.at).toBeGreaterThan(800);
    live.unsubscribe();
  });

  it("goes on by itself when the server is started again", async () => {
    const first = await startApi();
    let rows: TaskRow[] = [];
    let count = 0;
    connect(first.port).task.liveList.subscribe(undefined, {
      onData: (data) => {
        rows = data;
        count++;
      },
    });
    await until(() => count > 0, { what: "the first snapshot came" });
    await first.close();
    const before = count;
    const control = openTestControl();
    await control.control.create(twoShards, flags);
    await startApi({ control, port: first.port });
    await until(() => count > before && rows.length === 1, { what: "the new server's tasks came" });
    expect(rows[0]!.name).toBe("river");
  });

  it("ends with the reason when its task is deleted", async () => {
    const api = await startApi();
    const { id } = await api.control.create(twoShards, { ...flags, start: false });
    let error: unknown = null;
    connect(api.port).task.live.subscribe(
      { id },
      {
        onError: (thrown) => {
          error = thrown;
        },
      },
    );
    const live: string[] = [];
    connect(api.port).shard.live.subscribe(
      { taskId: id, shardId: "a" },
      { onData: (view) => live.push(view.shard.id) },
    );
    await until(() => live.length > 0, { what: "the shard's snapshot came" });
    await api.control.delete(id);
    await until(() => error, { what: "the end was said" });
    expect(error).toMatchObject({ data: { reason: { code: "TASK_UNKNOWN" } } });
  });

  it("does not hold up the server's end", async () => {
    const api = await startApi();
    let count = 0;
    connect(api.port).task.liveList.subscribe(undefined, { onData: () => count++ });
    await until(() => count > 0, { what: "it is open" });
    const from = Date.now();
    await api.close();
    expect(Date.now() - from).toBeLessThan(2_000);
  });
});

describe("the WebSocket's guard", () => {
  function outcome(
    port: number,
    options: { path?: string; headers?: Record<string, string> },
  ): Promise<string> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${options.path ?? "/api/live"}`, {
      headers: options.headers ?? {},
    });
    onTestFinished(() => socket.terminate());
    return new Promise((resolve) => {
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });
  }

  it("opens for the page's own origin and for programs", async () => {
    const { port } = await startApi();
    expect(await outcome(port, {})).toBe("open");
    expect(await outcome(port, { headers: { origin: `http://127.0.0.1:${port}` } })).toBe("open");
  });

  it("refuses other sites, foreign names and other paths", async () => {
    const { port } = await startApi();
    expect(await outcome(port, { headers: { origin: "https://evil.example" } })).toMatch("403");
    expect(await outcome(port, { headers: { host: "evil.example" } })).toMatch("403");
    expect(await outcome(port, { path: "/api/other" })).not.toBe("open");
  });
});
