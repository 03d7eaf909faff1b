import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../servers/index.ts";
import { axeViolations } from "./axe.ts";
import { launchBrowser, openPage, overflowsSideways } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 240_000;
const account = { email: "ann@river.example", password: "correct horse battery" };

/** What people without an account look at, as an administrator gives and takes it; each test goes on from the last. */
describe("the status page and share links, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let ann: Page;
  let wall: Page;
  let holder: Page;
  let source: RedisServer;
  let taskId: string;
  let link: string;
  const complaints: string[][] = [];

  async function someone(): Promise<Page> {
    const watched = await openPage(browser);
    complaints.push(watched.complaints);
    return watched.page;
  }

  beforeAll(async () => {
    browser = await launchBrowser();
    tributary = await TributaryServer.start({
      TRIBUTARY_AUTH: "on",
      TRIBUTARY_ADMIN_EMAIL: account.email,
      TRIBUTARY_ADMIN_PASSWORD: account.password,
    });
    source = await startRedis();
    const other = await startRedis();
    const destination = await startRedis();
    ann = await someone();
    wall = await someone();
    holder = await someone();
    await ann.goto(`${tributary.url}/login?next=%2Fstatus`);
    await ann.getByLabel("E-mail address").fill(account.email);
    await ann.getByLabel("Password", { exact: true }).fill(account.password);
    await ann.getByRole("button", { name: "Sign in" }).click();
    await ann.waitForURL("**/status");
    await ann.getByRole("heading", { level: 1, name: "No task is shown here" }).waitFor();
    const made = await ann.request.post(`${tributary.url}/api/trpc/task.create`, {
      data: {
        name: "river",
        source: {
          kind: "shards",
          shards: [
            { name: "shard-a", address: `127.0.0.1:${source.port}` },
            { name: "shard-b", address: `127.0.0.1:${other.port}` },
          ],
        },
        destination: { address: `127.0.0.1:${destination.port}` },
        start: true,
      },
    });
    taskId = ((await made.json()) as { result: { data: { id: string } } }).result.data.id;
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  const stranger = async (path: string) => (await fetch(tributary.url + path, { redirect: "manual" })).status;
  const headline = (page: Page, name: string | RegExp) =>
    page.getByRole("heading", { level: 1, name }).waitFor({ timeout: 60_000 });

  it("a task appears by itself, and turns green as its shards synchronize", { timeout }, async () => {
    await headline(ann, "All 2 shards are synchronizing");
    await ann.locator('[data-shard="shard-a"][data-health=good]').waitFor();
    expect(await ann.locator("[data-shard]").count()).toBe(2);
  });

  it("is arranged where it stands", { timeout }, async () => {
    await ann.getByRole("button", { name: "Arrange this page" }).click();
    await ann.getByRole("button", { name: "Add a group" }).click();
    await ann.getByRole("button", { name: "Save" }).click();
    await ann.getByText("Give a name.").waitFor();
    await ann.getByLabel("Group", { exact: true }).fill("Shop");
    await ann.getByLabel("Add a task").selectOption("river");
    await ann.getByLabel("Show tasks that are in no group").uncheck();
    await ann.getByRole("button", { name: "Save" }).click();
    await ann.getByRole("heading", { level: 2, name: "Shop" }).waitFor();
    expect(await ann.locator("[data-shard]").count()).toBe(2);
  });

  it("leads a stranger to the login until it has a password, and then opens by that", {
    timeout,
  }, async () => {
    await wall.goto(`${tributary.url}/status`);
    expect(new URL(wall.url()).pathname).toBe("/login");
    await ann.goto(`${tributary.url}/settings/status`);
    await ann.getByRole("radio", { name: "Who knows its password" }).check();
    await ann.getByRole("button", { name: "Save" }).click();
    await ann.getByText("choose one for the page").waitFor();
    await ann.getByLabel("Password of the page").fill("wall horse battery");
    await ann.getByRole("button", { name: "Save" }).click();
    await ann.getByText("Saved. Whoever may no longer look").waitFor();
    await wall.goto(`${tributary.url}/status`);
    await wall.getByLabel("Password", { exact: true }).fill("wrong horse battery");
    await wall.getByRole("button", { name: "Show the status" }).click();
    await wall.getByText("That is not the password of the status page.").waitFor();
    await wall.getByLabel("Password", { exact: true }).fill("wall horse battery");
    await wall.getByRole("button", { name: "Show the status" }).click();
    await headline(wall, "All 2 shards are synchronizing");
    expect(await wall.getByRole("button", { name: "Arrange this page" }).count()).toBe(0);
    expect(await wall.getByRole("link").count()).toBe(0);
  });

  it("a link is made once, shows the task live, and tells no host", { timeout }, async () => {
    await ann.goto(`${tributary.url}/tasks/${taskId}`);
    await ann.getByRole("button", { name: "More actions for river" }).click();
    await ann.getByRole("menuitem", { name: "Share…" }).click();
    await ann.getByRole("button", { name: "New link…" }).click();
    await ann.getByRole("button", { name: "Create the link" }).click();
    await ann.getByText("Give a name.").waitFor();
    await ann.getByLabel("For whom").fill("Zoe");
    expect(await ann.getByLabel("Expires after").inputValue()).toBe("72");
    await ann.getByRole("button", { name: "Create the link" }).click();
    link = (await ann.locator("[data-once]").textContent()) ?? "";
    await ann.getByRole("button", { name: "Done" }).click();
    await ann.locator('[data-link="Zoe"]').getByText("Never used").waitFor();
    await holder.goto(link);
    await headline(holder, "All 2 shards are synchronizing");
    expect(await holder.content()).not.toContain("127.0.0.1");
    expect(await holder.locator('meta[name="robots"]').getAttribute("content")).toContain("noindex");
    await source.client.set("key", "value");
    await holder.locator('[data-shard="shard-a"] td', { hasText: /^1$/ }).waitFor({ timeout: 60_000 });
    await ann.locator('[data-link="Zoe"]').getByText("Last used").waitFor({ timeout: 60_000 });
  });

  it("leads to nothing else, for its maker as for its holder", { timeout }, async () => {
    expect(await holder.getByRole("link").count()).toBe(0);
    await holder.goto(`${tributary.url}/tasks/${taskId}`);
    expect(new URL(holder.url()).pathname).toBe("/login");
    const other = await ann.context().newPage();
    await other.goto(link);
    await headline(other, "All 2 shards are synchronizing");
    expect(await other.content()).not.toContain("127.0.0.1");
    await other.close();
    await holder.goto(link);
    await headline(holder, "All 2 shards are synchronizing");
  });

  it("both fit a phone, a laptop and a wall, in both themes, and axe finds nothing", {
    timeout,
  }, async () => {
    for (const page of [wall, holder]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const [width, height] of [
          [390, 844],
          [1440, 900],
          [2560, 1440],
        ] as const) {
          await page.setViewportSize({ width, height });
          const label = `${new URL(page.url()).pathname.slice(0, 7)} at ${width}, ${colorScheme}`;
          expect(await overflowsSideways(page), label).toBe(false);
          expect(await axeViolations(page), label).toEqual([]);
        }
      }
    }
    const scrolls = () =>
      wall.evaluate(() => document.documentElement.scrollHeight > document.documentElement.clientHeight);
    expect(await scrolls()).toBe(false);
    await wall.setViewportSize({ width: 390, height: 844 });
    expect(await scrolls()).toBe(false);
  });

  it("lose their green when the server is away, say how old they are, and come back by themselves", {
    timeout,
  }, async () => {
    const green = (page: Page) =>
      page.evaluate(() => {
        const good = getComputedStyle(document.documentElement).getPropertyValue("--good");
        const probe = document.createElement("span");
        probe.style.color = good;
        document.body.append(probe);
        const { color } = getComputedStyle(probe);
        probe.remove();
        return [...document.querySelectorAll("main *")].filter((one) => getComputedStyle(one).color === color)
          .length;
      });
    for (const page of [wall, holder]) expect(await green(page)).toBeGreaterThan(0);
    await tributary.kill();
    for (const page of [wall, holder]) {
      await headline(page, "Nothing heard from Tributary");
      await page.getByText(/What you see is \d+ s old/).waitFor();
      expect(await green(page)).toBe(0);
      expect(await page.title()).toContain("No answer");
    }
    await tributary.startAgain();
    for (const page of [wall, holder]) await headline(page, "All 2 shards are synchronizing");
  });

  it("a shard that fails to answer stands first, in words", { timeout }, async () => {
    await source.stop();
    await headline(wall, /^1 shard (needs attention|has failed)$/);
    const first = wall.locator("[data-shard]").first();
    expect(await first.getAttribute("data-shard")).toBe("shard-a");
    expect(await wall.content()).not.toContain("127.0.0.1");
  });

  it("a link that is revoked ends where it is open, within seconds", { timeout }, async () => {
    await ann.goto(`${tributary.url}/tasks/${taskId}/sharing`);
    await ann.getByRole("button", { name: "Revoke…" }).click();
    await ann.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await headline(holder, "This link leads nowhere");
    expect(await stranger(new URL(link).pathname.replace("/share/", "/api/share/"))).toBe(404);
  });

  it("a page that is taken back ends where it is open, within seconds", { timeout }, async () => {
    await ann.goto(`${tributary.url}/settings/status`);
    await ann.getByRole("radio", { name: /^Everybody/ }).check();
    await ann.getByRole("button", { name: "Save" }).click();
    await ann.getByText("Saved. Whoever may no longer look").waitFor();
    expect(await stranger("/status")).toBe(200);
    expect(await stranger("/api/status/badge.svg")).toBe(200);
    await ann.getByRole("radio", { name: "Who has signed in" }).check();
    await ann.getByRole("button", { name: "Save" }).click();
    await wall.waitForURL("**/login?next=%2Fstatus");
    expect(await stranger("/api/status")).toBe(401);
  });

  it("no page has complained but of a socket or a call that was refused", () => {
    const others = complaints
      .flat()
      .filter((text) => !/40[0149]|WebSocket|ERR_CONNECTION_REFUSED|Failed to load/.test(text));
    expect(others).toEqual([]);
  });
});
