import { join } from "node:path";
import type { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import { doubtfulKeysKey } from "../../../server/sync/checkpoint/own-keys.ts";
import type { HeldShard, ShardEvent, ShardReport } from "../../../server/sync/report/shard-report.ts";
import { ShardSync } from "../../../server/sync/shard-sync.ts";
import {
  type DatabaseMap,
  SHRINK_POLICY,
  type ShardSyncSpec,
} from "../../../server/sync/spec/shard-sync-spec.ts";
import type { SyncLimits } from "../../../server/sync/spec/sync-limits.ts";
import { type RedisServer, startRedis, temporaryFolder, until } from "../../servers/index.ts";

const endpoint = (server: RedisServer) => ({
  host: server.host,
  port: server.port,
  username: null,
  password: null,
  tls: false,
  db: null,
});

/** A shard whose backlog is soon outrun, and whose offset moves every second. */
export const startShard = () =>
  startRedis({ conf: { "repl-backlog-size": "16kb", "repl-ping-replica-period": "1" } });

/** A task whose shard syncs run in this process, each of which can be stopped and started again. */
export class ReconcileTask {
  readonly specs: readonly ShardSyncSpec[];
  readonly events: (ShardEvent & { readonly shard: number })[] = [];
  readonly steps = new Set<string>();
  readonly statuses = new Set<string>();
  readonly #shards: readonly RedisServer[];
  readonly #destination: RedisServer;
  readonly #limits: Partial<SyncLimits>;
  readonly #running = new Map<number, ShardSync>();
  readonly #latest = new Map<number, ShardReport>();

  constructor(
    shards: readonly RedisServer[],
    destination: RedisServer,
    databases: DatabaseMap = { kind: "all" },
    more: Partial<ShardSyncSpec> = {},
    options: { readonly folder?: string; readonly limits?: Partial<SyncLimits> } = {},
  ) {
    this.#shards = shards;
    this.#destination = destination;
    const folder = options.folder ?? temporaryFolder();
    this.#limits = options.limits ?? {};
    const siblings = shards.map((shard, index) => ({
      shardId: `s${index}`,
      shardName: `s${index}`,
      source: endpoint(shard),
      alternatives: [],
      sentinel: null,
      spoolDirectory: join(folder, `s${index}`),
    }));
    this.specs = siblings.map((own, shardIndex) => ({
      taskId: "reconcile",
      taskName: "reconcile",
      ...own,
      shardIndex,
      siblings: siblings.filter((other) => other !== own),
      destination: endpoint(destination),
      databases,
      checkpointDb: 0,
      heartbeatDb: null,
      publish: "forward" as const,
      onDestinationDataLost: "resync" as const,
      merge: { policy: "last-write" as const, ring: null },
      shrink: SHRINK_POLICY,
      destinationKeys: "overwrite" as const,
      onFlush: "skip" as const,
      expectCheckpoint: false,
      spoolQuotaBytes: 2 ** 30,
      ...more,
    }));
    onTestFinished(() => this.stop());
  }

  start(...shards: number[]): void {
    for (const shard of shards) {
      this.#latest.delete(shard);
      const sync = new ShardSync(this.specs[shard]!, {
        limits: this.#limits,
        onReport: (report) => {
          this.#latest.set(shard, report);
          this.statuses.add(`s${shard} ${report.status}`);
          for (const event of report.events) this.events.push({ ...event, shard });
          if (report.initialSync !== null) this.steps.add(report.initialSync.step);
        },
      });
      this.#running.set(shard, sync);
      void sync.run();
    }
  }

  /** One that runs, to be told something. */
  sync(shard: number): ShardSync {
    return this.#running.get(shard)!;
  }

  async stop(...shards: number[]): Promise<void> {
    const stopped = shards.length === 0 ? [...this.#running.keys()] : shards;
    await Promise.all(
      stopped.map(async (shard) => {
        await this.#running.get(shard)?.stop({ forgetCheckpoint: false });
        this.#running.delete(shard);
      }),
    );
  }

  report(shard: number): ShardReport | undefined {
    return this.#latest.get(shard);
  }

  eventsOf(type: string): string[] {
    return this.events
      .filter((event) => event.type === type)
      .map(({ shard, message }) => `s${shard}: ${message}`);
  }

  /** Resolves when the shard is held, and with what. */
  async held(shard: number): Promise<HeldShard> {
    await until(() => this.report(shard)?.status === "held", { what: "it is held", timeoutMs: 120_000 });
    return this.report(shard)!.held!;
  }

  /** The codes of what is known to differ. */
  differs(shard: number): string[] {
    return (this.report(shard)?.differs?.causes ?? []).map(({ code }) => code);
  }

  /** Resolves when all that the shards have written by now is on the destination, and a report says so. */
  async caughtUp(...shards: number[]): Promise<void> {
    for (const shard of shards) {
      const info = () => this.#shards[shard]!.client.info("replication");
      const offset = BigInt(/(?<=master_repl_offset:)\d+/.exec(await info())![0]);
      await until(
        async () => {
          // Read each time: with its first replica a master takes another replid.
          const [replid] = /(?<=master_replid:)\w+/.exec(await info())!;
          const text = await this.#destination.client.hget("tributary:checkpoint:reconcile", `s${shard}`);
          const [, at, reached] = (text ?? "").split(" ");
          if (at === replid && BigInt(reached ?? -1) >= offset) return true;
          const { status, reason, initialSync } = this.report(shard) ?? {};
          throw new Error(`It is at ${text}: ${JSON.stringify({ status, reason, initialSync })}`);
        },
        { what: `shard ${shard} has reached offset ${offset}`, timeoutMs: 120_000 },
      );
      // Its report brings the events of what happened until then, and comes a little later.
      await until(() => BigInt(this.report(shard)?.stream?.appliedOffset ?? -1) >= offset, {
        what: `shard ${shard} has reported offset ${offset}`,
      });
    }
  }

  /** Resolves when no key waits to be copied again, or to be decided about. */
  async settled(): Promise<void> {
    const { client } = this.#destination;
    const sets = this.specs.map(({ taskId, shardId }) => doubtfulKeysKey(taskId, shardId));
    await until(async () => (await client.exists(...sets)) === 0, {
      what: "no key is doubtful",
      timeoutMs: 120_000,
    });
  }

  /** Makes the shard's source refuse to continue: the next connection is a full resynchronization. */
  async forceFullSync(shard: number): Promise<void> {
    const { client } = this.#shards[shard]!;
    await client.call("DEBUG", "CHANGE-REPL-ID");
    await client.call("CLIENT", "KILL", "TYPE", "replica");
  }
}

/** Writes more than the backlog of `startShard` holds. */
export async function outrunBacklog(client: Redis): Promise<void> {
  for (let time = 0; time < 8; time++) await client.set("outrun", "x".repeat(16_384));
  await client.del("outrun");
}
