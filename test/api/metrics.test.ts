import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openTestControl, twoShards } from "../control/harness/open-test-control.ts";
import { openTestPeople } from "../people/open-test-people.ts";
import { until } from "../servers/index.ts";
import { requiredBinary } from "../servers/required-binary.ts";
import { startApi } from "./start-api.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Debian's promtool, which belongs to Prometheus itself. @returns what it complains of; "" for nothing. */
function promtool(args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync(requiredBinary("promtool", "prometheus"), args, {
    input,
    encoding: "utf8",
  });
  return status === 0 ? stderr : `${stdout}${stderr}`;
}

/** A task of two shards; nobody has to sign in unless said. */
async function withTask({ name = "orders", login = "off" as "on" | "off" } = {}) {
  const control = openTestControl();
  const { people, add, signIn } = openTestPeople(control, { login });
  const api = await startApi({ control, people });
  const { id } = await control.control.create({ ...twoShards, name }, { start: true, skipChecks: false });
  await until(() => control.runner.specs.size === 2, { what: "the shard syncs were begun" });
  const as = async (role: "viewer" | "operator") => ({ cookie: await signIn((await add(role)).email) });
  const scrape = async (headers: Record<string, string> = {}) => {
    const answer = await fetch(`${api.url}/metrics`, { headers });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };
  return { ...control, api, people, id, as, scrape };
}

/** The value of a series; null where there is none. */
function seriesValue(text: string, name: string, labels: Record<string, string> = {}): number | null {
  const line = text
    .split("\n")
    .find(
      (one) =>
        new RegExp(`^${name}[{ ]`).test(one) &&
        Object.entries(labels).every(([label, value]) => one.includes(`${label}="${value}"`)),
    );
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(" ") + 1));
}

describe("/metrics", () => {
  it("passes promtool's check of names, units and help", async () => {
    const { runner, scrape } = await withTask();
    runner.reportAll("synchronizing");
    const { status, type, text } = await scrape();
    expect({ status, type }).toEqual({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
    expect(promtool(["check", "metrics"], text)).toBe("");
  });

  it("tells each shard's lag and status in base units", async () => {
    const { runner, scrape } = await withTask();
    runner.reportAll("synchronizing", { lag: { seconds: 0.25, bytes: 4096 } as never });
    const { text } = await scrape();
    const labels = { task_name: "orders", shard: "a" };
    expect(seriesValue(text, "tributary_shard_lag_seconds", labels)).toBe(0.25);
    expect(seriesValue(text, "tributary_shard_lag_bytes", labels)).toBe(4096);
    expect(seriesValue(text, "tributary_shard_status", { ...labels, status: "synchronizing" })).toBe(1);
    expect(seriesValue(text, "tributary_shard_status", { ...labels, status: "failed" })).toBe(0);
  });

  it("leaves out what is unknown instead of calling it 0", async () => {
    const { scrape } = await withTask();
    const { text } = await scrape();
    expect(seriesValue(text, "tributary_task_shards")).toBe(2);
    expect(seriesValue(text, "tributary_shard_lag_seconds")).toBeNull();
    expect(seriesValue(text, "tributary_task_verification_differences")).toBeNull();
  });

  it("tells nothing more of a task that was deleted", async () => {
    const { control, id, scrape } = await withTask({ name: "short-lived" });
    expect((await scrape()).text).toContain("short-lived");
    await control.pause(id);
    await control.delete(id);
    expect((await scrape()).text).not.toContain("short-lived");
  });

  it("is for those who have signed in, or hold a token", async () => {
    const { scrape } = await withTask({ login: "on" });
    expect((await scrape()).status).toBe(401);
  });

  it("hides hosts in labels from viewers who may not see them", async () => {
    const control = await withTask({ login: "on" });
    const { as, scrape, people, control: tasks } = control;
    await tasks.create(
      {
        ...twoShards,
        name: "addresses",
        source: { kind: "shards", shards: [{ name: "10.11.12.13:7001", address: "10.11.12.13:7001" }] },
      },
      { start: false, skipChecks: false },
    );
    people.masking.set({ values: true, keys: true, hosts: true });
    expect((await scrape(await as("viewer"))).text).not.toContain("10.11.12.13");
    expect((await scrape(await as("operator"))).text).toContain("10.11.12.13");
  });
});

describe("probes", () => {
  it("are answered to everybody", async () => {
    const { api } = await withTask();
    for (const path of ["/healthz", "/readyz"]) {
      const answer = await fetch(api.url + path);
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
    }
  });

  it("say what a server waits for that is not of use yet", async () => {
    const api = await startApi({ notReady: () => ["pages"] });
    const answer = await fetch(`${api.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ready: false, waitsFor: ["pages"] });
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  });
});

describe("what docs offer to Prometheus and Grafana", () => {
  it("has alert rules that promtool accepts", () => {
    expect(promtool(["check", "rules", `${root}docs/monitoring/alert-rules.yml`])).toBe("");
  });

  it.each(["alert-rules.yml", "grafana-dashboard.json"])(
    "names in %s only series that there are",
    async (file) => {
      const { runner, scrape } = await withTask();
      runner.reportAll("synchronizing");
      const { text } = await scrape();
      const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
      const named = new Set(
        readFileSync(`${root}docs/monitoring/${file}`, "utf8").match(/tributary_[a-z_]+/g),
      );
      expect(named.size).toBeGreaterThan(3);
      expect([...named].filter((name) => !known.has(name))).toEqual([]);
    },
  );
});
