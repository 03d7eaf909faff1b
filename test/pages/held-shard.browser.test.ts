import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { launchBrowser, openPage, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 180_000;
/** Past the bound of 1,000. */
const KEYS = 1_200;

describe("a held shard, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shards: RedisServer[];
  let destination: RedisServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    // Killed without a save, they come back empty.
    shards = await Promise.all([startRedis(), startRedis()]);
    destination = await startRedis();
    for (const [index, shard] of shards.entries()) {
      const pipeline = shard.client.pipeline();
      for (let key = 0; key < KEYS; key++) pipeline.set(`${index}:k${key}`, 40);
      await pipeline.exec();
    }
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
    const { page } = watched;
    await page.goto(`${tributary.url}/tasks/new`);
    await page.getByRole("radio", { name: "Shards by hand" }).click();
    await page.locator("[name='shards.0.address']").fill(`127.0.0.1:${shards[0]!.port}`);
    await page.getByRole("button", { name: "Add a shard" }).click();
    await page.locator("[name='shards.1.address']").fill(`127.0.0.1:${shards[1]!.port}`);
    await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
    await page.locator("[name=name]").fill("river");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.waitForURL(/\/tasks\/(?!new)/);
    await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
    expect(await destination.client.dbsize()).toBeGreaterThanOrEqual(2 * KEYS);
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  /** From the task's page to the panel of a shard that has come back empty. */
  async function shrunk(page: Page, shard: number) {
    const name = `shard-${shard + 1}`;
    await page.goto(`${tributary.url}/tasks`);
    await page.getByRole("link", { name: "river" }).first().click();
    await page.getByRole("heading", { level: 1, name: "river" }).waitFor();
    await shards[shard]!.kill();
    await shards[shard]!.restart();
    await page.getByRole("link", { name: `Decide on ${name}` }).click({ timeout: 60_000 });
    const panel = page.locator("[data-panel=held]");
    await panel.getByText(`${name} has lost many of its keys`).waitFor();
    await panel.getByText(/it no longer has 1,200 \(100/).waitFor();
    expect(await destination.client.exists(`${shard}:k0`, `${shard}:k${KEYS - 1}`)).toBe(2);
    return panel;
  }

  it(
    "follows the shard when told so: its keys go, the other shard's stay",
    async () => {
      const { page } = watched;
      const panel = await shrunk(page, 0);
      await shards[0]!.client.set("0:since", "1");
      await panel.getByRole("button", { name: "Follow the shard…" }).click();
      const dialog = page.getByRole("dialog", { name: "Remove 1,200 keys?" });
      await dialog.getByRole("textbox", { name: "Your name" }).fill("Ann");
      await dialog.getByRole("button", { name: "Remove 1,200 keys" }).click();
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await panel.waitFor({ state: "detached" });
      await until(async () => (await destination.client.exists("0:since")) === 1, {
        what: "its stream goes on",
      });
      expect(await destination.client.exists("0:k0", `0:k${KEYS - 1}`)).toBe(0);
      expect(await destination.client.exists("1:k0", `1:k${KEYS - 1}`)).toBe(2);
      await page.getByText(/Ann/).first().waitFor();
      expect(await page.locator("header [data-differs]").count()).toBe(0);
    },
    timeout,
  );

  it(
    "keeps the copy when told so, says that the shard differs, and does not build on what is kept",
    async () => {
      const { page } = watched;
      const panel = await shrunk(page, 1);
      await shards[1]!.client.incr("1:k0");
      await panel.getByRole("button", { name: "Keep the copy…" }).click();
      const dialog = page.getByRole("dialog", { name: "Keep the copy?" });
      await dialog.getByRole("button", { name: "Keep the copy" }).click();
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await panel.waitFor({ state: "detached" });
      await page.locator("[data-panel=differs]").getByText("KEYS_KEPT", { exact: true }).waitFor();
      await until(async () => (await destination.client.get("1:k0")) === "1", {
        what: "it begins with nothing",
      });
      expect(await destination.client.exists("1:k1", `1:k${KEYS - 1}`)).toBe(2);
      expect(watched.complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
    },
    timeout,
  );
});
