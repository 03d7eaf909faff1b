import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 120_000;

describe("merging, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shards: RedisServer[];
  let destination: RedisServer;
  let nutcracker: Nutcracker;

  beforeAll(async () => {
    browser = await launchBrowser();
    shards = await Promise.all([startRedis(), startRedis()]);
    destination = await startRedis();
    nutcracker = await startNutcracker({
      servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
    });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => nutcracker.client.set(`${index}:k`, "shard's")),
    );
    await destination.client.mset("1:k", "there before", "theirs", "there before");
    const entry = {
      v: 1,
      name: "beta",
      shards: [{ id: "b", name: "beta-1" }],
      databases: [1],
      host: "host-1",
    };
    await destination.client.hset("tributary:tasks", "beta-id", JSON.stringify(entry));
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  async function fillForm(page: Page, name: string, address: string): Promise<void> {
    await page.goto(`${tributary.url}/tasks/new`);
    await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(nutcracker.configText);
    await page.getByRole("radio", { name: /alpha/ }).waitFor();
    await page.locator("[name='destination.address']").fill(address);
    await page.locator("[name=name]").fill(name);
  }

  const shardPage = async (page: Page, name: string) => {
    await page.getByRole("link", { name }).first().click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
  };

  it(
    "says that the destination holds keys, and takes what becomes of them",
    async () => {
      const { page } = watched;
      await fillForm(page, "river", `127.0.0.1:${destination.port}`);
      await page.locator("[name=name]").press("Enter");
      await page
        .getByText("DESTINATION_HOLDS_KEYS")
        .or(page.getByText(/holds keys already/))
        .first()
        .waitFor();
      await page.getByRole("button", { name: "Overwrite those of the same name" }).click();
      await page.getByText(/overwrites keys/).waitFor();
      expect(await destination.client.get("1:k")).toBe("there before");
    },
    timeout,
  );

  it(
    "starts into it by no Enter key, but by a button that says how many keys are there",
    async () => {
      const { page } = watched;
      await page.locator("[name=name]").press("Enter");
      const dialog = page.getByRole("dialog", { name: "Write into a destination that holds keys?" });
      await dialog.getByText("holds 2 keys already, in database 0").waitFor();
      await dialog.getByText("1 of 40 that were looked at").waitFor();
      await dialog.getByRole("textbox", { name: "Your name" }).fill("Ann");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      expect(await dialog.isVisible()).toBe(true);
      expect(await destination.client.get("1:k")).toBe("there before");
      await dialog.getByRole("button", { name: "Start and overwrite" }).click();
      await page.waitForURL(/\/tasks\/(?!new)/);
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await page.getByText(/^Ann \(127\.0\.0\.1\), 2 keys there/).waitFor();
      await page.getByText("The owner wins").waitFor();
      expect(await destination.client.mget("1:k", "theirs")).toEqual(["shard's", "there before"]);
    },
    timeout,
  );

  it(
    "names a task that is in a database already, and offers one that is empty",
    async () => {
      const { page } = watched;
      await fillForm(page, "second", `127.0.0.1:${destination.port}/1`);
      await page.getByRole("button", { name: "Create and start" }).click();
      const dialog = page.getByRole("dialog", { name: "Write beside another task?" });
      await dialog.getByText("beta").first().waitFor();
      await dialog.getByText(/1 shard: beta-1, on host-1/).waitFor();
      await dialog.getByRole("button", { name: /^Use database/ }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText("Databases", { exact: false }).filter({ hasText: "changed" }).first().click();
      expect(await page.getByRole("radio", { name: "Chosen databases" }).isChecked()).toBe(true);
      expect(await page.getByLabel("Destination database 1").inputValue()).toBe("2");
    },
    timeout,
  );

  it(
    "shows that a flushed shard differs, until somebody takes note by name",
    async () => {
      const { page } = watched;
      await page.goto(`${tributary.url}/tasks`);
      await page.getByRole("link", { name: "river" }).click();
      await page.getByRole("heading", { level: 1, name: "river" }).waitFor();
      await shards[0]!.client.flushall();
      await page.locator("header [data-differs]").waitFor();
      await page.locator("[data-shard='alpha-1'] [data-differs]").waitFor();
      await shardPage(page, "alpha-1");
      const panel = page.locator("[data-panel=differs]");
      await panel.getByText("FLUSHALL", { exact: true }).waitFor();
      await panel.getByRole("button", { name: "Acknowledge…" }).click();
      const dialog = page.getByRole("dialog", { name: "Acknowledge the difference" });
      expect(await dialog.getByRole("textbox", { name: "Your name" }).inputValue()).toBe("Ann");
      await dialog.getByRole("textbox", { name: "Reason" }).fill("planned");
      await dialog.getByRole("button", { name: "Acknowledge" }).click();
      await panel.waitFor({ state: "detached" });
      await page
        .getByText(/was acknowledged by Ann \(127\.0\.0\.1\).*: planned/)
        .first()
        .waitFor();
      expect(await page.locator("header [data-differs]").count()).toBe(0);
    },
    timeout,
  );

  it(
    "synchronizes a shard again when asked, which brings back what is missing on the destination",
    async () => {
      const { page } = watched;
      await shardPage(page, "alpha-2");
      const [key = ""] = await shards[1]!.client.keys("*:k");
      await destination.client.del(key);
      await page.locator("header").getByRole("button", { name: "Synchronize again…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Synchronize again" }).click();
      await until(async () => (await destination.client.exists(key)) === 1, {
        timeoutMs: 60_000,
        what: "the key is back",
      });
      await page.getByText(/synchronized again, asked by Ann/).waitFor();
    },
    timeout,
  );

  it(
    "changes the merge policy while the task is paused",
    async () => {
      const { page } = watched;
      await page.getByRole("link", { name: "river" }).click();
      await page.getByText("pause it to change these").waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("button", { name: "Change…" }).click({ timeout: 60_000 });
      const dialog = page.getByRole("dialog", { name: "How river merges" });
      await dialog.getByRole("radio", { name: /The owner only/ }).check();
      await dialog.getByText("Synchronize the task again afterwards").waitFor();
      await dialog.getByRole("button", { name: "Save" }).click();
      await page.getByText(/the merge policy from owner-wins to owner-only/).waitFor();
      await page.getByRole("button", { name: "Resume" }).click();
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      expect(watched.complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
    },
    timeout,
  );

  it("fits a phone", async () => {
    const { page } = watched;
    await page.setViewportSize({ width: 390, height: 844 });
    for (const url of [page.url(), `${page.url()}/shards/alpha-1`, `${tributary.url}/tasks/new`]) {
      await page.goto(url);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await overflowsSideways(page)).toBe(false);
    }
  });
});
