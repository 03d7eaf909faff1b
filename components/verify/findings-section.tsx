import { LinkTabs } from "@/components/controls/link-tabs";
import { Pager } from "@/components/controls/pager";
import { formatCount, formatPlural } from "@/components/format/count";
import type { Outputs } from "@/components/live/trpc";
import { HiddenNote } from "@/components/people/hidden-note";
import { type FindingFilter, filterQuery, noFilter } from "./finding-filter";
import { FindingFilters } from "./finding-filters";
import { allKinds, kindWords } from "./finding-kinds";
import { FindingList } from "./finding-list";
import { RepairAll } from "./repair-all";

type Run = Outputs["verify"]["run"];

type FindingsSectionProps = {
  taskId: string;
  run: Run;
  filter: FindingFilter;
  found: Outputs["verify"]["findings"];
};

/** The findings of a run one by one: what differs, and beside it what is not counted as a difference. */
export function FindingsSection({ taskId, run, filter, found }: FindingsSectionProps) {
  const { verdict, kept } = run;
  if (verdict === null || Object.keys(verdict.counts).length === 0) return null;
  const path = `/tasks/${taskId}/verifications/${run.id}`;
  const sumOf = (differs: boolean) =>
    allKinds.reduce(
      (sum, kind) => (kindWords[kind].differs === differs ? sum + (verdict.counts[kind] ?? 0) : sum),
      0,
    );
  const [differing, apart] = [sumOf(true), sumOf(false)];
  const differences = filter.list === "differences";
  const all = differences ? differing : apart;
  const listed = differences ? kept.differences : kept.apart;
  return (
    <section
      id="findings"
      aria-label="Findings"
      className="mt-5 scroll-mt-20 rounded-xl border bg-surface shadow-card"
    >
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
        <h2 className="text-[0.9375rem] font-semibold tracking-[-0.01em]">Keys</h2>
        <LinkTabs
          label="List"
          tabs={[
            {
              id: "differences",
              href: `${path}${filterQuery(noFilter)}`,
              label: `Differences ${formatCount(differing)}`,
              current: differences,
            },
            {
              id: "apart",
              href: `${path}${filterQuery({ ...noFilter, list: "apart" })}`,
              label: `Not counted ${formatCount(apart)}`,
              current: !differences,
            },
          ]}
        />
      </header>
      <HiddenNote className="px-4 pb-3 sm:px-5" />
      {all > 0 && <FindingFilters taskId={taskId} run={run} filter={filter} />}
      {listed < all && (
        <p className="num px-4 pb-3 text-xs text-ink-3 sm:px-5">
          {listed === 0
            ? "These keys were counted, but their names were not kept."
            : `The list holds the first ${formatCount(listed)} of ${formatPlural(all, "key")}.`}
        </p>
      )}
      {found.findings.length === 0 ? (
        <p className="border-t px-4 py-5 text-ink-3 sm:px-5">
          {all === 0
            ? differences
              ? "Nothing differs."
              : "Nothing else was found."
            : "No key of this run matches."}
        </p>
      ) : (
        <>
          <p className="num px-4 pb-3 text-xs text-ink-3 sm:px-5" role="status">
            {rangeText(found)}
          </p>
          <FindingList
            key={filterQuery(filter, { page: found.page })}
            taskId={taskId}
            run={run.id}
            findings={found.findings}
            choosable={differences}
            ofAll={
              isBroad(filter) && (
                <RepairAll
                  taskId={taskId}
                  run={run.id}
                  verdict={verdict}
                  kind={filter.kind}
                  shardId={filter.shard}
                />
              )
            }
          />
        </>
      )}
      <Pager
        label="Pages of the list"
        page={found.page}
        pages={found.pages}
        href={(page) => `${path}${filterQuery(filter, { page })}#findings`}
      />
    </section>
  );
}

/** A repair of all takes a kind and a shard; of a narrower list, keys are chosen one by one. */
function isBroad({ shard, db, text }: FindingFilter): boolean {
  return shard !== "none" && db === null && text === "";
}

function rangeText({ total, page, perPage, findings }: Outputs["verify"]["findings"]): string {
  const first = (page - 1) * perPage + 1;
  const last = first + findings.length - 1;
  return total === findings.length
    ? formatPlural(total, "key")
    : `${formatCount(first)} to ${formatCount(last)} of ${formatPlural(total, "key")}`;
}
