import { numberIn } from "@/components/form/form-schema";
import type { ShrinkPolicy } from "@/server/sync/spec/shard-sync-spec";

/** The policy for shards that shrink, as it is typed. */
export type ShrinkForm = { onShrink: ShrinkPolicy["onShrink"]; maxKeys: string; maxPercent: string };

export function shrinkFormOf({ onShrink, maxKeys, maxShare }: ShrinkPolicy): ShrinkForm {
  return { onShrink, maxKeys: String(maxKeys), maxPercent: String(Math.round(maxShare * 1000) / 10) };
}

/** A number that is none becomes NaN. */
export function shrinkOf({ onShrink, maxKeys, maxPercent }: ShrinkForm): ShrinkPolicy {
  return { onShrink, maxKeys: numberIn(maxKeys), maxShare: numberIn(maxPercent) / 100 };
}

export function isUsualShrink(form: ShrinkForm): boolean {
  const { onShrink, maxKeys, maxShare } = shrinkOf(form);
  return onShrink === "hold" && maxKeys === 1000 && maxShare === 0.1;
}

/** The field in which a value of the policy was typed. */
export function shrinkFieldOf(name: string): string {
  return name === "maxShare" ? "maxPercent" : name;
}
