import { describe, expect, it } from "vitest";
import {
  type StartQuestion,
  startQuestion,
  UnconfirmedError,
} from "../../../server/control/checks/start-confirmation.ts";
import type { TributaryError } from "../../../server/errors/tributary-error.ts";
import type { DestinationUse, PrecheckReport } from "../../../server/precheck/precheck-report.ts";
import { until } from "../../servers/index.ts";
import { checksOf, openTestControl, twoShards } from "../harness/open-test-control.ts";

const neighbor = {
  id: "t9",
  name: "beta",
  host: "host-1",
  shards: ["b-1"],
  databases: null,
  sources: null,
  writing: true,
  seenAt: null,
  leftAt: null,
  replids: [],
};
const ann = { by: "Ann", from: "10.0.0.7" };
const overwrite = { ...twoShards, destinationKeys: "overwrite" } as const;

function reportOf(use: Partial<DestinationUse>): PrecheckReport {
  const empty = { began: false, keys: [], neighbors: [], samples: null, freeDatabase: 1 };
  return { ...checksOf(), use: { ...empty, ...use } };
}

const used = reportOf({ keys: [{ db: 0, keys: 1200 }] });

function questionOf(error: unknown): StartQuestion {
  if (!(error instanceof UnconfirmedError)) throw error;
  return error.question;
}

describe("a start into a destination in use", () => {
  it("is refused until it is confirmed, and says what is there", async () => {
    const { control, runner } = openTestControl({ runPrechecks: async () => used });
    const flags = { start: true, skipChecks: false };
    const refused = await control.create(overwrite, flags).catch((error) => error);
    expect((refused as TributaryError).message).toMatch(
      /holds 1200 keys already: the start waits to be confirmed/,
    );
    expect(control.list()).toEqual([]);
    const { token } = questionOf(refused);
    const { id } = await control.create(overwrite, { ...flags, confirmation: { ...ann, token } });
    await until(() => runner.specs.size === 2, { what: "both shard syncs run" });
    expect(runner.specs.get("a")).toMatchObject({ destinationKeys: "overwrite" });
    expect(control.task(id).merging.confirmed).toMatchObject({
      ...ann,
      keys: 1200,
      destinationKeys: "overwrite",
    });
    expect(control.events(id, null, 10).map(({ message }) => message)).toContain(
      "The start into a destination that holds 1200 keys was confirmed by Ann (10.0.0.7): keys of the same name are overwritten.",
    );
  });

  it("is asked for again when another task has come there, or another choice was made", () => {
    const token = startQuestion(used, "overwrite")?.token;
    expect(startQuestion(used, "keep")?.token).not.toBe(token);
    const beside = reportOf({ keys: [{ db: 0, keys: 1200 }], neighbors: [neighbor] });
    expect(startQuestion(beside, "overwrite")?.token).not.toBe(token);
    // Beside another task keys come and go.
    expect(startQuestion(reportOf({ neighbors: [neighbor] }), "overwrite")?.token).toBe(
      startQuestion(beside, "overwrite")?.token,
    );
  });

  it("is asked for where a task writes already, even if nothing lies there", async () => {
    const { control } = openTestControl({ runPrechecks: async () => reportOf({ neighbors: [neighbor] }) });
    const refused = await control
      .create(twoShards, { start: true, skipChecks: false })
      .catch((error) => error);
    expect(questionOf(refused).use.neighbors).toEqual([neighbor]);
    expect((refused as TributaryError).message).toMatch(/is written by another task \(beta\)/);
  });

  it("waits on the page of a task that was created without its checks, and takes another choice along", async () => {
    const test = openTestControl({ runPrechecks: async () => used });
    const { id } = await test.control.create(overwrite, { start: true, skipChecks: true });
    await until(() => test.control.row(id).status === "failed", { what: "the start has failed" });
    expect(test.control.row(id).reason?.code).toBe("START_UNCONFIRMED");
    expect(test.runner.log).toEqual([]);
    const { question } = await test.control.precheck(id, "keep");
    test.control.start(id, { confirmation: { ...ann, token: question!.token }, destinationKeys: "keep" });
    await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
    expect(test.runner.specs.get("b")).toMatchObject({ destinationKeys: "keep" });
    expect(test.control.task(id).merging.confirmed).toMatchObject({ ...ann, keys: 1200 });
  });

  it("is not asked for where the task has been before", async () => {
    const { control, runner } = openTestControl({
      runPrechecks: async () => reportOf({ began: true, keys: [{ db: 0, keys: 9 }] }),
    });
    await control.create(overwrite, { start: true, skipChecks: false });
    await until(() => runner.specs.size === 2, { what: "both shard syncs run" });
  });
});
