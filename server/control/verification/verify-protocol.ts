import type { PlainReason } from "../../errors/tributary-error.ts";
import type { SideFacts } from "../../verify/difference.ts";
import type { PaceLimits } from "../../verify/pace.ts";
import type { RepairProgress } from "../../verify/repair.ts";
import type { RepairedKey, RepairKey } from "../../verify/repair-outcome.ts";
import type { VerdictJson } from "../../verify/verdict-text.ts";
import type { VerifyProgress } from "../../verify/verification.ts";
import type { VerifySpec } from "../../verify/verify-spec.ts";

/** What the thread of a verification, or of a repair, is told. Bytes go in base64: what crosses is plain data. */
export type VerifyCommand =
  | {
      readonly type: "run";
      readonly spec: Omit<VerifySpec, "range"> & { readonly range: PlainRange };
      readonly pace: PaceLimits;
      /** Differences that are kept. */
      readonly listed: number;
    }
  | {
      readonly type: "repair";
      readonly spec: VerifySpec;
      readonly keys: readonly PlainKnownKey[];
      /** Nobody applies the shards' streams now: the keys are only noted. */
      readonly onlyNote: boolean;
    }
  | { readonly type: "pace"; readonly pace: PaceLimits }
  | { readonly type: "pause" | "resume" | "cancel" };

export type PlainRange = {
  readonly sample: number;
  readonly prefix: string | null;
  readonly shard: number | null;
};

/** A key, in base64. */
export type PlainKey = Omit<RepairKey, "key"> & { readonly key: string };

/** `before`: what the destination held of it before the repair began; undefined where that is to be looked at. */
export type PlainKnownKey = PlainKey & { readonly before?: SideFacts | null };

/** `place`: of the key in the order. */
export type PlainRepairedKey = Pick<RepairedKey, "before" | "after" | "outcome"> & { readonly place: number };

/** What it says. The last one is a verdict, `repaired`, or a failure. */
export type VerifyMessage =
  | { readonly type: "progress"; readonly progress: VerifyProgress }
  | { readonly type: "verdict"; readonly verdict: VerdictJson; readonly named: readonly PlainKey[] }
  | { readonly type: "repairing"; readonly progress: RepairProgress }
  | { readonly type: "came"; readonly keys: readonly PlainRepairedKey[] }
  /** Keys of the shard with this index have been noted. */
  | { readonly type: "noted"; readonly shard: number }
  | { readonly type: "repaired" }
  | { readonly type: "failed"; readonly reason: PlainReason; readonly canceled: boolean };

export function plainKey({ kind, shard, db, sourceDb, key }: RepairKey): PlainKey {
  return { kind, shard, db, sourceDb, key: key.toString("base64") };
}

export function keyOfPlain({ kind, shard, db, sourceDb, key }: PlainKey): RepairKey {
  return { kind, shard, db, sourceDb, key: Buffer.from(key, "base64") };
}
