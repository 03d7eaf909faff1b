import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { TcpProxy } from "../sync/harness/tcp-proxy.ts";

/** ms for what two servers have to agree on. */
const PATIENCE_MS = 60_000;

/**
 * PFCOUNT changes what it counts (it keeps the result in the value), also on a replica, which tells nobody. One that was
 * sent to a former master would be a difference as soon as that is the master again.
 */
const ASKED_BY_NOBODY = "user default on nopass ~* &* +@all -pfcount";

type Member = { readonly server: RedisServer; readonly proxy: TcpProxy };

/**
 * A shard of two servers, of which one is the master; the engine reaches each through a proxy and knows both. What is
 * confirmed is in the append-only files, and who is whose replica in redis.conf, so that a server which is killed
 * comes back as what it was.
 */
export class SoakShard {
  readonly name: string;
  #master: Member;
  #replica: Member;

  private constructor(name: string, master: Member, replica: Member) {
    this.name = name;
    this.#master = master;
    this.#replica = replica;
  }

  /** @param conf of both servers. */
  static async start(
    name: string,
    folder: string,
    conf: Readonly<Record<string, string>>,
  ): Promise<SoakShard> {
    const master = await startRedis({ directory: join(folder, `${name}-a`), conf });
    const replica = await startRedis({ directory: join(folder, `${name}-b`), conf, replicaOf: master.port });
    const [nearMaster, nearReplica] = await Promise.all(
      [master, replica].map(({ port }) => TcpProxy.start(port)),
    );
    return new SoakShard(
      name,
      { server: master, proxy: nearMaster! },
      { server: replica, proxy: nearReplica! },
    );
  }

  get master(): RedisServer {
    return this.#master.server;
  }

  /** Between the engine and the master. */
  get proxy(): TcpProxy {
    return this.#master.proxy;
  }

  get proxies(): readonly TcpProxy[] {
    return [this.#master.proxy, this.#replica.proxy];
  }

  /** Kills the master and promotes the replica, which may lack the last writes: they are lost to the shard. */
  async failOver(): Promise<void> {
    await this.#replicated();
    await this.master.kill();
    const { client } = this.#replica.server;
    await client.call("REPLICAOF", "NO", "ONE");
    await client.call("ACL", "SETUSER", "default", "+pfcount");
    await client.config("REWRITE");
    this.#swap();
  }

  /** Starts the killed master again, as a replica from its first moment on: two masters would be a split brain. */
  async bringBack(): Promise<void> {
    const { server } = this.#replica;
    const file = join(server.directory, "redis.conf");
    const lines = (await readFile(file, "utf8"))
      .split("\n")
      .filter((line) => !/^(replicaof|user) /.test(line));
    lines.push(`replicaof 127.0.0.1 ${this.master.port}`, ASKED_BY_NOBODY);
    await writeFile(file, `${lines.join("\n")}\n`);
    await server.restart();
  }

  /** FAILOVER: the replica becomes the master when it has all, and the master its replica. Nothing is lost. */
  async handOver(): Promise<void> {
    await this.#replicated();
    const [from, to] = [this.master.client, this.#replica.server.client];
    await from.call("ACL", "SETUSER", "default", "-pfcount");
    await until(
      async () => {
        if (await says(to, "role:master")) return true;
        // It gives up when the replica does not catch up in time, and is refused while one is under way.
        if (await says(from, "master_failover_state:no-failover")) {
          await from.call("FAILOVER", "TO", "127.0.0.1", this.#replica.server.port, "TIMEOUT", "5000");
        }
        return false;
      },
      { what: `${this.name} is handed over`, timeoutMs: PATIENCE_MS },
    );
    await until(() => says(from, "role:slave"), {
      what: `the former master of ${this.name} is a replica`,
      timeoutMs: PATIENCE_MS,
    });
    await to.call("ACL", "SETUSER", "default", "+pfcount");
    for (const client of [from, to]) await client.config("REWRITE");
    this.#swap();
  }

  /**
   * Cuts the engine off, and writes more than the backlog holds: what it missed it can only get by an RDB. Half of
   * what is written is deleted again.
   * @param lasts ms for which it stays cut off after that.
   */
  async outrun(backlogBytes: number, lasts: number): Promise<void> {
    for (const proxy of this.proxies) {
      proxy.down = true;
      proxy.cut();
    }
    const { client } = this.master;
    const value = "o".repeat(32 * 1024);
    const keys = Array.from({ length: Math.ceil((2 * backlogBytes) / value.length) }, (_, n) => n);
    const key = (n: number) => `outrun:${this.name}:${n}`;
    await Promise.all(keys.map((n) => client.set(key(n), `${n} ${value}`)));
    await Promise.all(keys.filter((n) => n % 2 === 0).map((n) => client.del(key(n))));
    await sleep(lasts);
    for (const proxy of this.proxies) proxy.down = false;
  }

  #swap(): void {
    [this.#master, this.#replica] = [this.#replica, this.#master];
  }

  /** A replica that has never had the data would be promoted with nothing. */
  async #replicated(): Promise<void> {
    await until(() => says(this.#replica.server.client, "master_link_status:up"), {
      what: `the replica of ${this.name} follows its master`,
      timeoutMs: PATIENCE_MS,
    });
  }
}

async function says(client: RedisServer["client"], line: string): Promise<boolean> {
  return (await client.info("replication")).includes(line);
}
