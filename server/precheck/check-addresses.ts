import { formatAddress } from "../redis/endpoint.ts";
import { mastersOf } from "../redis/find-master.ts";
import { checkOf, sentence } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";

/** Where a shard has several addresses or Sentinels: one is the master, and the others can be asked when it fails. */
export const checkAddresses: Check = ({ shards }) =>
  shards.flatMap((shard) => {
    if (shard.others === null) return [];
    const { servers, sentinels, chosen } = shard.others;
    const check = checkOf(
      "addresses",
      { ok: "Its master is found after a failover", found: "Its master may not be found after a failover" },
      shard.subject,
    );
    const results: CheckResult[] = [];
    const master = servers.find(({ endpoint }) => endpoint === chosen);
    const masters = mastersOf(servers).map(({ endpoint }) => formatAddress(endpoint));
    if (masters.length > 1) {
      results.push(check.error("SOURCE_SPLIT", { role: shard.role, addresses: masters.join(" and ") }));
    }
    for (const { endpoint, facts, error } of servers) {
      if (endpoint === chosen) continue;
      const address = formatAddress(endpoint);
      if (error !== null) {
        const text = `${sentence(error.message)} The shard is not followed there while that is so.`;
        results.push(check.warning(text, error.toPlain().remedy, address));
      } else if (facts?.role === "replica" && master?.facts && facts.replid !== master.facts.replid) {
        results.push(
          check.warning(
            `${address} is a replica of another master (${facts.masterAddress ?? "unknown"}), or its link is down.`,
            "Give servers of this shard only, and bring the replica's link up.",
            address,
          ),
        );
      }
    }
    for (const { address, failure } of sentinels) {
      if (failure !== null) results.push(check.warning(sentence(failure.message), failure.remedy, address));
    }
    const said = new Set(sentinels.flatMap((one) => one.master ?? []));
    if (said.size > 1) {
      results.push(
        check.warning(
          `The Sentinels name different masters: ${[...said].join(" and ")}.`,
          "Wait for the failover to end, or look at the Sentinels with SENTINEL MASTERS.",
        ),
      );
    }
    if (results.length > 0) return results;
    const count = servers.length + sentinels.length;
    return [check.ok(`The master is ${formatAddress(chosen)}; all ${count} servers answer.`)];
  });
