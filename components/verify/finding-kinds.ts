import type { Outputs } from "@/components/live/trpc";

export type Finding = Outputs["verify"]["findings"]["findings"][number];
export type FindingKind = Finding["kind"];

type KindWords = {
  readonly word: string;
  /** What is so of the key, as a sentence. */
  readonly meaning: string;
  /** It makes the destination other than it should be. */
  readonly differs: boolean;
};

/** How each kind of finding is called and explained, in the order in which they are shown. */
export const kindWords: Record<FindingKind, KindWords> = {
  missing: { word: "Missing", meaning: "On its shard and not on the destination.", differs: true },
  extra: { word: "Extra", meaning: "On the destination and on no shard.", differs: true },
  type: { word: "Other type", meaning: "Of another type on the destination.", differs: true },
  value: { word: "Other value", meaning: "With another value on the destination.", differs: true },
  expiry: {
    word: "Other expiry",
    meaning: "Expires at another time, or on one side only.",
    differs: true,
  },
  stale: {
    word: "Stale duplicate",
    meaning: "On a shard that does not own it, and on its owner, whose value is the right one.",
    differs: false,
  },
  lone: {
    word: "Lone stray",
    meaning: "Only on a shard that does not own it. The destination has it by the merge policy.",
    differs: false,
  },
  collision: {
    word: "Collision",
    meaning: "On several shards with different values. The destination has one of them.",
    differs: false,
  },
  neighbor: {
    word: "A neighbor's",
    meaning: "On the destination only, where another task writes too: it may be that task's.",
    differs: false,
  },
  busy: { word: "Busy", meaning: "Changed at every look: neither equal nor different.", differs: false },
  shaded: {
    word: "Expiry held back",
    meaning: "Tributary is about to restore its expiry.",
    differs: false,
  },
  doubtful: {
    word: "Waits to be copied",
    meaning: "About to be copied again by the synchronization. Verify again in a moment.",
    differs: false,
  },
  unsettled: {
    word: "Not settled",
    meaning: "Differs, but the destination had not come to the place of the look.",
    differs: false,
  },
  undecided: {
    word: "Not decided",
    meaning: "With other bytes on the two sides, and a value that cannot be decoded.",
    differs: false,
  },
  "left-out": {
    word: "Left out for its size",
    meaning: "The destination does not take a value of this size, and the synchronization has said so.",
    differs: false,
  },
  former: {
    word: "There before the task",
    meaning: "On the destination only, where it lay before the task began.",
    differs: false,
  },
};

export const allKinds = Object.keys(kindWords) as FindingKind[];
