import { type RedisServer, startRedis, until } from "../../servers/index.ts";

/** A master with a replica that is in step with it. */
export type ReplicatedShard = { readonly master: RedisServer; readonly replica: RedisServer };

/** @param via the port at which the replica reaches the master; the master's own unless given. */
export async function startReplicatedShard(
  via?: (master: RedisServer) => Promise<number>,
): Promise<ReplicatedShard> {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: via === undefined ? master.port : await via(master) });
  await inStep({ master, replica });
  return { master, replica };
}

/** Resolves when the replica has all that the master has written by now. */
export async function inStep({ master, replica }: ReplicatedShard): Promise<void> {
  const wanted = await offsetOf(master);
  await until(
    async () =>
      (await replica.client.info("replication")).includes("master_link_status:up") &&
      (await offsetOf(replica)) >= wanted,
    { what: "the replica has all of its master's writes", timeoutMs: 60_000 },
  );
}

export async function offsetOf(server: RedisServer): Promise<bigint> {
  return BigInt(/master_repl_offset:(\d+)/.exec(await server.client.info("replication"))![1]!);
}

/** How often the server has answered PSYNC with each of its two ways. */
export async function resyncsOf(server: RedisServer): Promise<{ full: number; partial: number }> {
  const info = await server.client.info("stats");
  const number = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)![1]);
  return { full: number("sync_full"), partial: number("sync_partial_ok") };
}
