import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "./child.ts";
import { firstReply } from "./first-reply.ts";
import { freePort } from "./free-port.ts";
import { requiredBinary } from "./required-binary.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";
import { until } from "./until.ts";

export type SentinelOptions = {
  readonly masterName: string;
  /** Port on 127.0.0.1 of the master that is watched; null watches none. */
  readonly master: number | null;
  /** ms without an answer until a master is taken for down; 1000 unless given. */
  readonly downAfterMs?: number;
};

/** A real Sentinel on 127.0.0.1 that decides alone (quorum 1). */
export class Sentinel {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #directory: string;
  readonly #child: Child;

  private constructor(port: number, directory: string, child: Child) {
    this.port = port;
    this.#directory = directory;
    this.#child = child;
  }

  static async start({ masterName, master, downAfterMs = 1000 }: SentinelOptions): Promise<Sentinel> {
    const binary = requiredBinary("redis-server", "redis-server");
    const directory = makeTemporaryFolder();
    const port = await freePort();
    const lines = ["bind 127.0.0.1", `port ${port}`, `dir ${directory}`];
    if (master !== null) {
      lines.push(
        `sentinel monitor ${masterName} 127.0.0.1 ${master} 1`,
        `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
        `sentinel failover-timeout ${masterName} 5000`,
      );
    }
    const file = join(directory, "sentinel.conf");
    await writeFile(file, `${lines.join("\n")}\n`);
    const child = new Child(binary, [file, "--sentinel"], { logFile: join(directory, "log"), directory });
    const ready = async () => child.exit !== null || (await firstReply(port, "PING\r\n")).startsWith("+PONG");
    await until(ready, { what: `the Sentinel answers on port ${port}`, timeoutMs: 30_000 });
    if (child.exit !== null) throw new Error(`the Sentinel ended at its start: ${await child.log()}`);
    return new Sentinel(port, directory, child);
  }

  async stop(): Promise<void> {
    await this.#child.kill();
    removeTemporaryFolder(this.#directory);
  }
}
