import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { taskKeys } from "../../server/sync/checkpoint/own-keys.ts";
import { leaveNeighbors } from "../../server/sync/destination/neighbors.ts";
import type { RedisServer } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { SoakEngines } from "./soak-engines.ts";
import { SoakShard } from "./soak-shard.ts";
import { SoakTask } from "./soak-task.ts";

const NAME = "neighbor";

/** Whether a key is of the second task's shard: it has names of its own. */
export function isNeighborKey(key: string): boolean {
  return /^(outrun:)?neighbor:/.test(key);
}

/** A second task into the destination, of one shard, with an engine of its own. */
export class SoakNeighbor {
  readonly shard: SoakShard;
  readonly engines: SoakEngines;
  readonly task: SoakTask;
  readonly #destination: RedisServer;

  private constructor(shard: SoakShard, engines: SoakEngines, destination: RedisServer) {
    this.shard = shard;
    this.engines = engines;
    this.#destination = destination;
    this.task = new SoakTask(engines, [shard], destination, { among: isNeighborKey });
  }

  /** @param port at which its engine reaches the destination. @param conf of its servers. */
  static async start(
    {
      folder,
      seed,
      port,
      destination,
    }: { folder: string; seed: number; port: number; destination: RedisServer },
    conf: Readonly<Record<string, string>>,
  ): Promise<SoakNeighbor> {
    const own = join(folder, NAME);
    mkdirSync(own);
    const shard = await SoakShard.start(NAME, folder, conf);
    await fillMixed(shard.master.client, { keys: 1_000, seed, prefix: `${NAME}:fill:` });
    const config = join(own, "engine.yml");
    const server = `127.0.0.1:${shard.proxy.port}:1 ${NAME}`;
    writeFileSync(config, `beta:\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n    - ${server}\n`);
    const to = ["--destination", `redis://127.0.0.1:${port}`, "--destination-keys", "overwrite"];
    const args = ["--nutcracker", config, ...to, "--merge-policy", "last-write", "--skip-checks"];
    const engines = new SoakEngines(args, own, [NAME], NAME);
    onTestFinished(() => engines.close());
    engines.start();
    return new SoakNeighbor(shard, engines, destination);
  }

  startTraffic(seed: number): TrafficWriter {
    const options = { prefix: `${NAME}:`, through: "direct", commandsPerSecond: 300 } as const;
    return new TrafficWriter(this.shard.master.client, { seed, ...options }).start();
  }

  /** Deletes the task as the page does, and makes it again. @param lasts ms between both. */
  async deleteTask(lasts: number): Promise<void> {
    await this.engines.end("SIGTERM");
    const { client } = this.#destination;
    await client.del(...taskKeys(this.engines.taskId, [NAME]));
    await leaveNeighbors(client, this.engines.taskId, 0, Date.now());
    await sleep(lasts);
    this.engines.start();
  }
}
