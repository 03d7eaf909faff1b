import { formatAddress } from "../redis/endpoint.ts";
import { mastersOf } from "../redis/find-master.ts";
import { checkOf, sentence } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";
import type { ShardAnswers } from "./server-answers.ts";

/** Where a shard has several addresses or Sentinels: one is the master, and the others can be asked when it fails. */
export const checkAddresses: Check = ({ shards }) => shards.flatMap(addressesOf);

function addressesOf(shard: ShardAnswers): CheckResult[] {
  if (shard.others === null) return [];
  const { servers, sentinels, chosen } = shard.others;
  const check = checkOf(
    "addresses",
    { ok: "Its master is found after a failover", found: "Its master may not be found after a failover" },
    shard.subject,
  );
  const masters = mastersOf(servers).map(({ endpoint }) => formatAddress(endpoint));
  const results = [
    ...(masters.length > 1
      ? [check.error("SOURCE_SPLIT", { role: shard.role, addresses: masters.join(" and ") })]
      : []),
    ...ofOtherServers(shard.others, check),
    ...ofSentinels(sentinels, check),
  ];
  if (results.length > 0) return results;
  const count = servers.length + sentinels.length;
  return [check.ok(`The master is ${formatAddress(chosen)}; all ${count} servers answer.`)];
}

type Others = NonNullable<ShardAnswers["others"]>;

/** Servers that do not answer, and replicas of another master. */
function ofOtherServers({ servers, chosen }: Others, check: ReturnType<typeof checkOf>): CheckResult[] {
  const master = servers.find(({ endpoint }) => endpoint === chosen);
  return servers.flatMap(({ endpoint, facts, error }) => {
    if (endpoint === chosen) return [];
    const address = formatAddress(endpoint);
    if (error !== null) {
      const text = `${sentence(error.message)} The shard is not followed there while that is so.`;
      return [check.warning(text, error.toPlain().remedy, address)];
    }
    if (facts?.role !== "replica" || !master?.facts || facts.replid === master.facts.replid) return [];
    const text = `${address} is a replica of another master (${facts.masterAddress ?? "unknown"}), or its link is down.`;
    const remedy = "Give servers of this shard only, and bring the replica's link up.";
    return [check.warning(text, remedy, address)];
  });
}

/** Sentinels that do not answer, or name different masters. */
function ofSentinels(sentinels: Others["sentinels"], check: ReturnType<typeof checkOf>): CheckResult[] {
  const silent = sentinels.flatMap(({ address, failure }) =>
    failure === null ? [] : [check.warning(sentence(failure.message), failure.remedy, address)],
  );
  const said = new Set(sentinels.flatMap((one) => one.master ?? []));
  if (said.size <= 1) return silent;
  const text = `The Sentinels name different masters: ${[...said].join(" and ")}.`;
  const remedy = "Wait for the failover to end, or look at the Sentinels with SENTINEL MASTERS.";
  return [...silent, check.warning(text, remedy)];
}
