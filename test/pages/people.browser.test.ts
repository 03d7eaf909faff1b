import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, openPage, overflowsSideways } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 240_000;

/** From the first visit on, as two people meet it; each test goes on where the one before has ended. */
describe("people, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let ann: Page;
  let vic: Page;
  let link: string;
  const complaints: string[][] = [];

  async function someone(): Promise<Page> {
    const watched = await openPage(browser);
    watched.page.setDefaultTimeout(60_000);
    complaints.push(watched.complaints);
    return watched.page;
  }

  beforeAll(async () => {
    browser = await launchBrowser();
    tributary = await TributaryServer.start({ TRIBUTARY_AUTH: "on" });
    ann = await someone();
    vic = await someone();
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    await tributary?.stop();
  });

  it("a form says at each field what is wrong, and gives the focus to the first", { timeout }, async () => {
    await ann.goto(`${tributary.url}/setup`);
    await ann.getByLabel("E-mail address").fill("ann");
    await ann.getByLabel("Password", { exact: true }).fill("short");
    await ann.getByRole("button", { name: "Create the account" }).click();
    await ann.getByText("Give a name.").waitFor();
    await ann.getByText("Give an e-mail address, such as ann@example.com.").waitFor();
    await ann.getByText("Use at least 10 characters.").waitFor();
    expect(await ann.locator("[aria-invalid=true]").count()).toBe(3);
    expect(await ann.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("name");
    await ann.getByLabel("Your name").fill("Ann");
    await ann.getByText("Give a name.").waitFor({ state: "detached" });
  });

  it("the first visit makes the administrator, whatever page was asked for", { timeout }, async () => {
    await ann.goto(`${tributary.url}/tasks/new`);
    expect(new URL(ann.url()).pathname).toBe("/setup");
    await ann.getByLabel("Your name").fill("Ann");
    await ann.getByLabel("E-mail address").fill("ann@river.example");
    await ann.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await ann.getByRole("button", { name: "Create the account" }).click();
    await ann.waitForURL("**/tasks");
    await ann.getByRole("link", { name: "Create a task" }).waitFor();
  });

  it("an invitation is a link that works once", { timeout }, async () => {
    await ann.goto(`${tributary.url}/settings/people`);
    await ann.getByRole("button", { name: "Invite…" }).click();
    await ann.getByLabel("Name").fill("Vic");
    await ann.getByLabel("E-mail address").fill("vic@river.example");
    await ann.getByRole("button", { name: "Create the link" }).click();
    link = (await ann.locator("[data-once]").textContent()) ?? "";
    await ann.getByRole("button", { name: "Done" }).click();
    await ann.locator('[data-person="vic@river.example"]').getByText("has not come yet").waitFor();
    await vic.goto(link);
    await vic.getByLabel("Password", { exact: true }).fill("viewer horse battery");
    await vic.getByRole("button", { name: "Set the password and sign in" }).click();
    await vic.waitForURL("**/tasks");
    const other = await someone();
    await other.goto(link);
    await other.getByRole("heading", { name: "This link does not work any more" }).waitFor();
  });

  it("a viewer sees no button that is not for viewers, and no page that is not", { timeout }, async () => {
    await vic.getByText("An operator can create one.").waitFor();
    expect(await vic.getByRole("link", { name: "Create a task" }).count()).toBe(0);
    for (const path of ["/settings/people", "/settings/audit", "/tasks/new"]) {
      await vic.goto(tributary.url + path);
      expect(new URL(vic.url()).pathname, path).toBe("/denied");
    }
    await vic.goto(`${tributary.url}/settings/tokens`);
    expect(
      await vic.getByRole("navigation", { name: "Settings" }).getByRole("link").allTextContents(),
    ).toEqual(["Your account", "API tokens"]);
  });

  it("a viewer sees the verifications of a task, and no button that begins or schedules one", {
    timeout,
  }, async () => {
    // Nobody listens at these addresses, and nobody has to: it is not started.
    const call = (path: string, input: object): Promise<{ id: string }> =>
      ann.evaluate(
        async ([to, body]) => {
          const headers = { "content-type": "application/json" };
          const answer = await fetch(`/api/trpc/${to}`, { method: "POST", headers, body });
          return (await answer.json()).result.data;
        },
        [path, JSON.stringify(input)] as const,
      );
    const { id } = await call("task.create", {
      name: "river",
      source: { kind: "shards", shards: [{ name: "s", address: "127.0.0.1:1" }] },
      destination: { address: "127.0.0.1:2" },
      skipChecks: true,
    });
    const buttons = (page: Page) => page.getByRole("button", { name: /^(Verify…|Set up…)$/ });
    await ann.goto(`${tributary.url}/tasks/${id}/verifications`);
    await buttons(ann).nth(1).waitFor();
    await vic.goto(`${tributary.url}/tasks/${id}/verifications`);
    await vic.getByText("This task is verified only on request.").waitFor();
    expect(await buttons(vic).count()).toBe(0);
    await call("task.delete", { id });
    await vic.goto(`${tributary.url}/tasks`);
  });

  it("a token is shown once, works, and is listed with its last use", { timeout }, async () => {
    await ann.goto(`${tributary.url}/settings/tokens`);
    await ann.getByRole("button", { name: "New token…" }).click();
    await ann.getByLabel("Name").fill("grafana");
    await ann.getByRole("button", { name: "Create the token" }).click();
    const token = await ann.locator("[data-once]").textContent();
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${tributary.url}/api/trpc/task.list`, { headers })).status).toBe(200);
    expect((await fetch(`${tributary.url}/api/trpc/people.list`, { headers })).status).toBe(403);
    await ann.getByRole("button", { name: "Done" }).click();
    await ann.reload();
    await ann.locator('[data-token="grafana"]').getByText("Last used").waitFor();
    expect(await ann.content()).not.toContain(token);
  });

  it("the audit says who did what, and finds it", { timeout }, async () => {
    await ann.goto(`${tributary.url}/settings/audit`);
    await ann.locator("[data-action='people.invite']").getByText("Ann").waitFor();
    await ann.getByLabel("Search").fill("grafana");
    await ann.getByRole("button", { name: "Search", exact: true }).click();
    await ann.waitForURL("**text=grafana**");
    await ann.locator("[data-action='token.create']").waitFor();
    expect(await ann.locator("[data-action]").count()).toBe(1);
  });

  it("fits a phone, in both themes", { timeout }, async () => {
    await ann.setViewportSize({ width: 390, height: 844 });
    for (const path of ["people", "tokens", "audit", "account"]) {
      await ann.goto(`${tributary.url}/settings/${path}`);
      await ann.getByRole("heading", { level: 1 }).waitFor();
      expect(await overflowsSideways(ann), path).toBe(false);
    }
    await ann.setViewportSize({ width: 1440, height: 900 });
  });

  it("somebody whose sessions are ended is at the login within seconds, and comes back to the page", {
    timeout,
  }, async () => {
    await vic.goto(`${tributary.url}/tasks?seen=1`);
    await ann.goto(`${tributary.url}/settings/people`);
    await ann.getByRole("button", { name: "More actions for Vic" }).click();
    await ann.getByRole("menuitem", { name: "End all sessions" }).click();
    await vic.waitForURL("**/login?next=**");
    await vic.getByLabel("E-mail address").fill("vic@river.example");
    await vic.getByLabel("Password", { exact: true }).fill("viewer horse battery");
    await vic.getByRole("button", { name: "Sign in" }).click();
    await vic.waitForURL("**/tasks?seen=1");
  });

  it("a new role is there within seconds, without a login", { timeout }, async () => {
    await ann.getByLabel("Role of Vic").selectOption("operator");
    await vic.getByRole("link", { name: "Create a task" }).waitFor();
  });

  it("the last administrator stays one, and is told why", { timeout }, async () => {
    await ann.getByLabel("Role of Ann").selectOption("viewer");
    await ann.getByText("This is the last administrator who can sign in.").waitFor();
  });

  it("the logout leads to the login, and what was open asks for it", { timeout }, async () => {
    await vic.getByRole("button", { name: "Signed in as Vic" }).click();
    await vic.getByRole("menuitem", { name: "Sign out" }).click();
    await vic.waitForURL(/\/login(\?|$)/);
    await vic.goto(`${tributary.url}/tasks`);
    expect(new URL(vic.url()).pathname).toBe("/login");
  });

  it("no page has complained but of a socket or a call that was refused", () => {
    const others = complaints.flat().filter((text) => !/401|409|WebSocket/.test(text));
    expect(others).toEqual([]);
  });
});
