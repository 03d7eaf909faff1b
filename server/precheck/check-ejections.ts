import type { MergePolicy } from "../merge/merge-policy.ts";
import { formatAddress } from "../redis/endpoint.ts";
import type { NutcrackerPoolStats, NutcrackerServerStats } from "../twemproxy/stats.ts";
import { checkOf, formatPlural } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";
import type { StatsAnswer } from "./stats-probe.ts";

/** What the merge policy does about the copies that ejections leave behind. */
const copies: Readonly<Record<MergePolicy, string>> = {
  "owner-wins":
    "The task's merge policy, owner-wins, takes the owner's value, and a copy only where the owner has none.",
  "owner-only": "The task's merge policy, owner-only, takes the owner's value, and leaves the copies out.",
  "last-write":
    "The task's merge policy, last-write, takes what was applied last, be it a stale copy: choose owner-wins where the pool has a ring.",
};

/**
 * Whether the running nutcracker has ejected servers of the pool, which auto_eject_hosts of the file cannot tell. It
 * counts the ejections of a pool, and keeps the time of the last one of each server (twemproxy: nc_stats.h).
 */
export const checkEjections: Check = ({ stats: answer }) => {
  if (answer === null) return [];
  if (answer.failure !== null) return [unread(answer)];
  const pool = answer.stats.pools.find(({ name }) => name === answer.pool);
  if (pool === undefined) return [missing(answer, `It has no pool called ${answer.pool}.`)];
  const ofPool = new Map(pool.servers.map((server) => [server.name, server]));
  const absent = answer.servers.filter((name) => !ofPool.has(name));
  const results: CheckResult[] = [];
  if (absent.length > 0) {
    const names = absent.slice(0, 5).join(", ") + (absent.length > 5 ? ", …" : "");
    const servers = formatPlural(absent.length, "server");
    results.push(missing(answer, `Its pool ${answer.pool} lacks ${servers} of the task: ${names}.`));
  }
  // The names are the task's: what a peer calls its servers is not repeated.
  const servers = answer.servers.flatMap((name) => ofPool.get(name) ?? []);
  const ejected = servers.filter(({ ejectedAt }) => ejectedAt !== null);
  if (pool.serverEjects > 0 || ejected.length > 0) results.push(ejections(answer, pool, ejected));
  else if (absent.length === 0) results.push(none(answer, answer.stats.uptime));
  return results;
};

const unreadTitles = { ok: "Statistics of nutcracker", found: "Statistics of nutcracker cannot be read" };
const missingTitles = { ok: "Pool in the statistics", found: "nutcracker runs another pool than the task's" };
const ejectionTitles = { ok: "nutcracker has ejected no shard", found: "nutcracker has ejected shards" };

function unread({ failure }: StatsAnswer & { readonly stats: null }): CheckResult {
  const remedy =
    "Give the address and port at which nutcracker was started with -a and -s (22222 by default), and let this host in. The task runs without them, too.";
  return checkOf("ejections", unreadTitles, "task").refused({ ...failure, remedy }, "warning");
}

function missing({ address }: StatsAnswer, what: string): CheckResult {
  return checkOf("ejections", missingTitles, "task").warning(
    `The nutcracker whose statistics are at ${formatAddress(address)} does not run the task's file. ${what}`,
    "Give the nutcracker.yml that it runs with, or the statistics address of the nutcracker that runs this one.",
  );
}

function ejections(
  { mergePolicy }: StatsAnswer,
  pool: NutcrackerPoolStats,
  ejected: readonly NutcrackerServerStats[],
): CheckResult {
  // An ejection that has just been may stand in one of the two alone.
  const count = Math.max(pool.serverEjects, ejected.length);
  const shown = ejected.slice(0, 5).map(lastOf);
  const more = ejected.length > shown.length ? [`${ejected.length - shown.length} more servers`] : [];
  const last = shown.length === 0 ? "" : ` The last: ${[...shown, ...more].join("; ")}.`;
  return checkOf("ejections", ejectionTitles, "task").warning(
    `Since nutcracker started there ${count === 1 ? "was" : "were"} ${formatPlural(count, "ejection")} in the pool.${last} Keys of an ejected server were written to others meanwhile: stale duplicates are likely. ${copies[mergePolicy]}`,
    "Set auto_eject_hosts: false and restart nutcracker, so that no more come. Copies that are there may stay: docs/merging.md says what the task does with them, and the shard's page counts them.",
    `server_ejects: ${pool.serverEjects}`,
  );
}

/** e.g. "alpha-2 at 2026-01-31 10:00:00 UTC (2 errors, 0 timeouts)". */
function lastOf({ name, ejectedAt, errors, timeouts }: NutcrackerServerStats): string {
  const at = new Date(ejectedAt!).toISOString().replace(/T(.{8}).*/, " $1 UTC");
  return `${name} at ${at} (${formatPlural(errors, "error")}, ${formatPlural(timeouts, "timeout")})`;
}

function none({ pool }: StatsAnswer, uptime: number): CheckResult {
  const since = formatPlural(Math.max(0, uptime), "second");
  return checkOf("ejections", ejectionTitles, "task").ok(
    `No server of ${pool} was ejected since nutcracker started ${since} ago. Its statistics may lag by 30 s.`,
    "server_ejects: 0",
  );
}
