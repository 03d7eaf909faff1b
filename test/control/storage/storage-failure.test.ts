import Sqlite from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { until } from "../../servers/index.ts";
import { checksOf, openTestControl, twoShards } from "../harness/open-test-control.ts";

const flags = { start: false, skipChecks: false };
const what = { timeoutMs: 30_000 };

type Fault = { readonly name: string; readonly begin: (file: string, own: Sqlite.Database) => () => void };

/** Each keeps the database from being written until what it returns is called. */
const faults: readonly Fault[] = [
  {
    name: "full",
    begin: (_, own) => {
      const pages = own.pragma("page_count", { simple: true });
      own.pragma(`max_page_count = ${pages}`);
      return () => own.pragma("max_page_count = 1000000");
    },
  },
  {
    name: "read-only",
    begin: (_, own) => {
      own.pragma("query_only = 1");
      return () => own.pragma("query_only = 0");
    },
  },
  {
    name: "held by another program",
    begin: (file) => {
      const other = new Sqlite(file);
      onTestFinished(() => void other.close());
      other.exec("BEGIN IMMEDIATE");
      return () => other.exec("ROLLBACK");
    },
  },
];

describe.each(faults)("a database that is $name", ({ begin }) => {
  it("keeps the shard syncs running, says so, and has all of it once it can be written", async () => {
    const test = openTestControl();
    const { id } = await test.control.create(twoShards, { ...flags, start: true });
    await until(() => test.runner.specs.size === 2, { ...what, what: "both shard syncs run" });
    const end = begin(`${test.directory}/tributary.db`, test.database.$client);
    const events = Array.from({ length: 300 }, (_, index) => ({
      at: Date.now(),
      level: "info" as const,
      // Of different kinds: those of one would be folded into one.
      type: `test ${index}`,
      message: `Event ${index} ${"x".repeat(1000)}`,
    }));
    const [first] = [...test.runner.specs.values()];
    test.runner.report(first!, "synchronizing", { events });
    await until(() => test.control.storageProblem()?.code === "DATABASE_UNWRITABLE", {
      ...what,
      what: "the problem is said",
    });
    test.runner.reportAll("synchronizing");
    expect(test.control.row(id)).toMatchObject({ status: "synchronizing" });
    expect(test.control.task(id).events[0]).toMatchObject({ type: "database-unwritable", level: "alert" });
    expect(test.failures).toHaveLength(1);
    end();
    await until(() => test.control.storageProblem() === null, { ...what, what: "it can be written again" });
    await test.close();
    const again = openTestControl({ directory: test.directory });
    const kept = again.control.events(id, null, 1000).map(({ type }) => type);
    expect(kept.filter((type) => type.startsWith("test "))).toHaveLength(300);
    expect(kept).toEqual(expect.arrayContaining(["database-unwritable", "database-written-again"]));
    expect(test.runner.log.filter((line) => line.startsWith("stop"))).toEqual([]);
  });
});

describe("while the database cannot be written", () => {
  const readOnly = faults[1]!;

  it("refuses what a user wants and a restart would forget, and changes nothing", async () => {
    const test = openTestControl();
    const { id } = await test.control.create(twoShards, flags);
    const end = readOnly.begin("", test.database.$client);
    const unwritable = expect.objectContaining({ code: "DATABASE_UNWRITABLE" });
    expect(() => test.control.start(id)).toThrow(unwritable);
    expect(() => test.control.rename(id, "other")).toThrow(unwritable);
    await expect(test.control.create({ ...twoShards, name: "second" }, flags)).rejects.toEqual(unwritable);
    await expect(test.control.delete(id)).rejects.toEqual(unwritable);
    expect(test.control.list()).toMatchObject([{ id, name: "river", status: "pending" }]);
    expect(test.runner.log).toEqual([]);
    end();
    test.control.start(id);
    await until(() => test.runner.specs.size === 2, { ...what, what: "both shard syncs run" });
  });

  it("pauses a task all the same, and remembers it as soon as it can", async () => {
    const test = openTestControl();
    const { id } = await test.control.create(twoShards, { ...flags, start: true });
    await until(() => test.runner.specs.size === 2, { ...what, what: "both shard syncs run" });
    const end = readOnly.begin("", test.database.$client);
    test.control.pause(id);
    await until(() => test.control.row(id).status === "paused", { ...what, what: "it is paused" });
    end();
    await until(() => test.control.storageProblem() === null, { ...what, what: "it can be written again" });
    await test.close();
    expect(openTestControl({ directory: test.directory }).control.row(id).status).toBe("paused");
  });

  it("lets a later wish stand above what was written late", async () => {
    let report = checksOf({ level: "error", code: "AUTH_FAILED", message: "Refused.", remedy: "Check it." });
    const test = openTestControl({ runPrechecks: async () => report });
    const { id } = await test.control.create(twoShards, { start: false, skipChecks: true });
    const { $client } = test.database;
    let end = () => {};
    test.control.start(id);
    end = readOnly.begin("", $client);
    await until(() => test.control.row(id).status === "failed", { ...what, what: "the checks fail" });
    end();
    report = checksOf();
    test.control.start(id);
    await until(() => test.runner.specs.size === 2, { ...what, what: "both shard syncs run" });
    await test.close();
    const database = openDatabase(test.directory);
    onTestFinished(database.close);
    const row = database.db.$client.prepare("select failure, prechecked from tasks").get();
    expect(row).toEqual({ failure: null, prechecked: 1 });
  });
});
