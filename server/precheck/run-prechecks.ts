import { shownData } from "../errors/shown-text.ts";
import { checkAddresses } from "./check-addresses.ts";
import { checkAutoEject } from "./check-auto-eject.ts";
import { checkBacklog } from "./check-backlog.ts";
import { checkDatabases } from "./check-databases.ts";
import { checkDestinationEmpty } from "./check-destination-empty.ts";
import { checkDestinationKind } from "./check-destination-kind.ts";
import { checkDestinationLimits } from "./check-destination-limits.ts";
import { checkDestinationMemory } from "./check-destination-memory.ts";
import { checkDestinationWritable } from "./check-destination-writable.ts";
import { checkEjections } from "./check-ejections.ts";
import { checkHeartbeat } from "./check-heartbeat.ts";
import { checkMinReplicas } from "./check-min-replicas.ts";
import { checkModules } from "./check-modules.ts";
import { checkNeighbors } from "./check-neighbors.ts";
import { checkOutputBuffer } from "./check-output-buffer.ts";
import { checkPsync } from "./check-psync.ts";
import { checkReachable } from "./check-reachable.ts";
import { checkOf } from "./check-result.ts";
import { checkSameServer } from "./check-same-server.ts";
import { checkSourceRole } from "./check-source-role.ts";
import { checkStrays } from "./check-strays.ts";
import { checkVersions } from "./check-versions.ts";
import { probeDestination } from "./destination-probe.ts";
import { destinationUse } from "./destination-use.ts";
import type { PrecheckInput } from "./precheck-input.ts";
import type { Check, DestinationProbe, PrecheckReport, ShardProbe } from "./precheck-report.ts";
import type { ServerAnswers, ShardAnswers } from "./server-answers.ts";
import { probeShard } from "./shard-probe.ts";
import { probeStats } from "./stats-probe.ts";

/** In the order in which the results are shown. */
const checks: readonly Check[] = [
  checkReachable,
  checkSameServer,
  checkAutoEject,
  checkEjections,
  checkPsync,
  checkSourceRole,
  checkAddresses,
  checkDestinationKind,
  checkDestinationWritable,
  checkDestinationMemory,
  checkDestinationLimits,
  checkDatabases,
  checkVersions,
  checkDestinationEmpty,
  checkNeighbors,
  checkStrays,
  checkBacklog,
  checkOutputBuffer,
  checkMinReplicas,
  checkHeartbeat,
  checkModules,
];

/**
 * Asks all servers at once what a task needs to know beforehand, and judges it. One server that fails does not
 * keep the others from being checked. Nothing is written anywhere and no synchronization is begun.
 * @throws only the signal's reason.
 */
export async function runPrechecks(input: PrecheckInput): Promise<PrecheckReport> {
  const { databases, heartbeatDb, merge, autoEjectHosts = null, signal } = input;
  const destinationAsked = probeDestination(input.destination, databases, merge.taskId, signal);
  const shardsAsked = Promise.all(
    input.shards.map((shard) => probeShard(shard, databases, heartbeatDb, signal)),
  );
  const statsAsked = probeStats(input.stats ?? null, signal);
  const [shards, destination, stats] = await Promise.all([shardsAsked, destinationAsked, statsAsked]);
  const use = await destinationUse({ ...input, shards, answers: destination });
  const precheck = { shards, destination, databases, heartbeatDb, autoEjectHosts, stats, merge, use };
  const results = checks.flatMap((check) => check(precheck));
  if (shards.length === 0) {
    results.unshift(
      checkOf("shards-given", { ok: "Shards given", found: "No shard is given" }, "task").error(
        "SHARD_MISSING",
        {},
      ),
    );
  }
  return shownData({
    ok: results.every((result) => result.level !== "error"),
    checks: results,
    shards: shards.map(shardProbe),
    destination: destinationProbe(destination),
    use,
  });
}

function summary({ address, failure, facts }: ServerAnswers) {
  return {
    address,
    reachable: failure === null,
    flavor: facts?.flavor ?? null,
    version: facts?.version ?? null,
    mode: facts?.mode ?? null,
    role: facts?.role ?? null,
    runId: facts?.runId ?? null,
    keyspace: facts?.keyspace ?? [],
    usedMemory: facts?.usedMemory ?? null,
  };
}

function shardProbe(answers: ShardAnswers): ShardProbe {
  const { shard, facts } = answers;
  return {
    id: shard.id,
    name: shard.name,
    ...summary(answers),
    usedMemoryDataset: facts?.usedMemoryDataset ?? null,
    backlogSize: facts?.backlogSize ?? null,
    connectedReplicas: facts?.connectedReplicas ?? null,
  };
}

function destinationProbe(answers: ServerAnswers): DestinationProbe {
  return {
    ...summary(answers),
    maxMemory: answers.facts?.maxMemory ?? number(answers.settings.get("maxmemory")),
    maxMemoryPolicy: answers.facts?.maxMemoryPolicy ?? answers.settings.get("maxmemory-policy") ?? null,
  };
}

function number(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
