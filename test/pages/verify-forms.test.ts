import { describe, expect, it } from "vitest";
import { choiceOf, cronOf, cronText } from "../../components/verify/cron-choice.ts";
import { exportHref, filterQuery, noFilter, readFilter } from "../../components/verify/finding-filter.ts";
import {
  draftOf,
  limitsSchema,
  newDraft,
  orderOf,
  orderSchema,
} from "../../components/verify/order-draft.ts";
import { scheduleFormOf, scheduleSchema } from "../../components/verify/schedule-form.ts";

describe("the filter in an address", () => {
  it("is read back as it was written", () => {
    const filter = {
      list: "differences",
      kind: "extra",
      shard: "a",
      db: 3,
      text: "\\xff &=",
      page: 2,
    } as const;
    const params = Object.fromEntries(new URLSearchParams(filterQuery(filter, { page: 2 })));
    expect(readFilter(params)).toEqual(filter);
    expect(filterQuery(noFilter)).toBe("");
  });
  it("begins at the first page when something of it changes", () =>
    expect(filterQuery({ ...noFilter, page: 7 }, { kind: "missing" })).toBe("?kind=missing"));
  it("leaves out what makes no sense", () =>
    expect(readFilter({ kind: "nonsense", db: "-1", page: "0", q: ["a", "b"], list: "x" })).toEqual({
      ...noFilter,
      text: "a",
    }));
  it("lists what is said apart where that kind is asked for", () =>
    expect(readFilter({ kind: "stale" }).list).toBe("apart"));
  it("goes into the address of the file", () =>
    expect(exportHref("t", 4, { ...noFilter, kind: "value", shard: "none", text: "a b" }, "csv")).toBe(
      "/api/verifications/t/4.csv?differs=true&kind=value&shardId=none&text=a+b",
    ));
});

describe("what a verification is asked for", () => {
  const whole = {
    ...{ sample: 100, prefix: null, shardId: null, replicas: false },
    ...{ keysPerSecond: null, bytesPerSecond: null },
  };
  it("is all of it unless something else is said", () =>
    expect(orderOf(newDraft)).toEqual({ depth: "full", ...whole }));
  it("takes any bytes as a prefix, and shows them again", () => {
    const order = orderOf({ ...newDraft, range: "prefix", prefix: "\\xff:é" });
    expect(order).toMatchObject({ prefix: Buffer.from([0xff, 0x3a, 0xc3, 0xa9]).toString("base64") });
    expect(draftOf(order as Parameters<typeof draftOf>[0]).prefix).toBe("\\xff:\\xc3\\xa9");
  });
  it("reads replicas where that is chosen, and shows it again", () => {
    const order = orderOf({ ...newDraft, replicas: true });
    expect(order).toMatchObject({ replicas: true });
    expect(draftOf(order as Parameters<typeof draftOf>[0]).replicas).toBe(true);
  });
  it("has no range where only the numbers are wanted", () =>
    expect(orderOf({ ...newDraft, depth: "counts", range: "prefix", prefix: "" })).toEqual({
      depth: "counts",
      ...whole,
    }));
  it.each([
    [{ range: "sample", sample: "101" }, "sample"],
    [{ range: "sample", sample: "" }, "sample"],
    [{ range: "shard" }, "shardId"],
    [{ range: "prefix" }, "prefix"],
    [{ keysPerSecond: "fast" }, "keysPerSecond"],
    [{ mbPerSecond: "0" }, "mbPerSecond"],
  ] as const)("says of %j what is wrong at %s", (change, field) => {
    const { error } = orderSchema.safeParse({ ...newDraft, ...change });
    expect(error?.issues.map(({ path }) => path)).toEqual([[field]]);
  });
  it("takes limits with thousands separators, in megabytes", () =>
    expect(limitsSchema.parse({ keysPerSecond: "20,000", mbPerSecond: "1.5" })).toEqual({
      keysPerSecond: 20_000,
      bytesPerSecond: 1_500_000,
    }));
});

describe("the form of a schedule", () => {
  const form = scheduleFormOf(null, "Europe/Berlin");
  const issuesOf = (changed: typeof form) =>
    scheduleSchema.safeParse(changed).error?.issues.map(({ path }) => path.join("."));
  it("is every night, all of it, unless something else is said", () =>
    expect(scheduleSchema.parse(form)).toMatchObject({
      enabled: true,
      cron: "0 3 * * *",
      timeZone: "Europe/Berlin",
      order: { depth: "full", sample: 100 },
    }));
  it.each(["60", "-1", "", "x"])("takes no minute %j", (minute) =>
    expect(issuesOf({ ...form, when: { ...form.when, every: "hour", minute } })).toEqual(["when.minute"]),
  );
  it("says of each part what is wrong in its field", () => {
    const when = { ...form.when, every: "cron", cron: " " } as const;
    const order = { ...form.order, mbPerSecond: "x" };
    expect(issuesOf({ when, timeZone: " ", order })).toEqual(["when.cron", "timeZone", "order.mbPerSecond"]);
  });
});

describe("the times of a schedule", () => {
  it.each([
    ["30 4 * * *", "day", "Every day at 04:30"],
    ["5 * * * *", "hour", "Every hour at minute 5"],
    ["15 */6 * * 1-5", "cron", "By the expression 15 */6 * * 1-5"],
    ["0 4 * * 1", "cron", "By the expression 0 4 * * 1"],
  ])("%s is chosen as it was", (cron, every, text) => {
    expect(choiceOf(cron).every).toBe(every);
    expect(cronOf(choiceOf(cron))).toBe(cron);
    expect(cronText(cron)).toBe(text);
  });
});
