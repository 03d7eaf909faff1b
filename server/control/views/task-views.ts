import { mergePolicies } from "../../merge/merge-policy.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { KeyCount, Lag } from "../../sync/report/shard-report.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import type { ShardFacts } from "../tasks/task-record.ts";
import { actionsOn } from "../tasks/task-rules.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { EventView, LastVerdict, MergingView, ShardSummary, TaskRow, TaskView } from "./task-view.ts";

/** ms after which a running shard sync's numbers are no longer called current; it reports twice a second. */
const staleAfter = 5_000;

/** The task's newest events, the alerts among all of them that nobody has seen, and its newest verdict. */
export type ToldOfTask = {
  readonly recent: readonly EventView[];
  readonly unseen: readonly EventView[];
  readonly verdict: LastVerdict | null;
};

/** What the pages show, made from what runs. */
export function taskRow(run: TaskRun, { recent, unseen, verdict }: ToldOfTask, now: number): TaskRow {
  const { record } = run;
  return {
    id: record.id,
    name: record.name,
    wanted: record.wanted,
    ...run.state(),
    createdAt: record.createdAt,
    sourceLabel: sourceLabel(run),
    destinationLabel: destinationLabel(run),
    shardsTotal: run.shards.length,
    shardsSynchronizing: run.shards.filter((shard) => run.stateOf(shard).status === "synchronizing").length,
    lag: worstLag(run, now),
    lagSparkline: run.lagSparkline,
    commandsPerSecond: sumOfRates(run),
    lastEvent: recent[0] ?? null,
    unseenAlerts: unseen.length,
    takesShards: record.source.kind === "shards" && record.wanted !== "finished",
    differing: run.shards.flatMap(({ facts, record: { name } }) => (facts?.differs ? [name] : [])),
    verdict,
    actions: actionsOn(run.ruleFacts()),
    cutover: run.cutover,
  };
}

export function taskView(run: TaskRun, told: ToldOfTask, now: number): TaskView {
  return {
    ...taskRow(run, told, now),
    source: sourceView(run),
    databases: run.record.databases,
    publish: run.record.publish,
    onDestinationDataLost: run.record.onDestinationDataLost,
    merging: mergingView(run),
    shards: run.shards.map((shard) => shardSummary(run, shard, now)),
    destinationKeys: destinationKeys(run),
    events: told.recent,
    alerts: told.unseen.slice(0, 50),
  };
}

export function shardSummary(run: TaskRun, shard: ShardRun, now: number): ShardSummary {
  const rdbBytesPerSecond = shard.rates.rate("rdbBytes");
  return {
    id: shard.record.id,
    name: shard.record.name,
    ...addressesOf(shard),
    weight: shard.record.weight,
    names: namesOnRing(run, shard),
    acknowledged: shard.acknowledged,
    report: shard.facts === null ? null : { ...shard.facts, lag: lagOf(run, shard, now) },
    ...run.stateOf(shard),
    rates: {
      commandsPerSecond: shard.rates.rate("commands"),
      bytesPerSecond: shard.rates.rate("bytes"),
      rdbBytesPerSecond,
      keysPerSecond: shard.rates.rate("keys"),
      initialSyncSecondsLeft: secondsLeft(shard.facts, rdbBytesPerSecond),
    },
    skippedTotal: shard.skippedTotal,
    rejectedTotal: shard.rejectedTotal,
  };
}

function addressesOf({ record, facts }: ShardRun): Pick<ShardSummary, "address" | "otherAddresses"> {
  const { alternatives, sentinel } = record;
  const sentinels = sentinel?.sentinels.map(({ endpoint }) => formatAddress(endpoint)) ?? [];
  const servers = [record, ...alternatives].map(({ endpoint }) => formatAddress(endpoint));
  const given = servers.filter((one) => !sentinels.includes(one));
  const bySentinel = sentinel && `Sentinel ${sentinel.masterName} at ${sentinels.join(", ")}`;
  // Facts that were kept by an earlier version have no address.
  const address = facts?.source?.address || (given[0] ?? bySentinel ?? "");
  const others = [...given, ...(bySentinel === null ? [] : [bySentinel])];
  return { address, otherAddresses: others.filter((one) => one !== address) };
}

