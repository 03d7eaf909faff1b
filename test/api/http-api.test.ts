import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { checksOf, openTestControl, passwords, twoShards } from "../control/harness/open-test-control.ts";
import { until } from "../servers/index.ts";
import { startApi, type TestApi } from "./start-api.ts";

type Answer = { readonly status: number; readonly text: string };

/** A request with any headers: fetch would not let Host and Origin through. */
function send(
  api: TestApi,
  options: { path: string; body?: unknown; method?: string; headers?: Record<string, string> },
): Promise<Answer> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const call = request(
      `${api.url}${options.path}`,
      {
        method: options.method ?? (body === undefined ? "GET" : "POST"),
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...options.headers,
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}

const errorOf = (answer: Answer) => JSON.parse(answer.text).error;
const dataOf = (answer: Answer) => JSON.parse(answer.text).result.data;

describe("an answer", () => {
  it("carries the code, the sentence and the remedy of what was refused", async () => {
    const api = await startApi();
    const answer = await send(api, { path: "/api/trpc/task.start", body: { id: "nothing" } });
    expect(answer.status).toBe(404);
    expect(errorOf(answer)).toMatchObject({
      message: "There is no task nothing.",
      data: { reason: { code: "TASK_UNKNOWN", remedy: "Go back to the task list.", retried: false } },
    });
  });

  it("names the field that is not valid, without its value", async () => {
    const api = await startApi();
    const wrong = { ...twoShards, destination: { address: "", password: "destination-password" } };
    const answer = await send(api, { path: "/api/trpc/task.create", body: wrong });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).data.reason).toMatchObject({
      code: "INPUT_INVALID",
      message: "destination.address: Give the destination's address.",
    });
    expect(answer.text).not.toContain("destination-password");
    const range = await send(api, {
      path: "/api/trpc/task.events?input=%7B%22id%22%3A%22x%22%2C%22limit%22%3A0%7D",
    });
    expect(errorOf(range).data.reason.code).toBe("INPUT_INVALID");
  });

  it("says CONFLICT to an action that does not fit, and to a name that is taken", async () => {
    const api = await startApi();
    const { id } = dataOf(await send(api, { path: "/api/trpc/task.create", body: twoShards }));
    const paused = await send(api, { path: "/api/trpc/task.pause", body: { id } });
    expect([paused.status, errorOf(paused).data.reason.code]).toEqual([409, "TASK_NOT_READY"]);
    const again = await send(api, { path: "/api/trpc/task.create", body: twoShards });
    expect([again.status, errorOf(again).data.reason.code]).toEqual([409, "TASK_NAME_TAKEN"]);
  });

  it("holds all checks when some refuse a task", async () => {
    const checks = [
      { id: "one" },
      { id: "two", level: "error", code: "SHARD_DUPLICATE", message: "Twice." },
    ] as const;
    const control = openTestControl({ runPrechecks: async () => checksOf(...checks) });
    const api = await startApi({ control });
    const answer = await send(api, { path: "/api/trpc/task.create", body: twoShards });
    expect(errorOf(answer).data.reason).toMatchObject({ code: "SHARD_DUPLICATE", message: "Twice." });
    expect(errorOf(answer).data.checks.map(({ id }: { id: string }) => id)).toEqual(["one", "two"]);
  });

  it("keeps the words of an unforeseen error to the log", async () => {
    const heard: Error[] = [];
    const control = openTestControl({ runPrechecks: () => Promise.reject(new Error("deep inside")) });
    const api = await startApi({ control, onError: (error) => heard.push(error) });
    const answer = await send(api, { path: "/api/trpc/task.create", body: twoShards });
    expect(answer.status).toBe(500);
    expect(errorOf(answer).data.reason.code).toBe("INTERNAL");
    expect(answer.text).not.toContain("deep inside");
    expect(heard.map(({ message }) => message)).toEqual(["deep inside"]);
  });

  it("shows a nutcracker.yml's pools and problems, without its password", async () => {
    const api = await startApi();
    const text =
      "alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  redis_auth: hidden-word\n  servers:\n   - 10.0.0.1:6379:1 one\n";
    const answer = await send(api, { path: "/api/trpc/source.parseNutcracker", body: { text } });
    expect(dataOf(answer).pools).toMatchObject([
      {
        name: "alpha",
        redis: true,
        hasPassword: true,
        servers: [{ name: "one", address: "10.0.0.1:6379", weight: 1 }],
      },
    ]);
    expect(answer.text).not.toContain("hidden-word");
    const broken = await send(api, {
      path: "/api/trpc/source.parseNutcracker",
      body: { text: "a: [hidden-word" },
    });
    expect(dataOf(broken).problems[0]).toMatchObject({ severity: "error" });
    expect(broken.text).not.toContain("hidden-word");
  });
});

