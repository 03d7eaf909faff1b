import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCheckpoint } from "../../server/sync/checkpoint.ts";
import { compareUnion, type UnionComparison } from "../digest/compare-union.ts";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";
import { EngineRun } from "../sync/engine-run.ts";
import { TcpProxy } from "../sync/tcp-proxy.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";

const SHARDS = 3;
/** ms: half-open links are given up after a minute of silence, and an initial sync follows. */
const PATIENCE_MS = 180_000;

/**
 * A pool of shards behind nutcracker, a destination, and an engine as a process that reaches each of them through
 * a proxy. What is confirmed is in the append-only files, so that a server which is killed comes back with it.
 */
export class SoakCluster {
  readonly shards: readonly RedisServer[];
  readonly destination: RedisServer;
  readonly nutcracker: Nutcracker;
  /** Between the engine and each shard, and between the engine and the destination. */
  readonly shardProxies: readonly TcpProxy[];
  readonly destinationProxy: TcpProxy;
  readonly engine: EngineRun;
  #writers: TrafficWriter[] = [];

  private constructor(
    parts: Pick<
      SoakCluster,
      "shards" | "destination" | "nutcracker" | "shardProxies" | "destinationProxy" | "engine"
    >,
  ) {
    this.shards = parts.shards;
    this.destination = parts.destination;
    this.nutcracker = parts.nutcracker;
    this.shardProxies = parts.shardProxies;
    this.destinationProxy = parts.destinationProxy;
    this.engine = parts.engine;
  }

  /** @param folder for logs and data, which are left there. */
  static async start(folder: string, seed: number): Promise<SoakCluster> {
    const redis = (name: string) =>
      startRedis({
        directory: join(folder, name),
        conf: { appendonly: "yes", appendfsync: "everysec", "repl-backlog-size": "1mb" },
      });
    const shards: RedisServer[] = [];
    for (let n = 1; n <= SHARDS; n++) shards.push(await redis(`shard-${n}`));
    const destination = await redis("destination");
    const servers = shards.map(({ port }, index) => ({ port, name: nameOf(index) }));
    const nutcracker = await startNutcracker({ servers });
    for (const [index, shard] of shards.entries()) {
      await fillMixed(shard.client, { keys: 3_000, seed: seed + index, prefix: `fill-${index}:` });
    }
    const shardProxies = await Promise.all(shards.map(({ port }) => TcpProxy.start(port)));
    const destinationProxy = await TcpProxy.start(destination.port);
    const config = join(folder, "engine.yml");
    const lines = shardProxies.map(({ port }, index) => `    - 127.0.0.1:${port}:1 ${nameOf(index)}`);
    writeFileSync(config, `alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n${lines.join("\n")}\n`);
    mkdirSync(join(folder, "engine"));
    const to = `redis://127.0.0.1:${destinationProxy.port}`;
    const engine = new EngineRun(
      ["--nutcracker", config, "--destination", to, "--skip-checks"],
      join(folder, "engine"),
    );
    engine.start();
    return new SoakCluster({ shards, destination, nutcracker, shardProxies, destinationProxy, engine });
  }

  /** The same seed gives the same commands; how many of them are written is a matter of time. */
  startTraffic(seed: number): void {
    this.#writers = [
      new TrafficWriter(this.nutcracker.client, { seed, commandsPerSecond: 2_000 }),
      ...this.shards.map(
        (shard, index) =>
          new TrafficWriter(shard.client, {
            seed: seed + 1 + index,
            prefix: `direct-${index}:`,
            through: "direct",
            commandsPerSecond: 500,
          }),
      ),
    ];
    for (const writer of this.#writers) writer.start();
  }

  /** @returns how many commands were answered. */
  async stopTraffic(): Promise<number> {
    await Promise.all(this.#writers.map((writer) => writer.stop()));
    return this.#writers.reduce((sum, { commands }) => sum + commands, 0);
  }

  /** Resolves when the destination holds all that the shards hold by now. */
  async caughtUp(): Promise<void> {
    for (const [index, shard] of this.shards.entries()) {
      await this.#lookAtEveryKey(shard);
      // A master takes another id when its backlog begins: when the first replica comes.
      let wanted = { replid: "", offset: 0n };
      await until(
        async () => {
          if (this.engine.exit !== null) this.engine.start();
          const info = await shard.client.info("replication");
          const replid = /master_replid:(\w+)/.exec(info)?.[1] ?? "";
          const offset = BigInt(/master_repl_offset:(\d+)/.exec(info)?.[1] ?? "0");
          if (wanted.replid !== replid) wanted = { replid, offset };
          const checkpoints = `tributary:checkpoint:${this.engine.taskId}`;
          const text = await this.destination.client.hget(checkpoints, nameOf(index));
          const checkpoint = parseCheckpoint(text ?? "");
          return checkpoint?.replid === replid && checkpoint.offset >= wanted.offset;
        },
        { what: `shard ${index + 1} is applied to its end`, timeoutMs: PATIENCE_MS, everyMs: 100 },
      );
    }
  }

  /** Compares until both are equal, for doubtful keys are copied again and expiries restored a little later. */
  async compare(): Promise<UnionComparison> {
    let last: UnionComparison | null = null;
    await until(
      async () => {
        last = await compareUnion({
          shards: this.shards.map(({ client }) => client),
          destination: this.destination.client,
        });
        return last.differences.length === 0;
      },
      { what: "the union is equal", timeoutMs: 20_000, everyMs: 1_000 },
    ).catch(() => {});
    if (last === null) throw new Error("the servers could not be compared");
    return last;
  }

  proxyOf(target: "destination" | number): TcpProxy {
    return target === "destination" ? this.destinationProxy : this.shardProxies[target]!;
  }

  serverOf(target: "destination" | number): RedisServer {
    return target === "destination" ? this.destination : this.shards[target]!;
  }

  /** A master deletes an expired key, and says so, only when it happens upon it. */
  async #lookAtEveryKey(shard: RedisServer): Promise<void> {
    let cursor = "0";
    do {
      [cursor] = await shard.client.scan(cursor, "COUNT", 1000);
    } while (cursor !== "0");
  }
}

function nameOf(shard: number): string {
  return `alpha-${shard + 1}`;
}
