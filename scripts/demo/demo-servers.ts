import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Nutcracker } from "../../test/servers/nutcracker.ts";
import { RedisServer } from "../../test/servers/redis-server.ts";
import type { DemoState } from "./demo-state.ts";

export type DemoServers = {
  readonly shards: readonly RedisServer[];
  readonly replica: RedisServer;
  readonly nutcracker: Nutcracker;
  readonly destination: RedisServer;
};

/** Something of the demo that can end by itself: its name, and a promise of that. */
export type Part = {
  readonly name: string;
  readonly exited: Promise<void>;
  /** How it ended, e.g. SIGKILL; null while it runs. */
  exit(): string | null;
  log(): Promise<string>;
  kill(signal?: NodeJS.Signals): Promise<void>;
};

/**
 * Starts two shards, a replica of the first, nutcracker in front of them, and the destination. Each is handed to
 * `started` at once, so that a failure of the next one leaves none behind.
 */
export async function startServers(
  folder: string,
  ports: DemoState["ports"],
  started: (part: Part) => void,
): Promise<DemoServers> {
  const redis = async (name: string, directory: string, port: number, replicaOf?: number) => {
    const server = await RedisServer.start({
      port,
      directory: subfolder(folder, directory),
      // The RDB that SIGTERM saves carries the replication id and offset: a kept demo continues where it was.
      conf: { save: "3600 1", "shutdown-timeout": "2" },
      ...(replicaOf === undefined ? {} : { replicaOf }),
    });
    started(partOf(name, server));
    return server;
  };
  const shards = [];
  for (const [i, port] of ports.shards.entries()) {
    shards.push(await redis(`shard ${i + 1}`, `shard${i + 1}`, port));
  }
  const replica = await redis("the replica of shard 1", "replica1", ports.replica, ports.shards[0]);
  const destination = await redis("the destination", "destination", ports.destination);
  const nutcracker = await Nutcracker.start({
    port: ports.nutcracker,
    directory: subfolder(folder, "nutcracker"),
    hash: "murmur",
    hashTag: "{}",
    servers: shards.map(({ port }, i) => ({ port, name: `shard${i + 1}` })),
  });
  started(partOf("nutcracker", nutcracker));
  return { shards, replica, nutcracker, destination };
}

function partOf(name: string, server: RedisServer | Nutcracker): Part {
  return {
    name,
    exited: server.exited,
    exit: () => server.exit,
    log: () => server.log(),
    kill: (signal) => server.kill(signal),
  };
}

export function subfolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
