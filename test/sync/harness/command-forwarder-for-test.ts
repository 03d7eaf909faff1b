import { CommandScanner } from "../../../server/redis/command-scanner.ts";
import type { AnswerWatchers } from "../../../server/sync/commands/answer-watch.ts";
import { StreamLedger } from "../../../server/sync/ledger/stream-ledger.ts";
import type { ShardEvent } from "../../../server/sync/report/shard-report.ts";
import { UnheldKeys } from "../../../server/sync/strays/unheld-keys.ts";
import type { BatchPipeline } from "../../../server/sync/stream/batch-pipeline.ts";
import { CommandCutter } from "../../../server/sync/stream/command-cutter.ts";
import { CommandForwarder } from "../../../server/sync/stream/command-forwarder.ts";
import { StreamRefusals } from "../../../server/sync/stream/stream-refusals.ts";
import type { FilterForTest } from "./filter-for-test.ts";

/** What takes a stream's commands, in front of a pipeline of the test's own. */
export function commandForwarderForTest(
  pipeline: BatchPipeline,
  { filter, clock, heldBack }: FilterForTest,
  options: { from?: bigint; replid?: () => string; watchers?: AnswerWatchers } = {},
) {
  const { from = 0n, replid = () => "", watchers = {} } = options;
  const events: Omit<ShardEvent, "at">[] = [];
  const ledger = new StreamLedger(
    () => 0,
    (event) => void events.push(event),
  );
  const scanner = new CommandScanner("shard test");
  const forwarder = new CommandForwarder({
    spec: { taskId: "test", shardId: "s0", checkpointDb: 0, databases: { kind: "all" } },
    link: { full: false } as never,
    pipeline,
    filter,
    scanner,
    refusals: new StreamRefusals(ledger, filter, scanner),
    clock,
    heldBack,
    ledger,
    merge: { unheld: new UnheldKeys() },
    watchers,
    from: { offset: from },
    replid,
    joined: () => false,
    settle: () => {},
    progress: { acknowledgeNow: () => {} },
  });
  const cutter = new CommandCutter(scanner, forwarder, "shard test", from);
  /** In pieces, as they come from a spool. */
  const take = (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += 60_000) cutter.cut(bytes.subarray(at, at + 60_000), 0);
  };
  return { forwarder, take, ledger, events };
}
