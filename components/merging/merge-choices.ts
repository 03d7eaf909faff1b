import type { MergePolicy } from "@/server/merge/merge-policy";
import type { DestinationKeysPolicy, FlushPolicy, ShrinkPolicy } from "@/server/sync/spec/shard-sync-spec";

type Choice<T extends string> = { readonly value: T; readonly label: string; readonly help: string };

/** Whose value a key has that lies on several shards, in the words of the pages. */
export const policyChoices: readonly Choice<MergePolicy>[] = [
  {
    value: "owner-wins",
    label: "The owner wins",
    help: "The shard that the ring assigns the key to wins. If that shard does not have the key, Tributary copies it from the one that does.",
  },
  {
    value: "owner-only",
    label: "The owner only",
    help: "A key is copied only from the shard that the ring assigns it to. The proxy would not find other copies either.",
  },
  {
    value: "last-write",
    label: "The last write wins",
    help: "The shard that wrote last wins. A stale copy can overwrite a live value.",
  },
];

export const destinationKeysChoices: readonly Choice<DestinationKeysPolicy>[] = [
  {
    value: "must-be-empty",
    label: "Require an empty destination",
    help: "The task does not start if its databases on the destination contain keys.",
  },
  {
    value: "overwrite",
    label: "Overwrite them",
    help: "Keys that also exist on a shard are replaced. All others stay.",
  },
  {
    value: "keep",
    label: "Keep them",
    help: "Existing keys stay as they are, even if a shard has the same key.",
  },
];

export const shrinkChoices: readonly Choice<ShrinkPolicy["onShrink"]>[] = [
  { value: "hold", label: "Hold and ask", help: "Nothing is removed until someone decides." },
  { value: "follow", label: "Follow the shard", help: "Keys that the shard no longer has are removed." },
  {
    value: "keep",
    label: "Keep the copy",
    help: "Keys that the shard no longer has stay, and are reported as a difference.",
  },
];

export const flushChoices: readonly Choice<FlushPolicy>[] = [
  { value: "skip", label: "Skip it", help: "The keys stay, and the shard is reported as different." },
  {
    value: "own-keys",
    label: "Remove the shard's keys",
    help: "Only keys that the ring assigns to this shard.",
  },
];

export function labelOf<T extends string>(choices: readonly Choice<T>[], value: T): string {
  return choices.find((choice) => choice.value === value)?.label ?? value;
}

/** e.g. "past 1,000 keys and 10 % of the shard". */
export function boundText({ maxKeys, maxShare }: Pick<ShrinkPolicy, "maxKeys" | "maxShare">): string {
  const keys = maxKeys.toLocaleString("en-US");
  return `past ${keys} keys and ${Math.round(maxShare * 1000) / 10}% of the shard`;
}
