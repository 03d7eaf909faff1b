import { expect, it } from "vitest";
import type { ServerFacts } from "../../../server/redis/server-info.ts";
import { parseInfo, serverFacts } from "../../../server/redis/server-info.ts";
import type { Generation } from "../../../server/sync/generation/generation.ts";
import { StreamLedger } from "../../../server/sync/ledger/stream-ledger.ts";
import type { ShardReport } from "../../../server/sync/report/shard-report.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import { type Moment, ReportBuilder } from "../../../server/sync/status/report-builder.ts";

const replid = "a".repeat(40);

function build(spec: Partial<ShardSyncSpec> = {}): { builder: ReportBuilder; reports: ShardReport[] } {
  const reports: ShardReport[] = [];
  const whole = { taskId: "t", shardId: "s", ...spec } as ShardSyncSpec;
  return {
    builder: new ReportBuilder(
      whole,
      () => 0,
      (report) => void reports.push(report),
    ),
    reports,
  };
}

function moment(facts: ServerFacts, receivedOffset: bigint, generation: Partial<Generation> | null): Moment {
  const poller = { facts, address: "h:1", keys: null };
  return {
    receivedOffset,
    appliedOffset: receivedOffset,
    generation: generation && {
      kind: "partial",
      rdb: null,
      stream: { memoryBytes: 0, diskBytes: 0 },
      ...generation,
    },
    ledger: new StreamLedger(
      () => 0,
      () => {},
    ),
    source: poller,
    destination: poller,
  } as unknown as Moment;
}

const info = (offset: number, id = replid) =>
  serverFacts(parseInfo(`master_replid:${id}\r\nmaster_repl_offset:${offset}\r\n`));

it("does not put the source's offset below what has been received of the same history", () => {
  const { builder, reports } = build();
  builder.send(moment(info(100), 250n, { replids: [replid] }));
  builder.send(moment(info(300), 250n, { replids: [replid] }));
  builder.send(moment(info(100, "b".repeat(40)), 250n, { replids: [replid] }));
  builder.send(moment(info(100), 250n, null));
  expect(reports.map(({ source }) => source?.masterReplOffset)).toEqual(["250", "300", "100", "100"]);
});

it("numbers an initial sync by all that the shard has had, those of former engines included", () => {
  const { builder, reports } = build({ initialSyncsBefore: 1 });
  builder.beginInitialSync({ why: "the backlog was outrun" } as Generation);
  builder.send(moment(info(100), 250n, null));
  expect(reports[0]?.initialSyncs).toBe(2);
  expect(reports[0]?.events.map(({ message }) => message)).toEqual([
    "Initial sync 2: the backlog was outrun.",
  ]);
});
