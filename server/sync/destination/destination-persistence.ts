import type { ServerInfo } from "../../redis/server-info.ts";

/** What a destination says of how it keeps its data; times in seconds, as it gives them. */
export type DestinationPersistence = {
  /** New at every start. */
  readonly runId: string;
  readonly aof: boolean;
  /** RDBs are saved by themselves; null where CONFIG GET is not permitted. */
  readonly saves: boolean | null;
  /** Changes with each save that has ended. */
  readonly lastSave: string;
  /** How long the last BGSAVE took; -1 where there was none. */
  readonly lastSaveTook: number;
  /** For how long a BGSAVE has been running; null without one. */
  readonly savingFor: number | null;
  readonly replicas: number;
};

/**
 * Reads INFO's persistence; null where it has none, as some relatives of Redis.
 * redis: server.c genRedisInfoString, rdb.c backgroundSaveDoneHandler (lastsave is when it ended)
 * @param save CONFIG GET save; null where that is not permitted.
 */
export function destinationPersistence(info: ServerInfo, save: string | null): DestinationPersistence | null {
  const persistence = info.get("persistence");
  const endedAt = persistence?.get("rdb_last_save_time");
  if (persistence === undefined || endedAt === undefined) return null;
  const number = (field: string) => Number(persistence.get(field) ?? -1);
  return {
    runId: info.get("server")?.get("run_id") ?? "",
    aof: persistence.get("aof_enabled") === "1",
    saves: save === null ? null : save.trim() !== "",
    // Two may end within one second; their number is told from 7.0 on.
    lastSave: `${endedAt} ${persistence.get("rdb_saves") ?? ""} ${persistence.get("rdb_last_bgsave_time_sec") ?? ""}`,
    lastSaveTook: number("rdb_last_bgsave_time_sec"),
    savingFor:
      persistence.get("rdb_bgsave_in_progress") === "1"
        ? Math.max(0, number("rdb_current_bgsave_time_sec"))
        : null,
    replicas: Number(info.get("replication")?.get("connected_slaves") ?? 0),
  };
}
