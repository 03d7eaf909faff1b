"use client";

import { useQuery } from "@tanstack/react-query";
import { CardSection } from "@/components/controls/card";
import { formatAge } from "@/components/format/duration";
import { useTRPC } from "@/components/live/trpc";

/** Who is connected to the shards, so that a forgotten writer is found. */
export function ShardClients({ taskId }: { taskId: string }) {
  const trpc = useTRPC();
  const clients = useQuery({ ...trpc.cutover.clients.queryOptions({ id: taskId }), refetchInterval: 3000 });
  return (
    <CardSection title="Clients whose last command was a write" className="lg:col-span-2">
      <div className="overflow-x-auto px-4 pb-5 sm:px-5">
        {clients.data === undefined ? (
          <p className="text-ink-3">Asking the shards…</p>
        ) : clients.data.every((shard) => shard.clients.length === 0 && shard.problem === null) ? (
          <p className="text-ink-3">None of the clients that are connected now.</p>
        ) : (
          <table className="num w-full min-w-[28rem] text-left text-[0.8125rem]">
            <thead className="text-xs text-ink-3">
              <tr>
                <th className="py-1 pr-4 font-normal">Shard</th>
                <th className="py-1 pr-4 font-normal">Client</th>
                <th className="py-1 pr-4 font-normal">Last command</th>
                <th className="py-1 pr-4 font-normal">Idle</th>
                <th className="py-1 font-normal">Name</th>
              </tr>
            </thead>
            <tbody>
              {clients.data.flatMap((shard) =>
                shard.problem !== null
                  ? [
                      <tr key={shard.id} className="border-t">
                        <td className="py-1.5 pr-4">{shard.name}</td>
                        <td colSpan={4} className="py-1.5 text-ink-2">
                          {shard.problem}
                        </td>
                      </tr>,
                    ]
                  : shard.clients.map((client) => (
                      <tr key={`${shard.id} ${client.address}`} className="border-t">
                        <td className="py-1.5 pr-4">{shard.name}</td>
                        <td className="py-1.5 pr-4 font-mono text-xs">{client.address}</td>
                        <td className="py-1.5 pr-4 font-mono text-xs">{client.command}</td>
                        <td className="py-1.5 pr-4 whitespace-nowrap">
                          {formatAge(client.idleSeconds * 1000)}
                        </td>
                        <td className="py-1.5 break-all">{client.name}</td>
                      </tr>
                    )),
              )}
            </tbody>
          </table>
        )}
      </div>
    </CardSection>
  );
}
