import { setTimeout as sleep } from "node:timers/promises";
import { fillDisk } from "./full-disk.ts";
import { BACKLOG_BYTES, type SoakCluster } from "./soak-cluster.ts";
import type { SoakNeighbor } from "./soak-neighbor.ts";
import type { SoakOldMasters } from "./soak-old-masters.ts";
import { type Fault, siblingOf, type Target } from "./soak-plan.ts";
import type { SoakShard } from "./soak-shard.ts";

/** Bytes a second of a slow link, at the least. */
const SLOWEST = 100_000;
/** Bytes after which a link is cut: within a handshake, an RDB, or a batch. */
const LONGEST_LIFE = 60_000;
/** ms for which a full disk stays full, beside what chance adds: an initial sync comes and goes. */
const DISK_MS = 3_000;

/** Lets one fault happen, and ends it: afterwards its target serves as before. */
export async function strike(cluster: SoakCluster, fault: Fault): Promise<void> {
  const { target, kind, lasts, chance } = fault;
  if (target === "engine") return strikeEngine(cluster, fault);
  if (target === "neighbor") return strikeNeighbor(await cluster.secondTask(), fault);
  if (target === "old masters") return strikeOldMasters(await cluster.oldMasters(), fault);
  const server = cluster.serverOf(target);
  const proxy = cluster.proxyOf(target);
  switch (kind) {
    case "kill":
      await server.kill();
      await sleep(lasts);
      return server.restart();
    case "suspend":
      process.kill(server.pid, "SIGSTOP");
      await sleep(lasts);
      process.kill(server.pid, "SIGCONT");
      return;
    case "cut":
      proxy.cut();
      return;
    case "cut after bytes":
      proxy.lifeOf = () => Math.floor(chance * LONGEST_LIFE);
      proxy.cut();
      await sleep(lasts);
      proxy.lifeOf = () => null;
      proxy.cut();
      return;
    case "refuse":
      proxy.down = true;
      proxy.cut();
      await sleep(lasts);
      proxy.down = false;
      return;
    case "freeze":
      proxy.freeze({ newcomers: "served" });
      await sleep(lasts);
      proxy.thaw();
      return;
    case "half-open":
      // They stay as they are: it is for the engine to notice.
      proxy.freeze({ newcomers: "served" });
      return;
    case "slow":
      Object.assign(proxy.shape, slowly(SLOWEST + chance * 900_000));
      await sleep(lasts);
      Object.assign(proxy.shape, { up: {}, down: {} });
      return;
    case "fill":
      await server.client.config("SET", "maxmemory", "1mb");
      await sleep(lasts);
      await server.client.config("SET", "maxmemory", "0");
      return;
    case "save":
      await server.client.bgsave().catch(() => {});
      return;
    case "kill clients":
      await server.client.call(
        "CLIENT",
        "KILL",
        "TYPE",
        chance < 0.5 ? "normal" : "replica",
        "SKIPME",
        "yes",
      );
      return;
    case "flush":
      await server.client.flushall();
      return;
    case "outrun":
      return shardAt(cluster, target).outrun(BACKLOG_BYTES, lasts);
    case "full disk":
      return copyAgainWithoutDisk(cluster, shardAt(cluster, target), lasts);
    case "silent sibling":
      return copyAgainUnanswered(cluster, fault);
    case "strays":
      return cluster.writeStrays(shardAt(cluster, target), lasts, chance);
    case "fail over":
      return cluster.failOver(shardAt(cluster, target), lasts);
    case "hand over":
      return cluster.handOver(shardAt(cluster, target));
    default:
      throw new Error(`no ${kind} of a server`);
  }
}

async function strikeEngine({ engines }: SoakCluster, { kind, lasts }: Fault): Promise<void> {
  switch (kind) {
    case "kill":
    case "terminate":
      await engines.end(kind === "kill" ? "SIGKILL" : "SIGTERM");
      await sleep(lasts);
      return engines.start();
    case "suspend":
      return engines.suspend(lasts);
    case "start a second":
      return engines.startSecond();
    default:
      throw new Error(`no ${kind} of the engine`);
  }
}

async function strikeNeighbor(neighbor: SoakNeighbor, { kind, lasts }: Fault): Promise<void> {
  switch (kind) {
    case "kill":
      await neighbor.engines.end("SIGKILL");
      await sleep(lasts);
      return neighbor.engines.start();
    case "outrun":
      return neighbor.shard.outrun(BACKLOG_BYTES, lasts);
    case "delete":
      return neighbor.deleteTask(lasts);
    default:
      throw new Error(`no ${kind} of the second task`);
  }
}

async function strikeOldMasters(old: SoakOldMasters, { kind, lasts }: Fault): Promise<void> {
  switch (kind) {
    // They have begun to write them.
    case "scripts":
      return;
    case "kill":
      await old.engines.end("SIGKILL");
      await sleep(lasts);
      return old.engines.start();
    case "cut":
      return old.cut();
    default:
      throw new Error(`no ${kind} of the old masters`);
  }
}

/** Where this user may mount no disk, the shard is copied again with one. */
async function copyAgainWithoutDisk(
  { engines }: SoakCluster,
  shard: SoakShard,
  lasts: number,
): Promise<void> {
  const full = engines.disk === null ? undefined : fillDisk(engines.disk, DISK_MS + lasts);
  await Promise.all([full, shard.outrun(BACKLOG_BYTES, lasts / 4)]);
}

/** What the shard has lost is known only when the sibling speaks again: it lets nobody in, and says nothing. */
async function copyAgainUnanswered(cluster: SoakCluster, { target, lasts }: Fault): Promise<void> {
  const { proxies } = cluster.shards[siblingOf(target, cluster.shards.length)]!;
  for (const proxy of proxies) proxy.freeze({ newcomers: "silent" });
  const began = performance.now();
  await shardAt(cluster, target).outrun(BACKLOG_BYTES, 500);
  await sleep(Math.max(0, lasts - (performance.now() - began)));
  for (const proxy of proxies) proxy.thaw();
}

function shardAt(cluster: SoakCluster, target: Target): SoakShard {
  if (typeof target !== "number") throw new Error(`${target} is no shard`);
  return cluster.shards[target]!;
}

function slowly(bytesPerSecond: number) {
  return { up: { bytesPerSecond }, down: { bytesPerSecond } };
}
