import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis } from "../servers/index.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 120_000;

describe("verification, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let destination: RedisServer;
  let nutcracker: Nutcracker;

  beforeAll(async () => {
    browser = await launchBrowser();
    const shards = await Promise.all([startRedis(), startRedis()]);
    destination = await startRedis();
    nutcracker = await startNutcracker({
      servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
    });
    for (let number = 0; number < 60; number++) await nutcracker.client.hset(`k:${number}`, "field", number);
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
    const { page } = watched;
    await page.goto(`${tributary.url}/tasks/new`);
    await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(nutcracker.configText);
    await page.getByRole("radio", { name: /alpha/ }).waitFor();
    await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
    await page.locator("[name=name]").fill("river");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  const section = () =>
    watched.page.locator("section", { has: watched.page.getByRole("heading", { name: "Verification" }) });

  it(
    "says with one click that all is equal",
    async () => {
      await section().getByText("Not verified yet.", { exact: false }).waitFor();
      await section().getByRole("button", { name: "Verify" }).click();
      await section()
        .getByText(/^60 keys compared, all equal as of/)
        .waitFor({ timeout: 60_000 });
    },
    timeout,
  );

  it(
    "lists what differs, with both sides, and which part of a value it is",
    async () => {
      await destination.client.hset("k:7", "field", "tampered");
      await destination.client.del("k:8");
      await destination.client.set("nobody's", "x");
      await section().getByRole("button", { name: "Verify" }).click();
      await section()
        .getByText(/^3 of 61 differ/)
        .waitFor({ timeout: 60_000 });
      for (const kind of ["Missing 1", "Extra 1", "Other value 1"]) {
        await section().getByRole("radio", { name: kind }).waitFor();
      }
      await section().getByRole("radio", { name: "Other value 1" }).click();
      await section().getByText("k:7", { exact: true }).waitFor();
      await section().getByText("field field: 7 / tampered").waitFor();
      expect(await section().getByText("k:8", { exact: true }).count()).toBe(0);
      await section().getByText("Former verifications").click();
      await section()
        .getByText(/all equal as of/)
        .waitFor();
    },
    timeout,
  );

  it(
    "fits a phone",
    async () => {
      await watched.page.setViewportSize({ width: 390, height: 844 });
      expect(await overflowsSideways(watched.page)).toBe(false);
      expect(watched.complaints).toEqual([]);
    },
    timeout,
  );
});
