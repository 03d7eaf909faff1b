import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { parseCheckpoint } from "../../server/sync/checkpoint.ts";
import { checkpointKey, doubtfulKeysKey } from "../../server/sync/own-keys.ts";
import { parseNutcrackerConfig, selectPool } from "../../server/twemproxy/nutcracker-config.ts";
import { createRing } from "../../server/twemproxy/ring.ts";
import { compareUnion, type UnionComparison } from "../digest/compare-union.ts";
import { type Nutcracker, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";
import { TcpProxy } from "../sync/tcp-proxy.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { SoakEngines } from "./soak-engines.ts";
import { SoakShard } from "./soak-shard.ts";

const SHARDS = 3;
/** ms: half-open links are given up after a minute of silence, and an initial sync follows. */
const PATIENCE_MS = 180_000;
export const BACKLOG_BYTES = 1024 * 1024;
/** What is confirmed is in the append-only files, so that a server which is killed comes back with it. */
const conf = { appendonly: "yes", appendfsync: "everysec", "repl-backlog-size": String(BACKLOG_BYTES) };

type Parts = Pick<SoakCluster, "shards" | "destination" | "destinationProxy" | "engines" | "ownerOf">;

/**
 * A pool of shards with a replica each behind nutcracker, a destination, and an engine as a process that reaches each
 * of them through a proxy.
 */
export class SoakCluster {
  readonly shards: readonly SoakShard[];
  readonly destination: RedisServer;
  readonly destinationProxy: TcpProxy;
  readonly engines: SoakEngines;
  /** The shard that nutcracker gives a key, by its number. */
  readonly ownerOf: (key: string) => number;
  #nutcracker: Nutcracker;
  /** Failovers of two shards at once change nutcracker's file one after the other. */
  #nutcrackerFree: Promise<void> = Promise.resolve();
  #seed = 0;
  #begun = 0;
  #writers: TrafficWriter[] = [];
  /** The present writer of each shard. */
  readonly #direct = new Map<SoakShard, TrafficWriter>();

  private constructor(
    { shards, destination, destinationProxy, engines, ownerOf }: Parts,
    nutcracker: Nutcracker,
  ) {
    this.shards = shards;
    this.destination = destination;
    this.destinationProxy = destinationProxy;
    this.engines = engines;
    this.ownerOf = ownerOf;
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
    const engines = new SoakEngines(args, folder, names);
    onTestFinished(() => engines.close());
    engines.start();
    return new SoakCluster({ shards, destination, destinationProxy, engines, ownerOf }, nutcracker);
  }

  /** The same seed gives the same commands; how many of them are written is a matter of time. */
  startTraffic(seed: number): void {
    this.#seed = seed;
    this.#begun = 0;
    this.#writers = [new TrafficWriter(this.#nutcracker.client, { seed, commandsPerSecond: 2_000 }).start()];
    for (const shard of this.shards) this.#writeTo(shard);
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

  /** Resolves when the destination holds all that the shards hold by now. */
  async caughtUp(): Promise<void> {
    for (const shard of this.shards) {
      const { client } = shard.master;
      await lookAtEveryKey(shard.master);
      // A master takes another id when its backlog begins: when the first replica comes.
      let wanted = { replid: "", offset: 0n };
      await this.#untilEngine(async () => {
        const info = await client.info("replication");
        const replid = /master_replid:(\w+)/.exec(info)?.[1] ?? "";
        const offset = BigInt(/master_repl_offset:(\d+)/.exec(info)?.[1] ?? "0");
        if (wanted.replid !== replid) wanted = { replid, offset };
        const text = await this.destination.client.hget(checkpointKey(this.engines.taskId), shard.name);
        const checkpoint = parseCheckpoint(text ?? "");
        return checkpoint?.replid === replid && checkpoint.offset >= wanted.offset;
      }, `${shard.name} is applied to its end`);
    }
  }

  /** Compares until both are equal: doubtful keys are copied again, strays decided and expiries restored a little later. */
  async compare(timeoutMs = 120_000): Promise<UnionComparison> {
    let last: UnionComparison | null = null;
    await until(
      async () => {
        last = await compareUnion({
          shards: this.shards.map(({ master }) => master.client),
          destination: this.destination.client,
          ownerOf: this.ownerOf,
        });
        return last.differences.length === 0;
      },
      { what: "the union is equal", timeoutMs, everyMs: 1_000 },
    ).catch(() => {});
    if (last === null) throw new Error("the servers could not be compared");
    return last;
  }

  /** What there is to know of keys that differ: how each is there, and whether time alone puts it right. */
  async explain({ differences }: UnionComparison): Promise<string> {
    const { client } = this.destination;
    const notes: string[] = [];
    for (const { key } of differences.slice(0, 5)) {
      const noted: string[] = [];
      for (const { name } of this.shards) {
        const members = await client.smembers(doubtfulKeysKey(this.engines.taskId, name));
        noted.push(
          ...members.filter((member) => member.endsWith(`:${key}`)).map((member) => `${name} ${member}`),
        );
      }
      const there = `${await client.type(key)}, PTTL ${await client.pttl(key)}, doubtful: ${noted.join(", ") || "no"}`;
      notes.push(`  ${key} on the destination: ${there}`);
    }
    const again = await this.compare(60_000);
    const left = again.differences.slice(0, 50).map(({ kind, key }) => `${kind} ${key}`);
    return [...notes, `  after another minute at most there differs: ${left.join(", ") || "nothing"}`].join(
      "\n",
    );
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

  async #untilEngine(condition: () => Promise<boolean>, what: string): Promise<void> {
    const met = await until(async () => (await this.engines.failure()) ?? (await condition()), {
      what,
      timeoutMs: PATIENCE_MS,
      everyMs: 100,
    });
    if (met instanceof Error) throw met;
  }
}

function serversOf(shards: readonly SoakShard[]) {
  return shards.map(({ name, master }) => ({ port: master.port, name }));
}

/** A master deletes an expired key, and says so, only when it happens upon it. */
async function lookAtEveryKey({ client }: RedisServer): Promise<void> {
  let cursor = "0";
  do {
    [cursor] = await client.scan(cursor, "COUNT", 1000);
  } while (cursor !== "0");
}
