import { HEARTBEAT_KEY } from "../checkpoint/own-keys.ts";
import { FactsPoller } from "../report/facts-poller.ts";
import type { LagMeter } from "../report/lag-meter.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { SourceLocator } from "./source-locator.ts";

const POLL_MS = 2000;

/** Asks the shard's master for its facts, wherever it is, and tells up to where it has written. */
export function sourcePoller(
  spec: ShardSyncSpec,
  role: string,
  locator: SourceLocator,
  lag: LagMeter,
  signal: AbortSignal,
): FactsPoller {
  const { heartbeatDb } = spec;
  return new FactsPoller({
    endpoint: () => locator.current,
    role,
    intervalMs: POLL_MS,
    ownKeys: heartbeatDb === null ? [] : [{ key: HEARTBEAT_KEY, db: heartbeatDb, expires: true }],
    onFacts: (facts) => lag.sourceAt(facts.masterReplOffset),
    signal,
  });
}
