import type { ServerInfo } from "./server-info.ts";

/** The replicas that a master's INFO names as online, the one that has received most first. redis: server.c genRedisInfoString */
export function onlineReplicas(info: ServerInfo): { readonly host: string; readonly port: number }[] {
  const lines = [...(info.get("replication") ?? [])].filter(([field]) => /^slave\d+$/.test(field));
  return lines
    .map(([, text]) => {
      const facts = new Map(text.split(",").map((part) => part.split("=", 2) as [string, string]));
      return {
        host: facts.get("ip") ?? "",
        port: Number(facts.get("port")),
        state: facts.get("state"),
        offset: Number(facts.get("offset")),
      };
    })
    .filter(({ host, port, state }) => state === "online" && host !== "" && port > 0 && port < 65_536)
    .sort((one, other) => other.offset - one.offset)
    .map(({ host, port }) => ({ host, port }));
}
