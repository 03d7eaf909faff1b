import { commandSpec } from "../../redis/command-table.ts";
import { parseInfo } from "../../redis/server-info.ts";

/** How often a server has run each of its commands that write, and how much they have changed, since its start. */
export type WriteCounts = {
  readonly runId: string;
  readonly calls: ReadonlyMap<string, number>;
  /** redis: server.h dirty. It begins anew with each save. */
  readonly changes: number;
  readonly lastSave: string;
};

export type WritesSeen = { readonly count: number; readonly commands: readonly string[] };

/** Names that are told. */
const MOST_NAMES = 5;
/** They are called writes, and may only read; what scripts call is counted by itself. */
const MAY_READ = /^(SORT|GEORADIUS(BYMEMBER)?|PFCOUNT|BITFIELD|GETEX|EVAL|EVALSHA|FCALL)$/;

/** @param infoText of INFO server, persistence and commandstats, one behind the other. */
export function writeCounts(infoText: string): WriteCounts {
  const info = parseInfo(infoText);
  const calls = new Map<string, number>();
  for (const [field, text] of info.get("commandstats") ?? []) {
    const name = field
      .replace(/^cmdstat_/, "")
      .replace("|", " ")
      .toUpperCase();
    if (commandSpec(name)?.write !== true) continue;
    const number = (what: string) => Number(new RegExp(`(?:^|,)${what}=(\\d+)`).exec(text)?.[1] ?? 0);
    // Those that the server has refused before it ran them are not among the calls.
    calls.set(name, number("calls") - number("failed_calls"));
  }
  const persistence = info.get("persistence");
  return {
    runId: info.get("server")?.get("run_id") ?? "",
    calls,
    changes: Number(persistence?.get("rdb_changes_since_last_save") ?? 0),
    lastSave: persistence?.get("rdb_last_save_time") ?? "",
  };
}

/**
 * What was written between two looks. A server that was started again, or whose statistics were reset, tells what it has
 * counted since.
 * @param beats SETEX of a heartbeat that may be among them: of other tasks that read the same server.
 */
export function writesBetween(before: WriteCounts, now: WriteCounts, beats: number): WritesSeen {
  const anew = before.runId !== now.runId;
  const seen = [...now.calls].flatMap(([name, calls]) => {
    const former = anew ? 0 : (before.calls.get(name) ?? 0);
    const more = (calls < former ? calls : calls - former) - (name === "SETEX" ? beats : 0);
    return more > 0 ? [{ name, count: more }] : [];
  });
  const writing = seen.filter(({ name }) => !MAY_READ.test(name));
  // A script without a call that writes, or a SORT, has changed nothing unless the server says so.
  const unchanged = !anew && before.lastSave === now.lastSave && now.changes <= before.changes;
  const told = writing.length > 0 ? writing : unchanged ? [] : seen;
  return {
    count: told.reduce((sum, { count }) => sum + count, 0),
    commands: told.slice(0, MOST_NAMES).map(({ name }) => name),
  };
}
