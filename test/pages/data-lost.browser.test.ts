import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { launchBrowser, openPage, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 120_000;

describe("a destination that has lost its data, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shard: RedisServer;
  let destination: RedisServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    shard = await startRedis();
    destination = await startRedis();
    await shard.client.mset("a", "1", "b", "2", "c", "3");
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  it(
    "is stopped for by a task that was told so in the form, whose choices stay unfolded",
    async () => {
      const { page } = watched;
      await page.goto(`${tributary.url}/tasks/new`);
      await page.getByRole("radio", { name: "Shards by hand" }).click();
      await page.locator("[name='shards.0.address']").fill(`127.0.0.1:${shard.port}`);
      await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
      await page.locator("[name=name]").fill("river");
      await page.getByText("Options").click();
      const stop = page.getByRole("radio", { name: "Stop and wait" });
      await stop.check();
      await page.getByRole("radio", { name: "Copy the shard again from the beginning" }).check();
      await stop.check();
      await page.getByRole("button", { name: "Create and start" }).click();
      await page.waitForURL(/\/tasks\/(?!new)/);
      await page.getByText("stops the shard").waitFor();
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await destination.client.flushall();
      await page.locator("header [data-status=failed]").waitFor({ timeout: 60_000 });
    },
    timeout,
  );

  it("is filled again only after a confirmation, which can be declined by keyboard", async () => {
    const { page } = watched;
    await page.getByRole("button", { name: "Copy again…" }).click();
    const dialog = page.getByRole("dialog", { name: "Synchronize river again?" });
    await dialog.getByText("Tributary fills it again").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    const keys = await destination.client.keys("*");
    expect(keys.filter((key) => !key.startsWith("tributary:"))).toEqual([]);
  });

  it(
    "is filled again from the shard's own page",
    async () => {
      const { page } = watched;
      await page.getByRole("link", { name: "shard-1" }).first().click();
      await page.getByRole("heading", { level: 1, name: "shard-1" }).waitFor();
      await page.getByRole("button", { name: "Copy again…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Copy again" }).click();
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await until(async () => (await destination.client.get("c")) === "3", {
        timeoutMs: 30_000,
        what: "the keys are back",
      });
      expect(await page.getByRole("button", { name: "Copy again…" }).count()).toBe(0);
      expect(watched.complaints).toEqual([]);
    },
    timeout,
  );
});
