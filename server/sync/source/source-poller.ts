import type { ServerInfo } from "../../redis/server-info.ts";
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
  /** Hears how much the server has removed by itself since its start, up to an offset of its stream. */
  onRemoved: (offset: number, removed: number) => void,
  signal: AbortSignal,
): FactsPoller {
  const { heartbeatDb } = spec;
  return new FactsPoller({
    endpoint: () => locator.current,
    role,
    intervalMs: POLL_MS,
    ownKeys: heartbeatDb === null ? [] : [{ key: HEARTBEAT_KEY, db: heartbeatDb, expires: true }],
    onFacts: (facts) => lag.sourceAt(facts.masterReplOffset),
    onInfo: async (info) => {
      const offset = Number(info.get("replication")?.get("master_repl_offset"));
      if (Number.isFinite(offset)) onRemoved(offset, removedIn(info));
    },
    signal,
  });
}

/** Removals by the server itself: each is a DEL or UNLINK in its stream, of a field an HDEL. */
const REMOVED = ["expired_keys", "evicted_keys", "expired_subkeys", "expired_fields"];

function removedIn(info: ServerInfo): number {
  const stats = info.get("stats");
  return REMOVED.reduce((sum, field) => sum + (Number(stats?.get(field)) || 0), 0);
}
