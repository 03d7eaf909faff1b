import { readFileSync } from "node:fs";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis } from "../servers/index.ts";
import { axeViolations } from "./axe.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 300_000;
const patient = { timeout: 90_000 };

describe("verification, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shards: RedisServer[];
  let destination: RedisServer;
  let nutcracker: Nutcracker;
  let taskUrl = "";

  beforeAll(async () => {
    browser = await launchBrowser();
    shards = await Promise.all([startRedis(), startRedis()]);
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
    await page.locator("header [data-status=synchronizing]").waitFor(patient);
    taskUrl = page.url();
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  const section = (name: string): Locator =>
    watched.page.locator("section", { has: watched.page.getByRole("heading", { name, exact: true }) });
  const verification = () => section("Verification");
  const findings = () => watched.page.locator("#findings");
  const finding = (key: string) =>
    findings()
      .locator("[data-finding]")
      .filter({ has: watched.page.getByText(key, { exact: true }) });

  it(
    "says with one click that all is equal, on the task's page and in its header",
    async () => {
      const { page } = watched;
      await verification().getByText("Not verified yet.", { exact: false }).waitFor();
      await verification().getByRole("button", { name: "Verify", exact: true }).click();
      await verification()
        .getByText(/^60 keys compared, all equal as of/)
        .waitFor(patient);
      const badge = page.locator("[data-verdict=equal]");
      await badge.waitFor();
      expect(await badge.textContent()).toMatch(/^Verified: equal, /);
      await page.goto(`${tributary.url}/tasks`);
      await page.locator("tr[data-task=river] [data-verdict=equal]").waitFor();
      await page.goto(taskUrl);
    },
    timeout,
  );

  it(
    "counts what differs by kind and shard, and leads to it",
    async () => {
      const { page } = watched;
      await destination.client.hset("k:7", "field", "tampered");
      await destination.client.del("k:8");
      await destination.client.set("nobody's", "=1+1");
      await destination.client.set(Buffer.from([0, 255, 10]), "x");
      await destination.client.pexpire("k:9", 86_400_000);
      await verification().getByRole("button", { name: "Verify", exact: true }).click();
      await verification()
        .getByText(/^5 of 62 differ/)
        .waitFor(patient);
      await page.locator("[data-verdict=different]").waitFor();
      await verification().getByRole("link", { name: "Look at the 5 differences" }).click();
      await page
        .getByRole("heading", { level: 1, name: "The destination differs from the shards." })
        .waitFor();
      await page.getByText("Verification 2", { exact: true }).waitFor();
      const table = page.getByRole("table", { name: "Differences, by kind and shard" });
      expect(await table.getByRole("columnheader").allTextContents()).toEqual([
        "Shard",
        "Missing",
        "Extra",
        "Other value",
        "Other expiry",
      ]);
      expect(await table.getByRole("row", { name: "All" }).getByRole("cell").allTextContents()).toEqual([
        "1",
        "2",
        "1",
        "1",
      ]);
    },
    timeout,
  );

  it(
    "shows both sides next to each other, and narrows the list by what stands in the address",
    async () => {
      const { page } = watched;
      await finding("k:8").getByText("absent", { exact: true }).waitFor();
      await finding("k:7").getByText("tampered", { exact: true }).waitFor();
      await finding("k:7").getByText("7", { exact: true }).waitFor();
      await finding("\\x00\\xff\\x0a").waitFor();
      await findings().getByRole("link", { name: "Extra 2" }).click();
      await page.waitForURL(/\?kind=extra$/);
      await finding("k:7").waitFor({ state: "detached" });
      expect(await findings().locator("[data-finding]").count()).toBe(2);
      await findings().getByRole("searchbox").fill("\\xff");
      await findings().getByRole("button", { name: "Search" }).click();
      await page.waitForURL(/q=/);
      await finding("nobody's").waitFor({ state: "detached" });
      await finding("\\x00\\xff\\x0a").waitFor();
      await page.reload();
      await finding("\\x00\\xff\\x0a").waitFor();
      expect(await findings().locator("[data-finding]").count()).toBe(1);
      await findings().getByRole("searchbox").fill("no such key");
      await findings().getByRole("searchbox").press("Enter");
      await findings().getByText("No key of this run matches.").waitFor();
    },
    timeout,
  );

  it(
    "gives each difference an address of its own, and lets some be chosen",
    async () => {
      const { page } = watched;
      await page.goto(page.url().split("?")[0]!);
      await finding("nobody's").getByRole("link", { name: /^No\./ }).click();
      await page.getByRole("heading", { level: 1, name: "Extra" }).waitFor();
      await page.getByText("On the destination and on no shard.", { exact: false }).waitFor();
      await page.getByText("=1+1", { exact: true }).waitFor();
      await page.goBack();
      await findings()
        .getByRole("checkbox", { name: /^Choose all/ })
        .check();
      await findings().getByText("5 chosen").waitFor();
      await finding("k:8").getByRole("checkbox").uncheck();
      await findings().getByText("4 chosen").waitFor();
      await findings().getByRole("button", { name: "Choose none" }).click();
      await findings().getByRole("toolbar").waitFor({ state: "detached" });
    },
    timeout,
  );

  it(
    "hands the list out as a file, safe to be opened in a spreadsheet",
    async () => {
      const { page } = watched;
      const download = async (name: string) => {
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          findings().getByRole("link", { name, exact: true }).click(),
        ]);
        return readFileSync(await file.path(), "utf8");
      };
      const csv = await download("CSV");
      expect(csv.split("\r\n")).toHaveLength(7);
      expect(csv).toContain(",\\x00\\xff\\x0a,absent,");
      expect(csv).toMatch(/,nobody's,absent,,,,string,\d+,,'=1\+1,\r\n/);
      const json = JSON.parse(await download("JSON"));
      expect(json.findings).toHaveLength(5);
      expect(json.findings.map((one: { key: { base64: string } }) => one.key.base64)).toContain("AP8K");
    },
    timeout,
  );

  it(
    "verifies one shard from its page, with limits that can be changed while it runs",
    async () => {
      const { page } = watched;
      const more = Array.from({ length: 4_000 }, (_, number) => [`more:${number}`, "x"]);
      await nutcracker.client.mset(more.flat());
      await page.goto(taskUrl);
      await page.getByRole("link", { name: "alpha-1" }).first().click();
      await page.getByRole("heading", { level: 1, name: "alpha-1" }).waitFor();
      await page.getByRole("button", { name: "Verify…" }).click();
      const dialog = page.getByRole("dialog");
      expect(await dialog.getByRole("radio", { name: /^One shard/ }).isChecked()).toBe(true);
      expect(await axeViolations(page)).toEqual([]);
      // So slow that there is time to look at it.
      await dialog.getByRole("textbox", { name: /Keys per second/ }).fill("50");
      await dialog.getByRole("button", { name: "Verify", exact: true }).click();
      await page.getByRole("link", { name: "Verifying…" }).click();
      const underWay = section("In progress");
      await underWay.getByText("at most 50 keys/s", { exact: false }).waitFor(patient);
      await underWay.getByRole("button", { name: "Pause" }).click();
      await underWay.getByText("Paused", { exact: true }).waitFor();
      await underWay.getByRole("button", { name: "Resume" }).click();
      await underWay.getByRole("button", { name: "Limits…" }).click();
      await dialog.getByRole("textbox", { name: /Keys per second/ }).fill("");
      await dialog.getByRole("button", { name: "Change" }).click();
      await page.getByText("Looked at: shard alpha-1").waitFor(patient);
      expect(await page.locator("[data-run]").count()).toBe(3);
      await page.getByRole("img", { name: /^Differences in the last 3 runs: 2 of them/ }).waitFor();
    },
    timeout,
  );

  it(
    "is told when to verify by itself, and refuses what is no time",
    async () => {
      const { page } = watched;
      const card = section("Schedule");
      await card.getByRole("button", { name: "Set up…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("At", { exact: true }).fill("04:30");
      await dialog.getByLabel("Time zone").fill("Europe/Berlin");
      expect(await axeViolations(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Save" }).click();
      await card.getByText("Every day at 04:30, Europe/Berlin").waitFor();
      expect(await card.getByText(/04:30:00 (CET|CEST|GMT\+[12])$/).count()).toBe(3);
      await card.getByRole("button", { name: "Change…" }).click();
      await dialog.getByRole("radio", { name: /^By a cron expression/ }).check();
      await dialog.getByRole("textbox", { name: "Cron expression" }).fill("61 * * * *");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByRole("alert").waitFor();
      // The browser itself says so of every answer that refuses something.
      expect(watched.complaints.splice(0)).toEqual([expect.stringContaining("400 (Bad Request)")]);
      await dialog.getByRole("textbox", { name: "Cron expression" }).fill("15 */6 * * 1-5");
      await dialog.getByRole("button", { name: "Save" }).click();
      await card.getByText("By the expression 15 */6 * * 1-5, Europe/Berlin").waitFor();
      await page.reload();
      await card.getByRole("button", { name: "Change…" }).click();
      await dialog.getByRole("button", { name: "Switch off" }).click();
      await card.getByText("switched off", { exact: false }).waitFor();
      await card.getByRole("button", { name: "Change…" }).click();
      await dialog.getByRole("button", { name: "Remove" }).click();
      await card.getByText("This task is verified only on request.").waitFor();
    },
    timeout,
  );

  it(
    "is clean for axe and fits a phone, in both themes",
    async () => {
      const { page } = watched;
      const list = `${taskUrl}/verifications`;
      const run = `${list}/2`;
      for (const url of [list, run, `${run}?list=apart`, `${run}/1`, taskUrl, `${tributary.url}/tasks`]) {
        await page.goto(url);
        await page.getByRole("heading", { level: 1 }).waitFor();
        for (const [width, colorScheme] of [
          [1440, "light"],
          [390, "dark"],
        ] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await page.setViewportSize({ width, height: 900 });
          await page.locator(`html.${colorScheme}`).waitFor();
          expect(await axeViolations(page), `${url} at ${width}, ${colorScheme}`).toEqual([]);
          expect(await overflowsSideways(page), `${url} at ${width}`).toBe(false);
        }
      }
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1440, height: 900 });
    },
    timeout,
  );

  it(
    "calls a verdict stale once a shard was copied again after it",
    async () => {
      const { page } = watched;
      await page.goto(taskUrl);
      await page.locator("[data-verdict][data-stale-verdict=false]").waitFor();
      await page.getByRole("button", { name: "More actions for river" }).click();
      await page.getByRole("menuitem", { name: "Synchronize again…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Synchronize again" }).click();
      const badge = page.locator("[data-verdict][data-stale-verdict=true]");
      await badge.waitFor(patient);
      expect(await badge.textContent()).toMatch(/^Stale: /);
      await verification()
        .getByText(/^Stale: alpha-1.*copied again after it$/)
        .waitFor();
    },
    timeout,
  );

  it(
    "answers 404 to a run and a finding that are not there",
    async () => {
      const status = async (path: string) => (await fetch(`${taskUrl}/verifications/${path}`)).status;
      expect(await Promise.all(["99", "x", "2/99"].map(status))).toEqual([404, 404, 404]);
      expect(watched.complaints).toEqual([]);
    },
    timeout,
  );
});
