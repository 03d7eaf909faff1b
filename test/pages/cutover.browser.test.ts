import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 180_000;

describe("a cutover, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let destination: RedisServer;
  let nutcracker: Nutcracker;
  let taskUrl: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    const shards = await Promise.all([startRedis(), startRedis()]);
    destination = await startRedis();
    nutcracker = await startNutcracker({
      servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
    });
    for (let number = 0; number < 60; number++) await nutcracker.client.set(`k:${number}`, number);
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
    taskUrl = page.url();
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  const at = (step: string) => watched.page.locator(`[data-panel="${step}"]`).waitFor({ timeout: 90_000 });
  const gate = (name: string) => watched.page.locator(`[data-gate="${name}"]`);
  const open = (name: string) =>
    watched.page.locator(`[data-gate="${name}"][data-ok=true]`).waitFor({ timeout: 90_000 });
  const goOn = (name: RegExp) => watched.page.getByRole("button", { name }).click({ timeout: 90_000 });

  /** For whoever wants to look at the page: TRIBUTARY_SHOTS names a folder. */
  async function shot(name: string): Promise<void> {
    const folder = process.env.TRIBUTARY_SHOTS;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    const { page } = watched;
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, timeout: 60_000 });
  }

  it(
    "is begun from the task's page, and shows what its gates measure",
    async () => {
      const { page } = watched;
      await page.getByRole("link", { name: "Cut over" }).click();
      await page.getByRole("heading", { level: 1, name: "Cutover" }).waitFor();
      await shot("begin");
      await page.getByRole("button", { name: "Begin" }).click();
      await at("gates");
      await open("synchronizing");
      await open("doubtful-keys");
      expect(await gate("verified").getAttribute("data-ok")).toBe("false");
      expect(await page.getByRole("button", { name: /stop the writes/ }).isDisabled()).toBe(true);
      await shot("gates");
    },
    timeout,
  );

  it(
    "opens the last gate with a verification, and says what still writes",
    async () => {
      const { page } = watched;
      await page.goto(taskUrl);
      await page.getByRole("link", { name: "Go on with the cutover" }).waitFor();
      await page.getByRole("button", { name: "Verify" }).click();
      await page
        .getByText(/^60 keys compared, all equal as of/)
        .first()
        .waitFor({ timeout: 60_000 });
      await page.getByRole("link", { name: "Go on with the cutover" }).click();
      await open("lag");
      await open("verified");
      await goOn(/stop the writes/);
      await at("stop-writes");
      let writing = true;
      const writer = (async () => {
        for (let n = 0; writing; n++) {
          await nutcracker.client.set("k:1", n);
          await sleep(20);
        }
      })();
      await gate("writes-stopped")
        .getByText(/writes\/s still come \(SET\)/)
        .waitFor({ timeout: 30_000 });
      expect(await page.getByRole("button", { name: /drain/ }).isDisabled()).toBe(true);
      await shot("stop-writes");
      writing = false;
      await writer;
      await open("writes-stopped");
    },
    timeout,
  );

  it(
    "takes no order from a page that shows an older step",
    async () => {
      const other = await openPage(browser);
      await other.page.goto(`${taskUrl}/cutover`);
      await other.page.locator('[data-panel="stop-writes"]').waitFor();
      // What this page hears from now on does not come: it is as old as can be.
      await other.page.context().setOffline(true);
      await goOn(/drain/);
      await at("drain");
      await open("drained");
      await shot("drain");
      const stale = await fetch(`${tributary.url}/api/trpc/cutover.order`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id: taskUrl.split("/").at(-1), step: "stop-writes", move: "proceed" }),
      });
      expect(stale.status).toBe(409);
      expect(JSON.stringify(await stale.json())).toContain("CUTOVER_MOVED");
      await other.page.context().close();
    },
    timeout,
  );

  it(
    "verifies, comes to rest, shows the new file, and finishes after the task's name was typed",
    async () => {
      const { page } = watched;
      await goOn(/verify/);
      await at("verify");
      await open("final-verification");
      await shot("verify");
      await goOn(/switch/);
      await at("switch");
      const file = page.locator("[data-file=next]");
      await file.waitFor();
      expect(await file.innerText()).toContain(`127.0.0.1:${destination.port}:1 destination`);
      await page.getByRole("radio", { name: "Former" }).click();
      expect((await page.locator("[data-file=former]").innerText()).trim()).toBe(
        nutcracker.configText.trim(),
      );
      await shot("switch");
      await page.getByRole("button", { name: /finish…/ }).click();
      const dialog = page.getByRole("dialog");
      const confirm = dialog.getByRole("button", { name: "Finish" });
      expect(await confirm.isDisabled()).toBe(true);
      await dialog.locator("[name=confirm]").fill("rive");
      expect(await confirm.isDisabled()).toBe(true);
      await dialog.locator("[name=confirm]").fill("river");
      await dialog.locator("[name=by]").fill("Ann");
      await confirm.click();
      await at("finished");
      await shot("finished");
      expect(await destination.client.keys("*tributary*")).toEqual([]);
      expect(await destination.client.get("k:7")).toBe("7");
    },
    timeout,
  );

  it(
    "prints the report",
    async () => {
      const { page } = watched;
      await page.getByRole("link", { name: "See the report" }).click();
      await page.getByRole("heading", { level: 1, name: "Migration of river" }).waitFor();
      for (const text of ["Shard alpha-1", "Verifications", "Decisions and warnings"])
        await page.getByRole("heading", { name: text }).waitFor();
      await page.getByText("Ann (127.0.0.1)").first().waitFor();
      await shot("report");
      expect((await page.pdf()).byteLength).toBeGreaterThan(10_000);
      await page.emulateMedia({ media: "print" });
      expect(await page.getByRole("button", { name: "Print" }).isVisible()).toBe(false);
      await page.emulateMedia({ media: null });
    },
    timeout,
  );

  it("fits a phone, and complains of nothing", async () => {
    const { page } = watched;
    await page.setViewportSize({ width: 390, height: 844 });
    for (const url of [`${taskUrl}/cutover`, `${taskUrl}/report`]) {
      await page.goto(url);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await overflowsSideways(page), url).toBe(false);
    }
    await until(() => watched.complaints.length === 0, { what: "no complaint" });
  });
});
