import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { parseNutcrackerConfig, selectPool } from "../../server/twemproxy/nutcracker-config.ts";
import { createRing } from "../../server/twemproxy/ring.ts";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis } from "../servers/index.ts";
import { TcpProxy } from "../sync/harness/tcp-proxy.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { SoakEngines } from "./soak-engines.ts";
import { isNeighborKey, SoakNeighbor } from "./soak-neighbor.ts";
import { SoakOldMasters } from "./soak-old-masters.ts";
import { SoakShard } from "./soak-shard.ts";
import { SoakTask } from "./soak-task.ts";

const SHARDS = 3;
/** Room for what an engine spools in a standstill of a minute, and little enough to be filled. */
const SPOOL_DISK_MIB = 96;
export const BACKLOG_BYTES = 1024 * 1024;
/** What is confirmed is in the append-only files, so that a server which is killed comes back with it. */
const conf = { appendonly: "yes", appendfsync: "everysec", "repl-backlog-size": String(BACKLOG_BYTES) };

type Parts = Pick<SoakCluster, "shards" | "destination" | "destinationProxy" | "engines" | "main">;

/**
 * A pool of shards with a replica each behind nutcracker, a destination, and an engine as a process that reaches each
 * of them through a proxy.
 */
export class SoakCluster {
  readonly shards: readonly SoakShard[];
  readonly destination: RedisServer;
  readonly destinationProxy: TcpProxy;
  readonly engines: SoakEngines;
  readonly main: SoakTask;
  readonly #folder: string;
  #neighbor: SoakNeighbor | null = null;
  #oldMasters: SoakOldMasters | null = null;
  #nutcracker: Nutcracker;
  /** Failovers of two shards at once change nutcracker's file one after the other. */
  #nutcrackerFree: Promise<void> = Promise.resolve();
  #seed = 0;
  #begun = 0;
  #writers: { readonly commands: number; stop(): Promise<void> }[] = [];
  /** The present writer of each shard. */
  readonly #direct = new Map<SoakShard, TrafficWriter>();

  private constructor(
    { shards, destination, destinationProxy, engines, main }: Parts,
    nutcracker: Nutcracker,
    folder: string,
  ) {
    this.shards = shards;
    this.destination = destination;
    this.destinationProxy = destinationProxy;
    this.engines = engines;
    this.main = main;
    this.#folder = folder;
    this.#nutcracker = nutcracker;
  }

  /** @param folder for logs and data. */
  static async start(folder: string, seed: number): Promise<SoakCluster> {
    const names = Array.from({ length: SHARDS }, (_, n) => `alpha-${n + 1}`);
    const shards = await Promise.all(names.map((name) => SoakShard.start(name, folder, conf)));
    const destination = await startRedis({ directory: join(folder, "destination"), conf });
    const nutcracker = await startNutcracker({ servers: serversOf(shards) });
    for (const [index, shard] of shards.entries()) {
      await fillMixed(shard.master.client, { keys: 3_000, seed: seed + index, prefix: `fill-${index}:` });
    }
    const destinationProxy = await TcpProxy.start(destination.port);
    const config = join(folder, "engine.yml");
    const lines = shards.map(({ name, proxy }) => `    - 127.0.0.1:${proxy.port}:1 ${name}`);
    const text = `alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  hash: fnv1a_64\n  servers:\n${lines.join("\n")}\n`;
    writeFileSync(config, text);
    const ring = createRing(selectPool(parseNutcrackerConfig(text), null));
    const ownerOf = (key: string) => ring.ownerOf(Buffer.from(key, "latin1"))!;
    const also = shards.flatMap(({ name, proxies }) => [
      "--also",
      `${name}=redis://127.0.0.1:${proxies[1]!.port}`,
    ]);
    const to = `redis://127.0.0.1:${destinationProxy.port}`;
    const args = ["--nutcracker", config, ...also, "--destination", to, "--skip-checks"];
    const engines = new SoakEngines(args, folder, names, undefined, SPOOL_DISK_MIB);
    onTestFinished(() => engines.close());
    engines.start();
    const main = new SoakTask(engines, shards, destination, { ownerOf, among: (key) => !isNeighborKey(key) });
    return new SoakCluster({ shards, destination, destinationProxy, engines, main }, nutcracker, folder);
  }

