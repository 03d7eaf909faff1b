import { onTestFinished } from "vitest";
import { shardKey } from "../../../server/control/engine/engine-protocol.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import { SyncForTest } from "./sync-for-test.ts";

/** Worker threads as the server starts them; shard syncs are spread over them. */
export class ThreadsForTest {
  /** What killed threads, as it was told. */
  readonly deaths: string[] = [];
  readonly #syncs = new Map<string, SyncForTest>();
  readonly #pool: WorkerPool;

  /** @param size how many threads: with one for each shard sync no two share one. */
  constructor(size: number) {
    this.#pool = new WorkerPool({
      size,
      onReport: (report) => this.#syncs.get(shardKey(report.taskId, report.shardId))?.heard(report),
      onEnded: () => {},
      onWorkerDied: (_, shardId, reason) => this.deaths.push(`${shardId}: ${reason.message}`),
    });
    onTestFinished(() => this.#pool.close());
  }

  /** A shard sync that runs in one of the threads, with the limits of production. */
  sync(spec: ConstructorParameters<typeof SyncForTest>[0]): SyncForTest {
    const sync = new SyncInThread(spec, this.#pool);
    this.#syncs.set(shardKey(sync.spec.taskId, sync.spec.shardId), sync);
    return sync;
  }
}

class SyncInThread extends SyncForTest {
  readonly #pool: WorkerPool;

  constructor(
    spec: Partial<ShardSyncSpec> & Pick<ShardSyncSpec, "source" | "destination">,
    pool: WorkerPool,
  ) {
    super(spec);
    this.#pool = pool;
  }

  override start(): this {
    this.#pool.start(this.spec);
    return this;
  }

  override async stop(options = { forgetCheckpoint: false }): Promise<void> {
    await this.#pool.stop(this.spec.taskId, this.spec.shardId, options);
  }
}
