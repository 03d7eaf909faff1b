import type { TaskRun } from "../tasks/task-run.ts";

/** The hosts of all servers of a task: of its shards, its destination, and the nutcracker that it was made from. */
export function hostsOf({ record, shards }: TaskRun): string[] {
  const { source, destination } = record;
  const given = record.shards.flatMap((shard) => [
    shard,
    ...shard.alternatives,
    ...(shard.sentinel?.sentinels ?? []),
  ]);
  const nutcracker =
    source.kind === "nutcracker"
      ? [source.pool.listen, ...source.pool.servers.map(({ name }) => name)].map((text) => hostIn(text ?? ""))
      : [];
  const stats = source.kind === "nutcracker" && source.stats !== undefined ? [source.stats.host] : [];
  const found = shards.map(({ facts }) => hostIn(facts?.source?.address ?? ""));
  return [
    ...given.map(({ endpoint }) => endpoint.host),
    destination.endpoint.host,
    ...nutcracker,
    ...stats,
    ...found,
  ];
}

/** That of host:port, or "" where it is none, such as a name or the path of a socket. */
function hostIn(text: string): string {
  return /^\[?([^/]+?)\]?:\d+$/.exec(text)?.[1] ?? "";
}
