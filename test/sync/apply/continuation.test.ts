import { expect, test } from "vitest";
import { TributaryError } from "../../../server/errors/tributary-error.ts";
import { beginning, continuation, isMissed, wantedAfter } from "../../../server/sync/apply/continuation.ts";
import type { CheckpointState } from "../../../server/sync/checkpoint/checkpoint-state.ts";
import type { Generation } from "../../../server/sync/generation/generation.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import type { ReportBuilder } from "../../../server/sync/status/report-builder.ts";

const replid = "a".repeat(40);
const at = (offset: bigint, of = replid): CheckpointState => ({
  kind: "at",
  replid: of,
  offset,
  db: 0,
  at: 0,
});

/** It holds the stream from offset 1000, of which 100 bytes have been released, up to 1500. */
const generation = {
  replids: [replid],
  offset: 1000n,
  stream: { start: 100, end: 500 },
} as unknown as Generation;

function context(spec: Partial<ShardSyncSpec> = {}) {
  const events: string[] = [];
  const whole = { destination: { host: "h", port: 1 }, onDestinationDataLost: "resync", ...spec };
  const report = { event: ({ type }: { type: string }) => void events.push(type) };
  return {
    events,
    context: {
      spec: whole as unknown as ShardSyncSpec,
      role: "shard s0",
      report: report as unknown as ReportBuilder,
    },
  };
}

test.each([
  ["nothing", { kind: "new" }, "first start"],
  ["an initial sync that was not finished", { kind: "begun" }, "the initial sync before was not finished"],
] as const)("a start that finds %s receives everything", (_, state, why) => {
  expect(beginning(state, context().context)).toEqual({ kind: "receive", wanted: { resume: null, why } });
});

test("a start that finds a checkpoint resumes there", () => {
  expect(beginning(at(7n), context().context)).toMatchObject({
    kind: "receive",
    wanted: { resume: { replid, offset: 7n } },
  });
});

test("a start that expects a checkpoint and finds nothing says so, and copies the shard again", () => {
  const { events, context: given } = context({ expectCheckpoint: true });
  expect(beginning({ kind: "new" }, given)).toMatchObject({ kind: "receive", wanted: { resume: null } });
  expect(events).toEqual(["destination-data-lost"]);
});

test("where the task wants it so, a loss stops the shard for good", () => {
  const stops = { onDestinationDataLost: "stop", expectCheckpoint: true } as const;
  expect(beginning({ kind: "new" }, context(stops).context)).toMatchObject({
    kind: "stop",
    reason: { code: "DESTINATION_DATA_LOST", retried: false },
  });
  expect(continuation({ kind: "lost" }, generation, context(stops).context).kind).toBe("stop");
});

test("a loss that the user has accepted by a first start stops nothing", () => {
  const accepted = { onDestinationDataLost: "stop", expectCheckpoint: false } as const;
  expect(beginning({ kind: "lost" }, context(accepted).context).kind).toBe("receive");
});

test.each([
  ["the oldest byte that the spool has", 1100n, "from"],
  ["the newest", 1500n, "from"],
  ["what has been released", 1099n, "receive"],
  ["what has not come", 1501n, "receive"],
] as const)("a checkpoint at %s", (_, offset, kind) => {
  const { events, context: given } = context();
  expect(continuation(at(offset), generation, given).kind).toBe(kind);
  expect(events).toEqual(kind === "from" ? [] : ["destination-went-back"]);
});

test("a checkpoint of another history is never gone on from", () => {
  expect(continuation(at(1200n, "b".repeat(40)), generation, context().context)).toMatchObject({
    kind: "receive",
    wanted: { resume: { offset: 1200n } },
  });
});

test("a destination that went back into an initial sync gets a whole one", () => {
  const { events, context: given } = context();
  expect(continuation({ kind: "begun" }, generation, given)).toMatchObject({
    kind: "receive",
    wanted: { resume: null },
  });
  expect(events).toEqual(["destination-went-back"]);
});

test("what was received and cannot be applied is received again: from the checkpoint where that may serve", () => {
  const checkpoint = { replid, offset: 9n, db: 0, at: 0 };
  const wanted = (code: "RDB_CORRUPT" | "DESTINATION_MISSED" | "SPOOL_FAILED" | "SOURCE_PROTOCOL") =>
    wantedAfter(new TributaryError(code), checkpoint)?.resume;
  expect(wanted("RDB_CORRUPT")).toBeNull();
  expect(wanted("DESTINATION_MISSED")).toBeNull();
  expect(wanted("SPOOL_FAILED")).toBe(checkpoint);
  expect(wanted("SOURCE_PROTOCOL")).toBe(checkpoint);
  expect(wantedAfter(new TributaryError("DESTINATION_LINK_LOST"), checkpoint)).toBeNull();
  expect(wantedAfter(new Error("other"), checkpoint)).toBeNull();
});

test("only a command that was missed within an applied transaction makes the checkpoint worthless", () => {
  expect(isMissed(new TributaryError("DESTINATION_MISSED"))).toBe(true);
  expect(isMissed(new TributaryError("DESTINATION_LINK_LOST"))).toBe(false);
});
