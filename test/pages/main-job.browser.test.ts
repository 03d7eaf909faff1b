import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const shardNames = ["alpha-1", "alpha-2"] as const;
const timeout = 120_000;

describe("the main job in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shards: RedisServer[];
  let destination: RedisServer;
  let nutcracker: Nutcracker;

  beforeAll(async () => {
    browser = await launchBrowser();
    shards = await Promise.all(shardNames.map(() => startRedis()));
    destination = await startRedis();
    nutcracker = await startNutcracker({
      servers: shards.map((shard, index) => ({ port: shard.port, name: shardNames[index]! })),
    });
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
    await writeKeys("before", 500);
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  /** Writes through nutcracker, as an application would. */
  async function writeKeys(prefix: string, count: number): Promise<void> {
    const keys = Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
    await Promise.all(keys.map((key) => nutcracker.client.set(key, "value")));
  }

  const keysShown = () => watched.page.locator("[data-fact=destination-keys]").innerText();

  it("says on an empty list what to do next", async () => {
    const { page } = watched;
    await page.goto(`${tributary.url}/`);
    await page.getByRole("heading", { name: "No task yet" }).waitFor();
    await page.getByRole("link", { name: "Create a task" }).click();
    await page.getByRole("heading", { name: "New task" }).waitFor();
  });

  it(
    "creates a task from nutcracker.yml and shows both shards synchronizing",
    async () => {
      const { page } = watched;
      await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(nutcracker.configText);
      await page.getByRole("radio", { name: /alpha/ }).waitFor();
      expect(await page.getByRole("radio", { name: /alpha/ }).isChecked()).toBe(true);
      await page.getByRole("textbox", { name: "Address" }).fill(`127.0.0.1:${destination.port}`);
      await page.getByRole("button", { name: "Create and start" }).click();
      await page.waitForURL(/\/tasks\/(?!new)/);
      for (const name of shardNames) {
        await page.locator(`[data-shard="${name}"] [data-status=synchronizing]`).waitFor({ timeout: 60_000 });
      }
      await until(async () => (await page.title()).startsWith("Synchronizing"), {
        timeoutMs: 10_000,
        what: "the tab says Synchronizing",
      });
    },
    timeout,
  );

  it(
    "shows the counts move while keys are written",
    async () => {
      await until(async () => (await keysShown()) === "500", {
        timeoutMs: 30_000,
        what: "500 keys are shown",
      });
      await writeKeys("after", 1000);
      await until(async () => (await keysShown()) === "1,500", {
        timeoutMs: 30_000,
        what: "1,500 keys are shown",
      });
    },
    timeout,
  );

  it("opens a shard's page with its replication facts and charts", async () => {
    const { page } = watched;
    await page.getByRole("link", { name: "alpha-2" }).first().click();
    await page.getByRole("heading", { level: 1, name: "alpha-2" }).waitFor();
    await page.getByText("Replication ID").waitFor();
    expect(await page.locator("canvas").count()).toBe(4);
    const info = await shards[1]!.client.info("replication");
    const replid = /master_replid:(\w+)/.exec(info)?.[1];
    await page.getByText(String(replid), { exact: true }).waitFor();
    await page.getByRole("radio", { name: "6h" }).click();
    await page.getByRole("link", { name: "alpha-1" }).click();
    await page.getByRole("heading", { level: 1, name: "alpha-1" }).waitFor();
  });

  it("switches to dark and keeps it", async () => {
    const { page } = watched;
    const isDark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
    expect(await isDark()).toBe(false);
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    expect(await isDark()).toBe(true);
    await page.reload();
    expect(await isDark()).toBe(true);
  });

  it("never scrolls sideways on a phone", async () => {
    const { page } = watched;
    const shardUrl = page.url();
    const phone = await openPage(browser, { viewport: { width: 390, height: 844 } });
    for (const url of [
      `${tributary.url}/tasks`,
      `${tributary.url}/tasks/new`,
      shardUrl.replace(/\/shards.*/, ""),
      shardUrl,
    ]) {
      await phone.page.goto(url);
      await phone.page.getByRole("heading", { level: 1 }).waitFor();
      expect(await overflowsSideways(phone.page), url).toBe(false);
    }
    expect(phone.complaints).toEqual([]);
    await phone.page.context().close();
  });

  it("goes where the shortcuts say", async () => {
    const { page } = watched;
    await page.goto(`${tributary.url}/tasks`);
    await page.getByRole("heading", { level: 1, name: /Tasks/ }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("n");
    await page.waitForURL(/\/tasks\/new$/);
    await page.getByRole("heading", { level: 1, name: "New task" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.waitForURL(/\/tasks$/);
  });

  it("complained of nothing in the console", () => expect(watched.complaints).toEqual([]));

  it(
    "says that the server is lost, and goes on by itself when it is back",
    async () => {
      const { page } = watched;
      await page.goto(`${tributary.url}/tasks`);
      await page.getByRole("link", { name: "alpha", exact: true }).first().click();
      await page.getByRole("heading", { level: 1, name: "alpha" }).waitFor();
      await tributary.kill();
      await page.getByText("Reconnecting…").waitFor();
      expect(await page.getByText("WebSocket").count()).toBe(0);
      await tributary.startAgain();
      await page.getByText("Reconnecting…").waitFor({ state: "detached" });
      await writeKeys("later", 250);
      await until(async () => (await keysShown()) === "1,750", {
        timeoutMs: 45_000,
        what: "1,750 keys are shown without a reload",
      });
    },
    timeout,
  );

  it("leads to the cutover", async () => {
    const { page } = watched;
    await page.getByRole("link", { name: "Cut over" }).click();
    await page.getByRole("heading", { level: 1, name: "Cutover" }).waitFor();
    await page.getByRole("button", { name: "Begin" }).waitFor();
  });
});