describe("no password", () => {
  it("is in any answer, event, or file", async () => {
    const failing = {
      level: "error",
      code: "AUTH_FAILED",
      message: "shard a refused the password.",
    } as const;
    let report = checksOf();
    const control = openTestControl({ runPrechecks: async () => report });
    const api = await startApi({ control });
    const answers: string[] = [];
    const ask = async (path: string, body?: unknown) => {
      const answer = await send(api, { path: `/api/trpc/${path}`, ...(body ? { body } : {}) });
      answers.push(answer.text);
      return answer;
    };
    const query = (path: string, input: unknown) =>
      ask(`${path}?input=${encodeURIComponent(JSON.stringify(input))}`);

    const { id } = dataOf(await ask("task.create", { ...twoShards, start: true }));
    await until(() => api.runner.specs.size === 2, { what: "it runs" });
    api.runner.reportAll("synchronizing");
    const { name: _, ...connection } = twoShards;
    await ask("connection.test", connection);
    await ask("task.rename", { id, name: "other" });
    await ask("task.precheck", { id });
    await ask("task.list");
    await ask("system.info");
    for (const path of ["task.get", "task.events"]) await query(path, { id });
    await query("shard.get", { taskId: id, shardId: "a" });
    await query("shard.series", { taskId: id, shardId: "a", range: "15m" });
    report = checksOf(failing);
    await ask("task.create", { ...twoShards, name: "refused" });
    const bad = { ...twoShards, name: "bad", destination: { address: "redis://:destination-password@:x" } };
    expect((await ask("task.create", bad)).text).toContain("ADDRESS_INVALID");
    await ask("task.pause", { id });

    const { directory } = api;
    await api.close();
    const files = readdirSync(directory).map((file) => readFileSync(`${directory}/${file}`, "latin1"));
    expect(files.join().includes("127.0.0.1")).toBe(true);
    for (const password of passwords) {
      for (const text of [...answers, ...files])
        expect(text.includes(password), text.slice(0, 200)).toBe(false);
    }
    expect(answers).toHaveLength(13);
  });
});

describe("the guard", () => {
  const list = "/api/trpc/task.list";
  const start = { path: "/api/trpc/task.start", body: { id: "nothing" } };

  it("takes the names it listens under, and those that were allowed", async () => {
    const api = await startApi();
    for (const host of ["localhost", "127.0.0.1:3000", "[::1]:3000", "river.example", "River.Example:80"]) {
      expect((await send(api, { path: list, headers: { host } })).status).toBe(200);
    }
  });

  it("refuses a foreign name, pages and health included", async () => {
    const api = await startApi();
    for (const path of [list, "/tasks", "/api/health"]) {
      const answer = await send(api, { path, headers: { host: "evil.example" } });
      expect([answer.status, errorOf(answer).data.reason.code]).toEqual([403, "HOST_NOT_ALLOWED"]);
    }
  });

  it("refuses another site's writes", async () => {
    const api = await startApi();
    const own = { origin: api.url };
    expect((await send(api, { ...start, headers: own })).status).toBe(404);
    for (const origin of ["https://evil.example", "null", `http://127.0.0.1:${api.port + 1}`]) {
      const answer = await send(api, { ...start, headers: { origin } });
      expect([answer.status, errorOf(answer).data.reason.code]).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
    }
  });

  it("takes writes as JSON only", async () => {
    const api = await startApi();
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const answer = await send(api, { ...start, headers: { "content-type": type } });
      expect([answer.status, errorOf(answer).data.reason.code]).toEqual([415, "CONTENT_TYPE_NOT_ALLOWED"]);
    }
    const json = { "content-type": "application/json; charset=utf-8" };
    expect((await send(api, { ...start, headers: json })).status).toBe(404);
  });

  it("lets no write through as a GET", async () => {
    const api = await startApi();
    const answer = await send(api, { path: "/api/trpc/task.start?input=%7B%22id%22%3A%22x%22%7D" });
    expect(answer.status).toBe(405);
  });

  it("answers the health, and leaves the rest to the pages", async () => {
    const api = await startApi();
    expect(await send(api, { path: "/api/health" })).toEqual({ status: 200, text: '{"ok":true}' });
    expect((await send(api, { path: "/tasks" })).text).toBe("page");
  });
});
