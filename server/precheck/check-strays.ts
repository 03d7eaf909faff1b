import { checkOf } from "./check-result.ts";
import type { KeyExample, KeySamples } from "./key-samples.ts";
import type { Check } from "./precheck-report.ts";

/** Keys that lie on several shards, or on one that does not own them, as far as a sample shows. */
export const checkStrays: Check = ({ shards, merge, use }) => {
  const samples = use?.samples ?? null;
  if (samples === null || shards.length < 2) return [];
  if (merge.ring === null) return [collisions(samples)];
  const check = checkOf(
    "keys-with-owners",
    { ok: "Keys with their owners", found: "Keys on other shards than their owners" },
    "task",
  );
  const { sampled, stale, lone } = samples;
  if (stale + lone === 0) {
    return [check.ok(`Each of ${sampled} keys that were looked at lies on the shard that owns it.`)];
  }
  return [
    check.warning(
      `Of ${sampled} keys that were looked at, ${stale + lone} lie on a shard that does not own them: ${stale} are stale duplicates, and ${lone} are nowhere else.`,
      "Nothing needs doing: the owner's value wins, and of the others the merge policy decides. The shard's page counts them.",
      examplesOf(samples, ["stale", "lone"]),
    ),
  ];
};

function collisions(samples: KeySamples) {
  const check = checkOf(
    "keys-apart",
    { ok: "Keys on one shard each", found: "Keys on several shards" },
    "task",
  );
  const { sampled, collisions: count } = samples;
  if (count === 0) return check.ok(`None of ${sampled} keys that were looked at lies on two shards.`);
  return check.warning(
    `Of ${sampled} keys that were looked at, ${count} lie on more than one shard. There is no ring that says whose value is right: the last write wins.`,
    "Give the nutcracker.yml of a Twemproxy pool, so that its ring decides. Give pools that share key names a database each.",
    examplesOf(samples, ["collision"]),
  );
}

function examplesOf({ examples }: KeySamples, kinds: readonly KeyExample["kind"][]): string {
  return examples
    .filter(({ kind }) => kinds.includes(kind))
    .slice(0, 3)
    .map(({ kind, key, shard, other }) => {
      const beside = kind === "collision" ? `and ${other}` : `owned by ${other}`;
      return `${key} on ${shard}, ${beside}`;
    })
    .join("; ");
}
