import { CardSection } from "@/components/controls/card";
import { Fact } from "@/components/controls/fact";
import { formatCount } from "@/components/format/count";
import { labelOf, policyChoices } from "@/components/merging/merge-choices";
import type { MergeFacts } from "@/server/sync/report/shard-report";

const kinds: Record<MergeFacts["samples"][number]["kind"], string> = {
  stray: "Stray",
  lone: "Lone stray",
  ambiguous: "Ambiguous",
  collision: "Collision",
  kept: "Kept",
};

/** How keys that lie on several shards were decided, with some of them. */
export function MergeDecisions({ merge }: { merge: MergeFacts }) {
  return (
    <div className="mt-5" id="merging">
      <CardSection
        title="Merging"
        aside={
          <span className="text-xs text-ink-3">
            {labelOf(policyChoices, merge.policy as "last-write")}, since the engine's start
          </span>
        }
      >
        <dl className="grid grid-cols-2 gap-x-4 gap-y-3 px-4 pt-1 pb-4 sm:grid-cols-3 sm:px-5 lg:grid-cols-5">
          <Fact label="Strays set aside">{formatCount(merge.strays)}</Fact>
          <Fact label="Lone strays copied">{formatCount(merge.lone)}</Fact>
          <Fact label="Ambiguous keys">{formatCount(merge.ambiguous)}</Fact>
          <Fact label="Collisions">{formatCount(merge.collisions)}</Fact>
          <Fact label="Destination's keys kept">{formatCount(merge.kept)}</Fact>
        </dl>
        {merge.samples.length > 0 && (
          <ul aria-label="Samples" className="divide-y border-t text-[0.8125rem]">
            {merge.samples.map(({ kind, key, db, shard }) => (
              <li
                key={`${kind} ${db} ${key} ${shard}`}
                className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2 sm:px-5"
              >
                <span className="w-24 shrink-0 text-xs text-ink-2">{kinds[kind]}</span>
                <span className="min-w-0 flex-1 font-mono text-xs break-all">{key}</span>
                <span className="text-xs text-ink-3">
                  db {db}, {shard}
                </span>
              </li>
            ))}
          </ul>
        )}
      </CardSection>
    </div>
  );
}
