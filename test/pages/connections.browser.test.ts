import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { axeViolations } from "./axe.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 180_000;

describe("the connections of a task, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shard: RedisServer;
  let destination: RedisServer;
  let task: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    [shard, destination] = await Promise.all([startRedis(), startRedis()]);
    await shard.client.set("before", 1);
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
    const { page } = watched;
    await page.goto(`${tributary.url}/tasks/new`);
    await page.getByRole("radio", { name: "Shards by hand" }).click();
    await page.locator("[name='shards.0.address']").fill(`127.0.0.1:${shard.port}`);
    await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
    await page.locator("[name=name]").fill("river");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.waitForURL(/\/tasks\/(?!new)/);
    task = new URL(page.url()).pathname;
    await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  it(
    "lead from a shard whose password has changed to the page where the new one is given, and go on",
    async () => {
      const { page } = watched;
      await shard.client.config("SET", "requirepass", "rotated");
      await shard.client.call("CLIENT", "KILL", "TYPE", "replica");
      await shard.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await page.getByText("AUTH_REQUIRED").first().waitFor({ timeout: 60_000 });
      await page.getByRole("link", { name: "Edit connections" }).first().click();
      await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      await page.locator("[name='shards.0.password']").fill("rotated");
      await page.getByText("Costs a reconnect. Nothing is copied again.").waitFor();
      expect(await page.locator("[name='shards.0.address']").inputValue()).toBe(`127.0.0.1:${shard.port}`);
      const save = page.getByRole("button", { name: "Save" });
      await until(() => save.isEnabled(), { what: "the task has come to rest", timeoutMs: 60_000 });
      await save.click();
      await page.waitForURL(`**${task}`);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await shard.client.set("after", 1);
      await until(async () => (await destination.client.exists("after")) === 1, { what: "it flows again" });
    },
    timeout,
  );

  it(
    "say at the field what is wrong with an address, and lose nothing",
    async () => {
      const { page } = watched;
      await page.goto(`${tributary.url}${task}/connections`);
      await page.getByRole("button", { name: "Pause" }).click();
      await page.locator("[name='shards.0.address']").fill("127.0.0.1:notaport");
      await page.locator("[name='destination.username']").fill("writer");
      const save = page.getByRole("button", { name: "Save" });
      await until(() => save.isEnabled(), { what: "the task has come to rest", timeoutMs: 60_000 });
      await save.click();
      await page.locator("[name='shards.0.address'][aria-invalid=true]").waitFor();
      expect(await page.locator("[name='destination.username']").inputValue()).toBe("writer");
    },
    timeout,
  );

  it.each([
    ["light", 1440],
    ["dark", 390],
  ] as const)(
    "are readable by everybody in the %s theme at %i pixels",
    async (colorScheme, width) => {
      const { page } = await openPage(browser, { colorScheme, viewport: { width, height: 900 } });
      await page.goto(`${tributary.url}${task}/connections`);
      await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(await overflowsSideways(page)).toBe(false);
      await page.close();
    },
    timeout,
  );
});