  /** The same seed gives the same commands; how many of them are written is a matter of time. */
  startTraffic(seed: number): void {
    this.#seed = seed;
    this.#begun = 0;
    this.#writers = [new TrafficWriter(this.#nutcracker.client, { seed, commandsPerSecond: 2_000 }).start()];
    for (const shard of this.shards) this.#writeTo(shard);
    if (this.#neighbor !== null) this.#writers.push(this.#neighbor.startTraffic(seed));
    if (this.#oldMasters !== null) this.#writers.push(...this.#oldMasters.startTraffic(seed));
  }

  get tasks(): readonly SoakTask[] {
    const others = [this.#neighbor, this.#oldMasters].flatMap((one) => (one === null ? [] : [one.task]));
    return [this.main, ...others];
  }

  /** The task of old masters, which begins when it is asked for the first time. */
  async oldMasters(): Promise<SoakOldMasters> {
    if (this.#oldMasters === null) {
      const old = await SoakOldMasters.start(this.#folder, this.#seed);
      this.#writers.push(...old.startTraffic(this.#seed));
      this.#oldMasters = old;
    }
    return this.#oldMasters;
  }

  /** The second task, which begins when it is asked for the first time. */
  async secondTask(): Promise<SoakNeighbor> {
    if (this.#neighbor === null) {
      const { destination, destinationProxy } = this;
      const at = { folder: this.#folder, seed: this.#seed, port: destinationProxy.port, destination };
      const neighbor = await SoakNeighbor.start(at, conf);
      this.#writers.push(neighbor.startTraffic(this.#seed));
      this.#neighbor = neighbor;
    }
    return this.#neighbor;
  }

  /** @returns how many commands were answered. */
  async stopTraffic(): Promise<number> {
    await Promise.all(this.#writers.map((writer) => writer.stop()));
    return this.#writers.reduce((sum, { commands }) => sum + commands, 0);
  }

  /**
   * Writes to a shard by the names that go through nutcracker, whoever owns them, also commands over several of them:
   * as scripts do, or clients that go past the proxy.
   * @param lasts ms. @param chance decides on the commands, in [0, 1).
   */
  async writeStrays(shard: SoakShard, lasts: number, chance: number): Promise<void> {
    const writer = new TrafficWriter(shard.master.client, {
      seed: Math.floor(chance * 2 ** 31),
      through: "direct",
      commandsPerSecond: 300,
    }).start();
    await sleep(lasts);
    await writer.stop();
  }

  /** @param lasts ms until the killed master comes back, as a replica. */
  async failOver(shard: SoakShard, lasts: number): Promise<void> {
    await shard.failOver();
    const former = this.#direct.get(shard);
    this.#writeTo(shard);
    await this.#moveNutcracker();
    await sleep(lasts);
    await shard.bringBack();
    // What it had not sent waited for the server, which refuses it as a replica.
    await former?.stop();
  }

  async handOver(shard: SoakShard): Promise<void> {
    await shard.handOver();
    const former = this.#direct.get(shard);
    this.#writeTo(shard);
    await this.#moveNutcracker();
    await former?.stop();
  }

  proxyOf(target: "destination" | number): TcpProxy {
    return target === "destination" ? this.destinationProxy : this.shards[target]!.proxy;
  }

  serverOf(target: "destination" | number): RedisServer {
    return target === "destination" ? this.destination : this.shards[target]!.master;
  }

  /** Writes to the shard's master of this moment, instead of to the one before. */
  #writeTo(shard: SoakShard): void {
    const writer = new TrafficWriter(shard.master.client, {
      seed: this.#seed + ++this.#begun,
      prefix: `direct-${shard.name}:`,
      through: "direct",
      commandsPerSecond: 500,
    });
    this.#direct.set(shard, writer.start());
    this.#writers.push(writer);
  }

  /** Lets nutcracker know the present masters, as operators do: by a new file and a restart. */
  #moveNutcracker(): Promise<void> {
    const move = async () => {
      const { port } = this.#nutcracker;
      await this.#nutcracker.kill();
      this.#nutcracker = await startNutcracker({ port, servers: serversOf(this.shards) });
    };
    this.#nutcrackerFree = this.#nutcrackerFree.then(move);
    return this.#nutcrackerFree;
  }
}

function serversOf(shards: readonly SoakShard[]) {
  return shards.map(({ name, master }) => ({ port: master.port, name }));
}
