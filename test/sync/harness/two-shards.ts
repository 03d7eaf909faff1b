import { expect } from "vitest";
import type { ShardReport } from "../../../server/sync/report/shard-report.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import type { SyncLimits } from "../../../server/sync/spec/sync-limits.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "./check-property.ts";
import { expectUnion } from "./expect-union.ts";
import { endpointAt, type SyncForTest } from "./sync-for-test.ts";
import { syncsOfTask } from "./syncs-of-task.ts";

export type TwoShardsOptions = {
  /** What the task calls its destination; a destination of its own is started without. */
  readonly address?: { readonly port: number };
  readonly backlog?: string;
  /** On each shard, before the task begins. */
  readonly keys?: number;
  /** On each shard, while it runs. */
  readonly commandsPerSecond?: number;
  readonly limits?: Partial<SyncLimits>;
  readonly spec?: Partial<ShardSyncSpec>;
};

/** A task of two shards, each with data and a writer of its own, which writes to one destination. */
export class TwoShards {
  readonly shards: readonly RedisServer[];
  readonly syncs: readonly SyncForTest[];
  readonly #writers: readonly TrafficWriter[];

  private constructor(
    shards: readonly RedisServer[],
    syncs: readonly SyncForTest[],
    writers: readonly TrafficWriter[],
  ) {
    this.shards = shards;
    this.syncs = syncs;
    this.#writers = writers;
  }

  /** The shards, with data and writers; nothing of the task runs yet. */
  static async prepare(
    address: { readonly port: number },
    options: TwoShardsOptions = {},
  ): Promise<TwoShards> {
    const conf = { "repl-backlog-size": options.backlog ?? "64mb" };
    const shards = await Promise.all([startRedis({ conf }), startRedis({ conf })]);
    await Promise.all(
      shards.map(({ client }, index) =>
        fillMixed(client, { keys: options.keys ?? 1_500, seed: seed + index, prefix: `${index}:` }),
      ),
    );
    const sources = shards.map((shard) => endpointAt(shard));
    const syncs = syncsOfTask(sources, endpointAt(address), options.spec, options.limits);
    const writers = shards.map(
      ({ client }, index) =>
        new TrafficWriter(client, {
          seed: seed + index,
          prefix: `${index}:`,
          through: "direct",
          commandsPerSecond: options.commandsPerSecond ?? 1_000,
        }),
    );
    return new TwoShards(shards, syncs, writers);
  }

  /** The task is synchronizing, and its shards are written to. */
  static async running(
    address: { readonly port: number },
    options: TwoShardsOptions = {},
  ): Promise<TwoShards> {
    const task = await TwoShards.prepare(address, options);
    task.start();
    await task.reach("synchronizing");
    task.write();
    await task.move();
    return task;
  }

  start(): void {
    for (const sync of this.syncs) sync.start();
  }

  write(): void {
    for (const writer of this.#writers) writer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.syncs.map((sync) => sync.stop()));
  }

  async stopWriting(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.stop()));
    for (const writer of this.#writers) expect([...writer.errors]).toEqual([]);
  }

  /** Resolves when every shard has this status. */
  async reach(status: ShardReport["status"], timeoutMs = 30_000): Promise<void> {
    await Promise.all(this.syncs.map((sync) => sync.reaches(status, timeoutMs)));
  }

  /** Resolves when `condition` holds of every shard. */
  async every(what: string, condition: (sync: SyncForTest) => boolean, timeoutMs = 30_000): Promise<void> {
    await until(() => this.syncs.every(condition), { what: `of every shard: ${what}`, timeoutMs });
  }

  /** Resolves when further commands of every shard have been applied. */
  async move(commands = 100): Promise<void> {
    const counts = this.syncs.map((sync) => sync.latest?.stream?.commandsApplied ?? 0);
    await until(
      () =>
        this.syncs.every(
          (sync, index) => (sync.latest?.stream?.commandsApplied ?? 0) > counts[index]! + commands,
        ),
      { what: "commands of every shard are applied", timeoutMs: 30_000 },
    );
  }

  /** The destination holds the union of what the shards hold once all is applied. @returns how many keys that are. */
  async expectEqual(destination: RedisServer): Promise<number> {
    await this.stopWriting();
    await Promise.all(
      this.syncs.map((sync, index) => sync.caughtUp(this.shards[index]!.client, destination.client, 60_000)),
    );
    await this.stop();
    return await expectUnion(this.shards, destination);
  }

  /** How often each shard was copied as a whole. */
  async fullSyncs(): Promise<number[]> {
    return await Promise.all(
      this.shards.map(async ({ client }) => Number(/sync_full:(\d+)/.exec(await client.info("stats"))![1])),
    );
  }

  eventsOf(type: string): string[] {
    return this.syncs.flatMap((sync) => sync.eventsOf(type).map(({ message }) => message));
  }

  reasons(): Set<string> {
    return new Set(this.syncs.flatMap((sync) => [...sync.reasons]));
  }

  refused() {
    return this.syncs.flatMap((sync) => sync.refused());
  }
}
