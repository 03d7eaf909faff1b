import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { launchBrowser, openPage, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 180_000;
const pool = "alpha:\n  listen: 127.0.0.1:22121\n  redis: true\n  servers:\n   - 127.0.0.1:1:1 one\n";

let browser: Browser;
let tributary: TributaryServer;
let watched: WatchedPage;
let shard: RedisServer;
let destination: RedisServer;
let taskUrl: string;

beforeAll(async () => {
  browser = await launchBrowser();
  [shard, destination] = await Promise.all([startRedis(), startRedis()]);
  await Promise.all([
    shard.client.set("a", "1"),
    shard.client.select(5).then(() => shard.client.set("b", "1")),
  ]);
  tributary = await TributaryServer.start();
  const answer = await fetch(`${tributary.url}/api/trpc/task.create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name: "river",
      source: { kind: "shards", shards: [{ address: `127.0.0.1:${shard.port}`, name: "one" }] },
      destination: { address: `127.0.0.1:${destination.port}` },
      databases: { kind: "pairs", pairs: [{ source: 0, destination: 0 }] },
      start: true,
    }),
  });
  const { id } = (await answer.json()).result.data;
  taskUrl = `${tributary.url}/tasks/${id}`;
  watched = await openPage(browser);
}, timeout);

afterAll(async () => {
  await browser?.close();
  await tributary?.stop();
});

/** The name of the field that has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("name") ?? element?.getAttribute("aria-label") ?? element?.tagName ?? "";
  });

const inView = (page: Page, selector: string) =>
  page.evaluate((wanted) => {
    const box = document.querySelector(wanted)?.getBoundingClientRect();
    return box !== undefined && box.top >= 0 && box.top < window.innerHeight - 40;
  }, selector);

describe("the form", () => {
  beforeEach(async () => {
    await watched.page.goto(`${tributary.url}/tasks/new`);
    await watched.page.getByRole("heading", { name: "New task" }).waitFor();
  });

  it("gives the focus to the first wrong field of the page", async () => {
    const { page } = watched;
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.getByText("Give the task a name.").waitFor();
    expect(await focused(page)).toBe("text");
  });

  it("brings the results of a test into view", async () => {
    const { page } = watched;
    await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(pool);
    await page.getByRole("radio", { name: /alpha/ }).waitFor();
    await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
    await page.getByRole("button", { name: "Test connection" }).click();
    await page.locator("#checks").waitFor({ timeout: 60_000 });
    await until(() => inView(page, "#checks"), { what: "the results are in view" });
  });

  it("says in an empty row that it is left out", async () => {
    const { page } = watched;
    await page.getByRole("radio", { name: "Shards by hand" }).click();
    expect(await page.getByText("This row is empty").count()).toBe(0);
    await page.locator("[name='shards.0.address']").fill("127.0.0.1:1");
    await page.getByText("This row is empty: it is left out of the task.").waitFor();
    await page.locator("[name='shards.1.address']").fill("127.0.0.1:2");
    await page.getByText("This row is empty").waitFor({ state: "detached" });
  });

  it("marks the field whose password holds a line break, and sends it to no server", async () => {
    const { page } = watched;
    await page.getByRole("radio", { name: "Shards by hand" }).click();
    await page.locator("[name='shards.1.address']").fill("127.0.0.1:1");
    await page.locator("[name='destination.address']").fill("redis://:pass%0D%0Aword@127.0.0.1:2");
    await page.locator("[name=name]").fill("control");
    await page.locator("[name='shards.0.address']").fill("127.0.0.1:3");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.getByText(/it holds a line break/).waitFor();
    expect(await focused(page)).toBe("destination.password");
  });
});

describe("a dialog", () => {
  beforeEach(async () => {
    await watched.page.goto(taskUrl);
    await watched.page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
  });

  async function closeDialog(): Promise<void> {
    const dialog = watched.page.getByRole("dialog");
    await dialog.waitFor();
    await watched.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }

  it("gives the focus back to the button that opened it", async () => {
    const { page } = watched;
    await page.goto(`${taskUrl}/cutover`);
    await page.getByRole("button", { name: "Begin" }).click();
    await page.locator("[data-gate=verified]").getByRole("button", { name: "Override…" }).click();
    await closeDialog();
    await until(
      async () => (await page.evaluate(() => document.activeElement?.textContent)) === "Override…",
      {
        what: "the button has the focus",
      },
    );
    await page.getByRole("button", { name: "Leave the cutover" }).click();
    await page.getByRole("button", { name: "Begin" }).waitFor();
  });

  it("gives the focus to the menu whose item opened it", async () => {
    const { page } = watched;
    await page.getByRole("button", { name: "More actions for river" }).click();
    await page.getByRole("menuitem", { name: "Rename…" }).click();
    await closeDialog();
    await until(async () => (await focused(page)) === "More actions for river", {
      what: "the menu has the focus",
    });
  });
});

describe("what is counted", () => {
  it("is what the task copies: other databases of the shard are named apart", async () => {
    const { page } = watched;
    await page.goto(taskUrl);
    await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
    expect(await page.locator("[data-fact=source-keys]").innerText()).toBe("1");
    await page.goto(`${taskUrl}/shards/one`);
    await page.getByText("1 further database with keys, which the task does not copy").waitFor();
    await page.locator("[data-fact=waiting]").waitFor();
  });
});

describe("an alert", () => {
  it("stands above the rest until it is marked as seen", async () => {
    const { page } = watched;
    await page.goto(taskUrl);
    await shard.client.flushall();
    const alerts = page.getByRole("region", { name: "Alerts" });
    await alerts.getByText(/FLUSHALL/).waitFor({ timeout: 30_000 });
    await page.goto(`${tributary.url}/tasks`);
    await page.getByText("1 new alert").first().waitFor();
    await page.goto(taskUrl);
    await alerts.getByRole("button", { name: "Mark as seen" }).click();
    await alerts.waitFor({ state: "detached" });
    await page
      .getByRole("list", { name: "Events, newest first" })
      .getByText(/FLUSHALL/)
      .first()
      .waitFor();
  });
});

it("complained of nothing in the console but of the input that was refused: the policy lets all of it run", () =>
  expect(watched.complaints.filter((text) => !text.includes("status of 400"))).toEqual([]));

describe("the policy", () => {
  it("lets no script run that the page did not bring along, and scales no pictures", async () => {
    const { page } = await openPage(browser);
    await page.goto(taskUrl);
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
      return new Promise((resolve) => setTimeout(() => resolve(Reflect.get(window, "ran")), 200));
    });
    expect(ran).toBeUndefined();
    const answer = await page.goto(`${tributary.url}/_next/image?url=%2Ficon.svg&w=64&q=75`);
    expect(answer?.status()).toBe(404);
    await page.context().close();
  });
});

describe("without an answer of the server", () => {
  it(
    "nothing is green, the tab says so, and a link that is clicked opens once the server is back",
    async () => {
      const { page } = watched;
      await page.goto(taskUrl);
      await page.locator("header [data-status=synchronizing]").waitFor({ timeout: 60_000 });
      await tributary.kill();
      await page.getByText("Tributary does not answer. Reconnecting…").waitFor();
      await page.getByText("this page cannot tell whether synchronization continues").waitFor();
      await page.locator("header").getByText("Was synchronizing").waitFor();
      await until(async () => (await page.title()).startsWith("No answer · "), { what: "the tab says so" });
      const colors = await page
        .locator("[data-status]")
        .evaluateAll((all) => all.map(({ className }) => className));
      expect(colors.length).toBeGreaterThan(1);
      for (const look of colors) expect(look).not.toContain("good");

      await page.getByRole("link", { name: "Tasks" }).first().click();
      await page.getByText("The page that you chose opens as soon as it does.").waitFor();
      expect(page.url()).toBe(taskUrl);
      expect(await page.getByRole("heading", { level: 1, name: "river" }).isVisible()).toBe(true);
      await tributary.startAgain();
      await page.waitForURL(/\/tasks$/, { timeout: 60_000 });
      await page.getByRole("heading", { level: 1, name: /Tasks/ }).waitFor();
    },
    timeout,
  );

  it(
    "Back and Reload end on no error page of the browser, and open once the server is back",
    async () => {
      const { page } = watched;
      await page.goto(`${tributary.url}/tasks`);
      await page.evaluate(() => navigator.serviceWorker.ready);
      // Two documents, so that Back has to ask the server.
      await page.goto(taskUrl);
      await page.getByRole("heading", { level: 1, name: "river" }).waitFor();
      await page.getByRole("link", { name: "one", exact: true }).first().click();
      await page.waitForURL(/\/shards\/one$/);
      // The address changes before the page is there, and a page that is still on its way cannot say anything.
      await page.getByRole("heading", { level: 1, name: "one" }).waitFor();
      await tributary.kill();
      await page.getByText("Tributary does not answer. Reconnecting…").waitFor();
      await page.goBack();
      expect(page.url()).toBe(taskUrl);
      await page.getByRole("heading", { level: 1, name: "river" }).waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: "Tributary does not answer" }).waitFor();
      expect(page.url()).toBe(`${tributary.url}/tasks`);
      expect(await page.title()).toBe("No answer · Tributary");
      await page.reload();
      await page.getByRole("heading", { name: "Tributary does not answer" }).waitFor();
      await tributary.startAgain();
      await page.getByRole("heading", { level: 1, name: /Tasks/ }).waitFor({ timeout: 60_000 });
    },
    timeout,
  );

  it(
    "the form says why it cannot read a file, and marks it",
    async () => {
      const { page } = watched;
      await page.goto(`${tributary.url}/tasks/new`);
      await page.getByRole("heading", { name: "New task" }).waitFor();
      await tributary.kill();
      await page.getByText("Tributary does not answer. Reconnecting…").waitFor();
      await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(pool);
      await page.getByText(/The file could not be read: Tributary did not answer/).waitFor();
      await page.locator("[name='destination.address']").fill("127.0.0.1:1");
      await page.locator("[name=name]").fill("x");
      await page.getByRole("button", { name: "Create and start" }).click();
      await page.getByText("Correct the marked fields above").waitFor();
      expect(await page.locator("[aria-invalid=true]").count()).toBeGreaterThan(0);
      expect(await focused(page)).toBe("text");
      await tributary.startAgain();
      await page.getByRole("radio", { name: /alpha/ }).waitFor({ timeout: 60_000 });
    },
    timeout,
  );
});
