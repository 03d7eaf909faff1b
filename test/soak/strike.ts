import { setTimeout as sleep } from "node:timers/promises";
import type { SoakCluster } from "./soak-cluster.ts";
import type { Fault } from "./soak-plan.ts";

/** Bytes a second of a slow link, at the least. */
const SLOWEST = 100_000;
/** Bytes after which a link is cut: within a handshake, an RDB, or a batch. */
const LONGEST_LIFE = 60_000;

/** Lets one fault happen, and ends it: afterwards its target serves as before. */
export async function strike(cluster: SoakCluster, fault: Fault): Promise<void> {
  const { target, kind, lasts, chance } = fault;
  if (target === "engine") return strikeEngine(cluster, fault);
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
      // Half of them stay as they are: it is for the engine to notice.
      if (chance < 0.5) proxy.thaw();
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
    default:
      throw new Error(`no ${kind} of a server`);
  }
}

async function strikeEngine({ engine }: SoakCluster, { kind, lasts }: Fault): Promise<void> {
  if (kind === "suspend") {
    process.kill(engine.pid, "SIGSTOP");
    await sleep(lasts);
    process.kill(engine.pid, "SIGCONT");
    return;
  }
  await engine.kill(kind === "kill" ? "SIGKILL" : "SIGTERM");
  await sleep(lasts);
  engine.start();
}

function slowly(bytesPerSecond: number) {
  return { up: { bytesPerSecond }, down: { bytesPerSecond } };
}
