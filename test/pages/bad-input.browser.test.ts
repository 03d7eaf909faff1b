import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis } from "../servers/index.ts";
import { launchBrowser, openPage, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 120_000;

describe("bad input in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let shard: RedisServer;
  let destination: RedisServer;
  let nutcracker: Nutcracker;

  beforeAll(async () => {
    browser = await launchBrowser();
    shard = await startRedis();
    destination = await startRedis();
    nutcracker = await startNutcracker({ servers: [{ port: shard.port, name: "alpha-1" }] });
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  beforeEach(async () => {
    await watched.page.goto(`${tributary.url}/tasks/new`);
    await watched.page.getByRole("heading", { name: "New task" }).waitFor();
  });

  async function enterShard(port: number): Promise<void> {
    const { page } = watched;
    await page.getByRole("radio", { name: "Shards by hand" }).click();
    await page.locator("[name='shards.0.address']").fill(`127.0.0.1:${port}`);
  }

  async function test(): Promise<void> {
    await watched.page.getByRole("button", { name: "Test connection" }).click();
  }

  it("marks what is missing at its field and keeps what was entered", async () => {
    const { page } = watched;
    await page.locator("[name='destination.username']").fill("someone");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.getByText("Give the task a name.").waitFor();
    await page.getByText("Paste your nutcracker.yml, or enter the shards by hand.").waitFor();
    await page.getByText("Give the destination's address.").waitFor();
    expect(await page.locator("[name='destination.username']").inputValue()).toBe("someone");
  });

  it("shows a syntax error of nutcracker.yml at its line, with the remedy", async () => {
    const { page } = watched;
    await page
      .getByRole("textbox", { name: "nutcracker.yml" })
      .fill("alpha:\n  redis: true\n  servers: [oops\n");
    const problem = page.locator("[data-problem=error]").first();
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/^Line \d/);
    expect((await problem.innerText()).length).toBeGreaterThan(30);
  });

  it("does not let a pool be chosen that is not a Redis pool", async () => {
    const { page } = watched;
    const text = nutcracker.configText.replace("redis: true", "redis: false");
    await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(text);
    await page.getByText("a memcached pool (redis: true is missing)").waitFor();
    expect(await page.getByRole("radio", { name: /alpha/ }).isDisabled()).toBe(true);
  });

  it("names a nutcracker that was given as a shard, and says what to give instead", async () => {
    const { page } = watched;
    await enterShard(nutcracker.port);
    await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
    await test();
    await page
      .locator("[data-check=error]")
      .getByText(/nutcracker|Twemproxy/)
      .first()
      .waitFor();
    await page
      .getByText("Give the addresses in the pool's servers list, or paste nutcracker.yml.")
      .first()
      .waitFor();
  });

  it("refuses a destination that is one of the shards, and creates no task", async () => {
    const { page } = watched;
    await enterShard(shard.port);
    await page.locator("[name='destination.address']").fill(`localhost:${shard.port}`);
    await page.locator("[name=name]").fill("loop");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page
      .locator("[data-check=error]")
      .getByText(/is the same server as shard/)
      .first()
      .waitFor();
    await page.getByText("Give a destination that is not part of the source.").first().waitFor();
    expect(new URL(page.url()).pathname).toBe("/tasks/new");
    expect(await page.locator("[name='shards.0.address']").inputValue()).toBe(`127.0.0.1:${shard.port}`);
    await page.goto(`${tributary.url}/tasks`);
    await page.getByRole("heading", { name: "No task yet" }).waitFor();
  });

  it("moves a password out of a pasted address into its hidden field", async () => {
    const { page } = watched;
    await page.locator("[name='destination.address']").fill("rediss://app:s%40cret@redis.example:6380/2");
    await page.locator("[name='destination.address']").blur();
    expect(await page.locator("[name='destination.address']").inputValue()).toBe(
      "rediss://redis.example:6380/2",
    );
    expect(await page.locator("[name='destination.username']").inputValue()).toBe("app");
    const password = page.locator("[name='destination.password']");
    expect(await password.inputValue()).toBe("s@cret");
    expect(await password.getAttribute("type")).toBe("password");
  });

  it.each(["/tasks/none", "/tasks/none/shards/one", "/tasks/none/shards/%zz", "/nowhere"])(
    "shows %s as not found, with status 404",
    async (path) => {
      const { page } = watched;
      const answer = await page.goto(tributary.url + path);
      expect(answer?.status()).toBe(404);
      await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    },
  );
});
