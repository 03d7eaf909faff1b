import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import { everySecond } from "../../server/api/every-second.ts";
import { LiveLimits } from "../../server/api/live-limits.ts";
import { systemInfoOf } from "../../server/api/system-info.ts";
import type { ApiContext } from "../../server/api/trpc.ts";
import { openTestControl, twoShards } from "../control/harness/open-test-control.ts";
import { openTestPeople } from "../people/open-test-people.ts";
import { until } from "../servers/index.ts";
import { startApi, type TestApi } from "./start-api.ts";

const { name: _, ...connection } = twoShards;

function post(api: TestApi, path: string, body: unknown): Promise<Response> {
  return fetch(`${api.url}/api/trpc/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const codeOf = async (response: Response) => (await response.json()).error.data.reason?.code;

/** A raw connection, and whether the server has closed it. */
function raw(api: TestApi, text: string): { socket: Socket; answer: () => string; closed: () => boolean } {
  const socket = connect({ port: api.port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let answer = "";
  let closed = false;
  socket.on("data", (data) => {
    answer += data;
  });
  for (const event of ["end", "close", "error"]) {
    socket.on(event, () => {
      closed = true;
    });
  }
  socket.write(text);
  return { socket, answer: () => answer, closed: () => closed };
}

async function openSocket(api: TestApi): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}/api/live`);
  onTestFinished(() => socket.terminate());
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

function subscribe(socket: WebSocket, id: number, path = "task.liveList", method = "subscription"): void {
  socket.send(JSON.stringify({ id, method, params: { path, input: undefined } }));
}

/** What came on a socket: the ids of views that said something, and the codes of those that were refused. */
function listen(socket: WebSocket) {
  const heard = { data: new Set<number>(), refused: new Map<number, string>() };
  socket.on("message", (text) => {
    const message = JSON.parse(String(text));
    if (message.result?.type === "data") heard.data.add(message.id);
    if (message.error)
      heard.refused.set(message.id, message.error.data.reason?.code ?? message.error.data.code);
  });
  return heard;
}

describe("one request", () => {
  it("is one call: batches are refused, and nobody is dialled", async () => {
    const api = await startApi();
    const paths = Array.from({ length: 50 }, () => "connection.test").join(",");
    const bodies = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [n, connection]));
    const answer = await post(api, `${paths}?batch=1`, bodies);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("Batching is not enabled");
  });

  it("is refused when it is larger than any task", async () => {
    const api = await startApi();
    const answer = await post(api, "connection.test", { ...connection, more: "x".repeat(2 * 1024 * 1024) });
    expect(answer.status).toBe(413);
  });

  it("is ended when its body stays out", async () => {
    const api = await startApi({ requestTimeoutMs: 300 });
    const head =
      "POST /api/trpc/task.start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
    const stalled = raw(api, `${head}Content-Length: 100\r\n\r\n{"id`);
    const headless = raw(api, "GET / HTTP/1.1\r\nHost:");
    await until(() => stalled.closed() && headless.closed(), { what: "both are closed" });
  });

  it("to upgrade to anything but the live views is answered and closed", async () => {
    const api = await startApi();
    for (const [path, status] of [
      ["/", "404"],
      ["/_next/webpack-hmr", "404"],
      ["/api/trpc/task.list", "404"],
    ]) {
      const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
      const foreign = raw(api, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgrade}\r\n`);
      await until(() => foreign.closed(), { what: `${path} is closed` });
      expect(foreign.answer()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
    const evil = raw(
      api,
      "GET /api/live HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    );
    await until(() => evil.closed(), { what: "a foreign host is closed" });
    expect(evil.answer()).toMatch(/^HTTP\/1.1 403 /);
  });
});

describe("connection tests", () => {
  it("are so many a minute and no more, creations and checks of tasks included", async () => {
    let now = Date.now();
    const api = await startApi({ control: openTestControl({ now: () => now }) });
    const answers: number[] = [];
    for (let count = 0; count < 40; count++)
      answers.push((await post(api, "connection.test", connection)).status);
    expect(answers.filter((status) => status === 200)).toHaveLength(32);
    expect(answers.filter((status) => status === 429)).toHaveLength(8);
    const refused = await post(api, "task.create", { ...twoShards, skipChecks: true });
    expect([refused.status, await codeOf(refused)]).toEqual([429, "TOO_MANY_REQUESTS"]);
    expect(api.control.list()).toEqual([]);
    now += 2_000;
    expect((await post(api, "connection.test", connection)).status).toBe(200);
  });

  it("count the statistics of a nutcracker as one more address", async () => {
    const now = Date.now();
    const api = await startApi({ control: openTestControl({ now: () => now }) });
    const servers = Array.from({ length: 7 }, (_, n) => `    - 127.0.0.1:${n + 1}:1 s${n}\n`).join("");
    const text = `alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n${servers}`;
    const source = { kind: "nutcracker", text, pool: "alpha", stats: "127.0.0.1:9" };
    const answers: number[] = [];
    for (let count = 0; count < 32; count++)
      answers.push((await post(api, "connection.test", { ...connection, source })).status);
    // 256 a minute: with eight addresses, as without the statistics, it would be 32.
    expect(answers.filter((status) => status === 200)).toHaveLength(28);
  });

  it("tell no more than a few hundred ports apart in a minute", async () => {
    const now = Date.now();
    const api = await startApi({ control: openTestControl({ now: () => now }) });
    const many = (from: number) => ({
      source: {
        kind: "shards",
        shards: Array.from({ length: 500 }, (_, n) => ({ address: `127.0.0.1:${from + n}` })),
      },
      destination: { address: "127.0.0.1:1" },
    });
    expect((await post(api, "connection.test", many(10_000))).status).toBe(200);
    const next = await post(api, "connection.test", many(10_500));
    expect([next.status, await codeOf(next)]).toEqual([429, "TOO_MANY_REQUESTS"]);
  });
});

describe("live views", () => {
  it("are sixteen on one socket, and each that is closed makes room", async () => {
    const api = await startApi();
    const socket = await openSocket(api);
    const heard = listen(socket);
    for (let id = 1; id <= 500; id++) subscribe(socket, id);
    await until(() => heard.data.size + heard.refused.size === 500, { what: "all are answered" });
    expect(heard.data.size).toBe(16);
    expect(new Set(heard.refused.values())).toEqual(new Set(["TOO_MANY_REQUESTS"]));
    socket.send(JSON.stringify({ id: 1, method: "subscription.stop" }));
    await until(
      () => {
        subscribe(socket, 1_000);
        return heard.data.has(1_000);
      },
      { what: "the next one is taken" },
    );
  });

  it("are all that a socket carries: calls go over HTTP", async () => {
    const api = await startApi();
    const socket = await openSocket(api);
    const heard = listen(socket);
    subscribe(socket, 1, "task.list", "query");
    await until(() => heard.refused.size === 1, { what: "the query is refused" });
    expect(heard.refused.get(1)).toBe("METHOD_NOT_SUPPORTED");
  });

  it("have a bounded number of sockets", async () => {
    const api = await startApi();
    const sockets = await Promise.all(Array.from({ length: 64 }, () => openSocket(api)));
    await expect(openSocket(api)).rejects.toThrow("503");
    sockets[0]!.terminate();
    await until(
      () =>
        openSocket(api).then(
          () => true,
          () => false,
        ),
      { what: "one that is closed makes room" },
    );
  });

  it("send nothing more to a browser that does not read, and go on when it does", async () => {
    const opened = openTestControl();
    let unread = 1024 * 1024;
    const context: ApiContext = {
      control: opened.control,
      people: openTestPeople(opened, { login: "off" }).people,
      identity: null,
      guest: null,
      systemInfo: systemInfoOf("/"),
      from: null,
      live: new LiveLimits(),
      socket: { views: 0, guest: false, unread: () => unread },
    };
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    let made = 0;
    const views = everySecond(context, ending.signal, () => ++made);
    const first = views.next();
    await until(() => context.socket?.views === 1, { what: "it is open" });
    expect(made).toBe(0);
    unread = 0;
    expect((await first).value).toBe(1);
  });
});

describe("every answer", () => {
  it("of the API is kept by nobody and taken for nothing else", async () => {
    const api = await startApi();
    for (const path of ["/api/health", "/api/trpc/task.list", "/api/trpc/nothing", "/api/nothing"]) {
      const { headers } = await fetch(api.url + path);
      expect(headers.get("cache-control"), path).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  });

  it("that is a page has a policy with a nonce of its own, whatever the request says", async () => {
    const api = await startApi();
    const policies = await Promise.all(
      ["/tasks", "/tasks", "/_next/static/x.js"].map(async (path) => {
        const { headers } = await fetch(api.url + path, {
          headers: { "content-security-policy": "script-src 'nonce-mine'", "x-nonce": "mine" },
        });
        expect(headers.get("x-frame-options")).toBe("DENY");
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        return headers.get("content-security-policy") ?? "";
      }),
    );
    expect(new Set(policies).size).toBe(3);
    for (const policy of policies) {
      const scripts = /script-src ([^;]*)/.exec(policy)?.[1];
      expect(scripts).toMatch(/^'self' 'nonce-[A-Za-z0-9+/]{22}=='$/);
    }
  });
});
