import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";
import { axeViolations } from "./axe.ts";
import { launchBrowser, openPage, overflowsSideways, type WatchedPage } from "./browser.ts";
import { TributaryServer } from "./tributary-server.ts";

const timeout = 300_000;
const patient = { timeout: 120_000 };

/** An application that counts in one key, one increment after the other, until it is stopped. */
class Counting {
  #on = true;
  #count = 0;
  readonly #ended: Promise<void>;

  constructor(nutcracker: Nutcracker) {
    this.#ended = (async () => {
      while (this.#on) {
        this.#count = await nutcracker.client.incr("hits");
        await sleep(20);
      }
    })();
  }

  /** @returns what it had counted to. */
  async stop(): Promise<number> {
    this.#on = false;
    await this.#ended;
    return this.#count;
  }
}

/** One migration from its first verification to the printed report; each test is one step of it, in this order. */
describe("a migration, in a browser", () => {
  let browser: Browser;
  let tributary: TributaryServer;
  let watched: WatchedPage;
  let page: Page;
  let shards: RedisServer[];
  let destination: RedisServer;
  let nutcracker: Nutcracker;
  let application: Counting;
  let counted = 0;
  let taskUrl = "";

  beforeAll(async () => {
    browser = await launchBrowser();
    shards = await Promise.all([startRedis(), startRedis()]);
    destination = await startRedis();
    nutcracker = await startNutcracker({
      servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
    });
    for (let number = 0; number < 80; number++) await nutcracker.client.hset(`k:${number}`, "field", number);
    tributary = await TributaryServer.start();
    watched = await openPage(browser);
    page = watched.page;
    await page.goto(`${tributary.url}/tasks/new`);
    await page.getByRole("textbox", { name: "nutcracker.yml" }).fill(nutcracker.configText);
    await page.getByRole("radio", { name: /alpha/ }).waitFor();
    await page.locator("[name='destination.address']").fill(`127.0.0.1:${destination.port}`);
    await page.locator("[name=name]").fill("river");
    await page.getByRole("button", { name: "Create and start" }).click();
    await page.locator("header [data-status=synchronizing]").waitFor(patient);
    taskUrl = page.url();
    application = new Counting(nutcracker);
  }, timeout);

  afterAll(async () => {
    await application?.stop();
    await browser?.close();
    await tributary?.stop();
  });

  const verification = (): Locator =>
    page.locator("section", { has: page.getByRole("heading", { name: "Verification", exact: true }) });
  const verify = () => verification().getByRole("button", { name: "Verify", exact: true }).click();
  const finding = (key: string) =>
    page.locator("[data-finding]").filter({ has: page.getByText(key, { exact: true }) });
  const at = (step: string) => page.locator(`[data-panel="${step}"]`).waitFor(patient);
  const open = (gate: string) => page.locator(`[data-gate="${gate}"][data-ok=true]`).waitFor(patient);
  const goOn = (name: RegExp) => page.getByRole("button", { name }).click(patient);

  it(
    "says with one click how many keys differ, while the application writes",
    async () => {
      await destination.client.hset("k:7", "field", "tampered");
      await destination.client.del("k:8");
      await destination.client.set("nobody's", "x");
      await verify();
      await verification()
        .getByText(/^3 of 82 differ/)
        .waitFor(patient);
    },
    timeout,
  );

  it(
    "shows which keys these are, with what each side has",
    async () => {
      await page.getByRole("link", { name: "Look at the 3 differences" }).click();
      await page
        .getByRole("heading", { level: 1, name: "The destination differs from the shards." })
        .waitFor();
      await finding("k:7").getByText("tampered", { exact: true }).waitFor();
      await finding("k:8").getByText("absent", { exact: true }).waitFor();
      await finding("nobody's").getByText("absent", { exact: true }).waitFor();
    },
    timeout,
  );

  it(
    "previews a repair in numbers",
    async () => {
      await page.getByRole("button", { name: "Repair all 3…" }).click();
      const dialog = page.getByRole("dialog", { name: "Repair 3 keys?" });
      await dialog.getByText(/^2 keys will be copied again/).waitFor();
      await dialog.getByText(/^1 key will be deleted/).waitFor();
    },
    timeout,
  );

  it(
    "repairs, and says on the run's page what that came to",
    async () => {
      await page.getByRole("dialog").getByRole("button", { name: "Repair", exact: true }).click();
      await page
        .getByRole("region", { name: "Repair", exact: true })
        .getByText(/^3 of 3 keys right \(2 copied again, 1 deleted\)/)
        .waitFor(patient);
      expect(await destination.client.hget("k:7", "field")).toBe("7");
    },
    timeout,
  );

  it(
    "says what became of each key",
    async () => {
      await page.getByRole("link", { name: "See what became of each key" }).click();
      await page.getByRole("heading", { level: 1, name: /^3 of 3 keys right/ }).waitFor();
      const keys = page.getByRole("table", { name: "Keys of this repair" });
      await keys.getByRole("row", { name: /k:7.*copied again/ }).waitFor();
      await keys.getByRole("row", { name: /k:8.*copied again.*Missing.*absent/ }).waitFor();
      await keys.getByRole("row", { name: /nobody's.*deleted.*Extra.*absent/ }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await overflowsSideways(page)).toBe(false);
      await page.setViewportSize({ width: 1440, height: 900 });
    },
    timeout,
  );

  it(
    "is clean when it verifies again",
    async () => {
      await page.goto(taskUrl);
      await verify();
      await verification()
        .getByText(/^81 keys compared, all equal/)
        .waitFor(patient);
      await page.locator("[data-verdict=equal][data-stale-verdict=false]").waitFor();
    },
    timeout,
  );

  it(
    "opens every gate of the cutover by itself",
    async () => {
      await page.getByRole("link", { name: "Cut over" }).click();
      await page.getByRole("button", { name: "Begin" }).click();
      await at("gates");
      for (const gate of ["synchronizing", "lag", "doubtful-keys", "differs", "held", "verified"])
        await open(gate);
    },
    timeout,
  );

  it(
    "keeps the drain shut for as long as the application writes",
    async () => {
      await goOn(/stop the writes/);
      await at("stop-writes");
      await page
        .locator("[data-gate=writes-stopped]")
        .getByText(/still come \(INCR\)/i)
        .waitFor(patient);
      expect(await page.getByRole("button", { name: /drain/ }).isDisabled()).toBe(true);
      counted = await application.stop();
      await open("writes-stopped");
    },
    timeout,
  );

  it(
    "drains until the destination has each write exactly once",
    async () => {
      await goOn(/drain/);
      await at("drain");
      await open("drained");
      expect(await destination.client.get("hits")).toBe(String(counted));
    },
    timeout,
  );

  it(
    "verifies a last time",
    async () => {
      await goOn(/verify/);
      await at("verify");
      await open("final-verification");
    },
    timeout,
  );

  it(
    "gives a nutcracker.yml by which the application reads what was merged, and writes",
    async () => {
      await goOn(/switch/);
      await at("switch");
      const configText = await page.locator("[data-file=next]").innerText();
      await nutcracker.stop();
      const switched = await startNutcracker({ servers: [], port: nutcracker.port, configText });
      expect(await switched.client.hget("k:79", "field")).toBe("79");
      expect(await switched.client.incr("hits")).toBe(counted + 1);
      await switched.stop();
    },
    timeout,
  );

  it(
    "finishes, and leaves no key of its own",
    async () => {
      await open("late-writes");
      await page.getByRole("button", { name: /finish…/ }).click();
      const dialog = page.getByRole("dialog");
      await dialog.locator("[name=confirm]").fill("river");
      await dialog.getByRole("button", { name: "Finish" }).click();
      await at("finished");
      expect(await destination.client.keys("*tributary*")).toEqual([]);
      expect(await destination.client.dbsize()).toBe(81);
    },
    timeout,
  );

  it(
    "prints a report that begins with the verdict and is not cut off",
    async () => {
      await page.getByRole("link", { name: "See the report" }).click();
      const article = page.getByRole("article");
      await article.getByText(/^The migration is finished\./).waitFor();
      // As wide as A4 within a printer's margins.
      await page.setViewportSize({ width: 700, height: 1000 });
      await page.emulateMedia({ media: "print" });
      expect(await page.getByRole("button", { name: "Print" }).isVisible()).toBe(false);
      for (const part of [
        "Shard alpha-1",
        "Shard alpha-2",
        "Verifications",
        "Repairs",
        "Decisions and warnings",
      ])
        expect(await page.getByRole("heading", { name: part }).isVisible(), part).toBe(true);
      expect(await overflowsSideways(page)).toBe(false);
      const cut = await article.evaluate(
        (whole) =>
          [...whole.querySelectorAll("*")].filter((one) => one.scrollWidth > one.clientWidth + 1).length,
      );
      expect(cut).toBe(0);
      const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
      expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
      await page.emulateMedia({ media: null });
      await page.setViewportSize({ width: 1440, height: 900 });
    },
    timeout,
  );

  it(
    "does nothing on the destination afterwards",
    async () => {
      const monitor = await destination.client.duplicate().monitor();
      const seen: { at: number; text: string }[] = [];
      monitor.on("monitor", (at: string, args: string[]) =>
        seen.push({ at: Number(at), text: args.join(" ") }),
      );
      const isMarker = ({ text }: { text: string }) => text === "echo of the test";
      // What a shard syncs' stream, a page or a timer of Tributary would do, comes between the markers of six seconds.
      await until(
        async () => {
          await Promise.all(shards.map((shard) => shard.client.set("k:2", "of a shard")));
          await fetch(`${taskUrl}/cutover`);
          await destination.client.echo("of the test");
          const markers = seen.filter(isMarker);
          return markers.length > 1 && markers.at(-1)!.at - markers[0]!.at > 6;
        },
        { what: "MONITOR has seen markers of six seconds", timeoutMs: 120_000, everyMs: 100 },
      );
      monitor.disconnect();
      const first = seen.findIndex(isMarker);
      expect(seen.slice(first).filter((one) => !isMarker(one))).toEqual([]);
      expect(watched.complaints).toEqual([]);
    },
    timeout,
  );
});
