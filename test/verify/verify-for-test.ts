import type { RingSpec } from "../../server/merge/merge-policy.ts";
import type { Verdict } from "../../server/verify/verdict.ts";
import { Verification } from "../../server/verify/verification.ts";
import type { VerifyLimits, VerifySpec } from "../../server/verify/verify-spec.ts";
import { temporaryFolder } from "../servers/index.ts";
import { endpointAt } from "../sync/harness/sync-for-test.ts";

type Reachable = { readonly port: number };

/** What the task `test` with the shards s0, s1 … is verified by, whole unless told otherwise. */
export function specOf(
  shards: readonly Reachable[],
  destination: Reachable,
  spec: Partial<VerifySpec> = {},
): VerifySpec {
  return {
    taskId: "test",
    shards: shards.map((shard, index) => ({
      shardId: `s${index}`,
      shardName: `s${index}`,
      source: endpointAt(shard),
      alternatives: [],
      sentinel: null,
    })),
    destination: endpointAt(destination),
    databases: { kind: "all" },
    merge: { policy: "last-write", ring: null },
    checkpointDb: 0,
    depth: "full",
    range: { sample: 100, prefix: null, shard: null },
    directory: temporaryFolder(),
    ...spec,
  };
}

/** A verification of that task. */
export function verificationOf(
  shards: readonly Reachable[],
  destination: Reachable,
  spec: Partial<VerifySpec> = {},
  limits: Partial<VerifyLimits> = {},
  signal: AbortSignal = new AbortController().signal,
): Verification {
  return new Verification(specOf(shards, destination, spec), {
    limits: { patienceMs: 10_000, ...limits },
    signal,
  });
}

/** What was found, as `kind db:key [parts]`, sorted. */
export function foundIn(verdict: Verdict): string[] {
  return verdict.listed
    .map(({ kind, db, key, elements }) => {
      const parts = elements.map(({ part, name }) => `${part} ${name.toString("latin1")}`).sort();
      return `${kind} ${db}:${key.toString("latin1")}${parts.length > 0 ? ` [${parts.join(", ")}]` : ""}`;
    })
    .sort();
}

/** A ring over so many shards. */
export function ringOver(shards: number): RingSpec {
  return {
    hash: "fnv1a_64",
    hashTag: null,
    distribution: "ketama",
    servers: Array.from({ length: shards }, (_, index) => ({
      name: `s${index}`,
      weight: 1,
      shardIndex: index,
    })),
  };
}
