import type { Redis } from "ioredis";
import { onTestFinished, TestRunner } from "vitest";
import type { RedisEndpoint } from "../../../server/redis/endpoint.ts";
import type { SegmentFiles } from "../../../server/replica/segment-file.ts";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey, doubtfulKeysKey } from "../../../server/sync/checkpoint/own-keys.ts";
import type {
  RefusedCommand,
  ScriptRuns,
  ShardEvent,
  ShardReport,
} from "../../../server/sync/report/shard-report.ts";
import { ShardSync } from "../../../server/sync/shard-sync.ts";
import { SHRINK_POLICY, type ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import type { SyncLimits } from "../../../server/sync/spec/sync-limits.ts";
import { temporaryFolder, until } from "../../servers/index.ts";

type Reachable = { readonly port: number; readonly host?: string };

export function endpointAt(server: Reachable, more: Partial<RedisEndpoint> = {}): RedisEndpoint {
  const { port, host = "127.0.0.1" } = server;
  return { host, port, username: null, password: null, tls: false, db: null, ...more };
}

/** A master's replid, or, before Redis 4.0, its run id: what its stream is called by. */
async function streamId(source: Redis): Promise<string> {
  const replid = /master_replid:(\w+)/.exec(await source.info("replication"));
  return (replid ?? /run_id:(\w+)/.exec(await source.info("server")))![1]!;
}

/** One shard sync in this process, and all that it has reported. */
export class SyncForTest {
  readonly spec: ShardSyncSpec;
  readonly events: ShardEvent[] = [];
  readonly statuses = new Set<string>();
  /** Reasons of all reports, by their code. */
  readonly reasons = new Set<string>();
  latest: ShardReport | null = null;
  readonly #refused: RefusedCommand[] = [];
  readonly #scripts = new Map<string, ScriptRuns>();
  readonly #limits: Partial<SyncLimits>;
  readonly #files: SegmentFiles | undefined;
  #sync: ShardSync | null = null;

  /**
   * @param limits in the place of those of production, which are long.
   * @param files in the place of the disk.
   */
  constructor(
    spec: Partial<ShardSyncSpec> & Pick<ShardSyncSpec, "source" | "destination">,
    limits: Partial<SyncLimits> = {},
    files?: SegmentFiles,
  ) {
    // Also on a machine that has much else to do a stop is to come to its end.
    this.#limits = { drainMs: 15_000, ...limits };
    this.#files = files;
    this.spec = {
      taskId: "test",
      taskName: "test",
      shardId: "s0",
      shardName: "s0",
      shardIndex: 0,
      siblings: [],
      alternatives: [],
      sentinel: null,
      databases: { kind: "all" },
      checkpointDb: 0,
      heartbeatDb: null,
      publish: "forward",
      onDestinationDataLost: "resync",
      merge: { policy: "last-write", ring: null },
      // Shards come back empty here and there; what is held is tried where it is meant.
      shrink: { ...SHRINK_POLICY, onShrink: "follow" },
      destinationKeys: "overwrite",
      onFlush: "skip",
      expectCheckpoint: false,
      spoolDirectory: temporaryFolder(),
      spoolQuotaBytes: 2 ** 30,
      ...spec,
    };
    if (TestRunner.getCurrentTest() !== undefined) onTestFinished(() => this.stop());
  }

  start(): this {
    this.#sync = new ShardSync(this.spec, {
      onReport: (report) => this.heard(report),
      limits: this.#limits,
      ...(this.#files === undefined ? {} : { files: this.#files }),
    });
    void this.#sync.run();
    return this;
  }

  /** In good order: what was received is applied. */
  async stop(options = { forgetCheckpoint: false }): Promise<void> {
    await this.#sync?.stop(options);
    this.#sync = null;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    await this.#sync?.run();
  }

  async reaches(status: ShardReport["status"], timeoutMs = 60_000): Promise<void> {
    await until(() => this.latest?.status === status, {
      what: `the status is ${status} (${this.latest?.status})`,
      timeoutMs,
    });
  }

  /** Resolves when the destination's checkpoint is at all that `source` has written by now. */
  async caughtUp(source: Redis, destination: Redis, timeoutMs = 30_000): Promise<void> {
    const { taskId, shardId, checkpointDb } = this.spec;
    const own = destination.duplicate();
    own.on("error", () => {});
    try {
      await until(() => own.select(checkpointDb), { what: "the destination answers", timeoutMs });
      const wanted = BigInt(/master_repl_offset:(\d+)/.exec(await source.info("replication"))![1]!);
      await until(
        async () => {
          // Read each time: with its first replica a master takes another replid.
          const replid = await streamId(source);
          const checkpoint = parseCheckpoint((await own.hget(checkpointKey(taskId), shardId)) ?? "");
          if (checkpoint === null || checkpoint.replid !== replid || checkpoint.offset < wanted) return false;
          return (await own.scard(doubtfulKeysKey(taskId, shardId))) === 0;
        },
        { what: `the destination is at offset ${wanted}`, timeoutMs, everyMs: 5 },
      );
    } finally {
      own.disconnect();
    }
  }

  eventsOf(type: string): ShardEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** All that was refused, added up over the reports. */
  refused(command?: string): RefusedCommand[] {
    const sums = new Map<string, RefusedCommand>();
    for (const one of this.#refused) {
      if (command !== undefined && one.command !== command) continue;
      const key = `${one.kind} ${one.command} ${one.db} ${one.reasonCode}`;
      const sum = sums.get(key);
      const samples = [...(sum?.samples ?? []), ...one.samples];
      sums.set(key, { ...one, count: (sum?.count ?? 0) + one.count, samples });
    }
    return [...sums.values()];
  }

  /** All scripts that ran, added up over the reports. */
  scripts(): ScriptRuns[] {
    return [...this.#scripts.values()];
  }

  /** Takes what the shard sync reports, wherever it runs. */
  heard(report: ShardReport): void {
    this.latest = report;
    this.statuses.add(report.status);
    if (report.reason !== null) this.reasons.add(report.reason.code);
    this.events.push(...report.events);
    this.#refused.push(...report.refused);
    for (const one of report.scripts) {
      const before = this.#scripts.get(one.sha);
      const ran = one.ran + (before?.ran ?? 0);
      this.#scripts.set(one.sha, { ...one, ran, failed: one.failed + (before?.failed ?? 0) });
    }
  }
}
