import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { givenServers } from "../../scripts/server-versions.mjs";
import { type RedisServer, startRedis } from "../servers/index.ts";
import { startShardWithScripts } from "../sync/harness/old-master.ts";
import { TcpProxy } from "../sync/harness/tcp-proxy.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { type CallScript, ScriptWriter, shaOf } from "./script-writer.ts";
import { SoakEngines } from "./soak-engines.ts";
import { SoakTask } from "./soak-task.ts";

const CALLS_PER_SECOND = 100;

/** A shard whose stream holds scripts as they were called. */
type OldShard = {
  readonly name: string;
  readonly master: RedisServer;
  readonly proxy: TcpProxy;
  /** It is an old server; else one that hands on what an old master would send. */
  readonly real: boolean;
  readonly call: CallScript;
};

/**
 * A task whose shards are masters up to 4.0, into a destination of its own: the streams hold EVAL and EVALSHA. One shard
 * is a server of today behind a master that speaks like an old one; the other is a real old one where TRIBUTARY_SERVERS
 * has some.
 */
export class SoakOldMasters {
  readonly engines: SoakEngines;
  readonly task: SoakTask;
  readonly #shards: readonly OldShard[];

  private constructor(shards: readonly OldShard[], engines: SoakEngines, destination: RedisServer) {
    this.#shards = shards;
    this.engines = engines;
    // The versions differ, and only the newer ones say an expiry exactly.
    this.task = new SoakTask(engines, shards, destination, { meaning: {}, expiryToleranceMs: 2_000 });
  }

  static async start(folder: string, seed: number): Promise<SoakOldMasters> {
    const own = join(folder, "old-masters");
    mkdirSync(own);
    const old = oldServers();
    const chosen = old.length === 0 ? null : seededRandom(seed).pick(old);
    console.log(`soak: old masters are a stand-in and ${chosen?.title ?? "another one"}`);
    const shards = [
      await standIn("shard-1"),
      chosen === null ? await standIn("shard-2") : await oldServer("shard-2", chosen.binary),
    ];
    const destination = await startRedis();
    const from = shards.flatMap(({ proxy }) => ["--shard", `redis://127.0.0.1:${proxy.port}`]);
    const to = ["--destination", destination.url, "--merge-policy", "last-write"];
    const args = [...from, ...to, "--no-heartbeat", "--skip-checks"];
    const engines = new SoakEngines(
      args,
      own,
      shards.map(({ name }) => name),
      "old-masters",
    );
    onTestFinished(() => engines.close());
    engines.start();
    const masters = new SoakOldMasters(shards, engines, destination);
    // A master forgets what its replicas know as it saves an RDB for one of them: the stand-in says nothing before that.
    await masters.task.caughtUp();
    return masters;
  }

  startTraffic(seed: number): ScriptWriter[] {
    return this.#shards.map(({ name, real, call }, index) =>
      new ScriptWriter({
        ...{ seed: seed + index, prefix: `${name}:`, timed: real, call },
        callsPerSecond: CALLS_PER_SECOND,
      }).start(),
    );
  }

  /** Breaks all links to the shards. */
  cut(): void {
    for (const { proxy } of this.#shards) proxy.cut();
  }
}

/** Those that somebody has put there whose masters send scripts as they are called. */
function oldServers(): { readonly title: string; readonly binary: string }[] {
  if (process.env.TRIBUTARY_SERVERS === undefined) return [];
  return givenServers().filter(
    ({ packageName, version }) => packageName === "redis-server" && Number.parseInt(version, 10) < 5,
  );
}

async function standIn(name: string): Promise<OldShard> {
  const { server, send } = await startShardWithScripts();
  send("SELECT", "0");
  const known = new Set<string>();
  const call: CallScript = async ({ body, keys, args }, bySha) => {
    const named = bySha && known.has(body);
    known.add(body);
    send(...(named ? ["EVALSHA", shaOf(body)] : ["EVAL", body]), String(keys.length), ...keys, ...args);
  };
  return { name, master: server, proxy: await TcpProxy.start(server.port), real: false, call };
}

async function oldServer(name: string, binary: string): Promise<OldShard> {
  const server = await startRedis({ binary });
  const call: CallScript = async ({ body, keys, args }, bySha) => {
    const rest = [keys.length, ...keys, ...args];
    const asBody = () => server.client.call("EVAL", body, ...rest);
    const called = bySha
      ? server.client
          .call("EVALSHA", shaOf(body), ...rest)
          .catch((error: Error) => (error.message.startsWith("NOSCRIPT") ? asBody() : undefined))
      : asBody();
    // Some of them are meant to end in an error.
    await called.catch(() => {});
  };
  return { name, master: server, proxy: await TcpProxy.start(server.port), real: true, call };
}
