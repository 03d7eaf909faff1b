import type { MergePolicy } from "@/server/merge/merge-policy";
import type { DestinationKeysPolicy, FlushPolicy, ShrinkPolicy } from "@/server/sync/spec/shard-sync-spec";

type Choice<T extends string> = { readonly value: T; readonly label: string; readonly help: string };

/** Whose value a key has that lies on several shards, in the words of the pages. */
export const policyChoices: readonly Choice<MergePolicy>[] = [
  {
    value: "owner-wins",
    label: "The owner wins",
    help: "The shard that the ring gives decides. A key that it does not hold is taken from the shard that does.",
  },
  {
    value: "owner-only",
    label: "The owner only",
    help: "What the ring's shard does not hold is left out, as the proxy would not find it either.",
  },
  {
    value: "last-write",
    label: "The last write wins",
    help: "Whichever shard wrote last. A stale copy can replace a live value.",
  },
];

export const destinationKeysChoices: readonly Choice<DestinationKeysPolicy>[] = [
  {
    value: "must-be-empty",
    label: "There must be none",
    help: "The task does not start where the databases that it writes hold keys.",
  },
  {
    value: "overwrite",
    label: "Overwrite them",
    help: "A key that a shard has, too, is replaced. The others stay.",
  },
  {
    value: "keep",
    label: "Keep them",
    help: "A key that is there already stays as it is, whatever the shards hold.",
  },
];

export const shrinkChoices: readonly Choice<ShrinkPolicy["onShrink"]>[] = [
  { value: "hold", label: "Hold and ask", help: "Nothing is removed until somebody decides." },
  { value: "follow", label: "Follow the shard", help: "What the shard no longer has is removed." },
  {
    value: "keep",
    label: "Keep the copy",
    help: "What the shard no longer has stays, and is shown as a difference.",
  },
];

export const flushChoices: readonly Choice<FlushPolicy>[] = [
  { value: "skip", label: "Skip it", help: "The keys stay, and the shard is shown to differ." },
  {
    value: "own-keys",
    label: "Remove the shard's keys",
    help: "Those that the ring gives to this shard, and no others.",
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
