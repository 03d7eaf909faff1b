import { Repair, type RepairOptions } from "../../server/verify/repair.ts";
import type { RepairedKey, RepairKey } from "../../server/verify/repair-outcome.ts";
import type { VerifySpec } from "../../server/verify/verify-spec.ts";
import { specOf } from "./verify-for-test.ts";

type Reachable = { readonly port: number };

/** Repairs keys of the shards s0, s1 … of the task `test`. @returns what has come of each, in the order of `keys`. */
export async function repairOf(
  shards: readonly Reachable[],
  destination: Reachable,
  keys: readonly RepairKey[],
  spec: Partial<VerifySpec> = {},
  options: Partial<RepairOptions> = {},
): Promise<RepairedKey[]> {
  const outcomes = new Map<string, RepairedKey>();
  const nameOf = ({ db, key }: RepairKey) => `${db}:${key.toString("latin1")}`;
  const repair = new Repair({
    spec: specOf(shards, destination, spec),
    limits: { patienceMs: 60_000 },
    onNoted: () => {},
    onKeys: (repaired) => {
      for (const one of repaired) outcomes.set(nameOf(one.key), one);
    },
    now: Date.now,
    signal: new AbortController().signal,
    ...options,
  });
  await repair.run(keys);
  return keys.map((key) => outcomes.get(nameOf(key))!);
}