/** The lag of a report that is current; that of an old one says nothing about now. */
export function lagOf(run: TaskRun, shard: ShardRun, now: number): Lag {
  const unknown = (because: string): Lag => ({ bytes: null, seconds: null, secondsUnknownBecause: because });
  if (!shard.running || shard.facts === null) return unknown(`it is ${run.stateOf(shard).status}`);
  if (!shard.fresh) return unknown("it has not reported yet");
  const age = now - shard.facts.at;
  if (age > staleAfter) return unknown(`it has not reported for ${Math.round(age / 1000)} s`);
  return shard.facts.lag;
}

export function worstLag(run: TaskRun, now: number): Lag {
  const lags = run.shards.map((shard) => ({ name: shard.record.name, lag: lagOf(run, shard, now) }));
  const unknown = lags.find(({ lag }) => lag.seconds === null);
  return {
    bytes: worst(lags.map(({ lag }) => lag.bytes)),
    seconds: worst(lags.map(({ lag }) => lag.seconds)),
    secondsUnknownBecause:
      unknown === undefined
        ? null
        : `shard ${unknown.name}: ${unknown.lag.secondsUnknownBecause ?? "not measured yet"}`,
  };
}

export function destinationLabel(run: TaskRun): string {
  const { destination, databases } = run.record;
  const address = formatAddress(destination.endpoint);
  if (databases.kind === "all") return address;
  const numbers = databases.pairs.map((pair) => pair.destination);
  return `${address}/${numbers.join(",")}`;
}

export function sourceLabel(run: TaskRun): string {
  const { source } = run.record;
  if (source.kind === "nutcracker") return `${source.pool.name} (nutcracker.yml)`;
  return run.shards.length === 1 ? "1 shard" : `${run.shards.length} shards`;
}

function mergingView(run: TaskRun): MergingView {
  const { mergePolicy: policy, ring, destinationKeys, shrink, onFlush, confirmed, wanted } = run.record;
  return {
    policy,
    policies: ring === null ? ["last-write"] : mergePolicies,
    hasRing: ring !== null,
    destinationKeys,
    shrink,
    onFlush,
    confirmed,
    changeable: (wanted === "paused" || wanted === "created") && !run.running,
  };
}

function namesOnRing({ record }: TaskRun, shard: ShardRun): string[] {
  const { ring } = record;
  const names = ring?.servers.filter(({ shardId }) => shardId === shard.record.id).map(({ name }) => name);
  return names === undefined || names.length < 2 ? [] : names;
}

function sourceView(run: TaskRun): TaskView["source"] {
  const { source } = run.record;
  if (source.kind === "shards") return { kind: "shards" };
  const { name, hash, distribution, hashTag, autoEjectHosts } = source.pool;
  const stats = source.stats === undefined ? null : formatAddress(source.stats);
  return { kind: "nutcracker", pool: name, hash, distribution, hashTag, autoEjectHosts, stats };
}

/** All shards see the same destination: the newest count is taken. */
function destinationKeys(run: TaskRun): readonly KeyCount[] | null {
  const counted = run.shards
    .flatMap((shard) => (shard.facts?.destinationKeys ? [shard.facts] : []))
    .sort((a, b) => b.at - a.at);
  return counted[0]?.destinationKeys ?? null;
}

function sumOfRates(run: TaskRun): number | null {
  const rates = run.shards.flatMap((shard) => shard.rates.rate("commands") ?? []);
  return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
}

function secondsLeft(facts: ShardFacts | null, bytesPerSecond: number | null): number | null {
  const sync = facts?.initialSync;
  if (facts?.status !== "initial-sync" || !sync || sync.rdbBytesTotal === null) return null;
  if (sync.finishedAt !== null || bytesPerSecond === null || bytesPerSecond <= 0) return null;
  return (sync.rdbBytesTotal - sync.rdbBytesApplied) / bytesPerSecond;
}

/** null where one is unknown: the worst could be that one. */
function worst(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => (a === null || b === null ? null : Math.max(a, b)));
}
