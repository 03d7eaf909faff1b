import type { FinishedVerification } from "../../../server/control/verification/verification-store.ts";
import type { Difference } from "../../../server/verify/difference.ts";
import { Findings } from "../../../server/verify/findings.ts";
import { outcomeOf, sentenceOf } from "../../../server/verify/verdict.ts";
import { verdictJson } from "../../../server/verify/verdict-text.ts";

/** A finding about a key of shard 0. */
export function finding(key: string | Buffer, change: Partial<Difference> = {}): Difference {
  const side = { type: "string", bytes: 64, expireAt: -1, digest: null, beginning: [] };
  return {
    kind: "value",
    shard: 0,
    db: 0,
    sourceDb: 0,
    key: Buffer.from(key),
    source: side,
    destination: side,
    elements: [],
    ...change,
  };
}

/** A run over the shards a and b that has found these, as a verification's thread says it. */
export function finishedRun(
  found: readonly Difference[],
  change: Partial<FinishedVerification> = {},
): FinishedVerification {
  const findings = new Findings(10_000);
  for (const one of found) findings.add(one);
  const { counts, differences } = findings;
  const told = {
    ...{ compared: 1000, differences, counts, neighbors: [] },
    ...{ startedAt: 1_000, finishedAt: 3_000, range: { sample: 100, prefix: null, shard: null } },
  };
  const verdict = verdictJson({
    ...told,
    ...{ outcome: outcomeOf(told), sentence: sentenceOf(told), notes: [], depth: "full" },
    destinationKeys: 1000,
    shards: ["a", "b"].map((name, index) => ({
      ...{ shardId: name, shardName: name, counts: findings.countsOf(index) },
    })),
    unowned: findings.countsOf(null),
    listed: findings.listed,
  });
  const { outcome, sentence, compared, startedAt, finishedAt } = verdict;
  return {
    ...{ outcome, sentence, compared, differences, startedAt, finishedAt, bytes: 2_000_000 },
    ...{ depth: "full", scope: { sample: 100, prefix: null, shardId: null }, origin: "user" },
    ...{ basis: null, verdict, reason: null },
    ...change,
  };
}
