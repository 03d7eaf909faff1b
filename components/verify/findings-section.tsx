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

/** The findings of a run one by one: what differs, and beside it what is said apart. */
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
        <h2 className="text-[0.9375rem] font-semibold tracking-[-0.01em]">Key by key</h2>
        <LinkTabs
          label="What is listed"
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
              label: `Apart ${formatCount(apart)}`,
              current: !differences,
            },
          ]}
        />
      </header>
      <HiddenNote className="px-4 pb-3 sm:px-5" />
      <FindingFilters taskId={taskId} run={run} filter={filter} />
      {differences && (
        <div className="px-4 pb-3 empty:hidden sm:px-5">
          <RepairAll taskId={taskId} run={run.id} verdict={verdict} kind={filter.kind} />
        </div>
      )}
      {listed < all && (
        <p className="num px-4 pb-3 text-xs text-ink-3 sm:px-5">
          {listed === 0
            ? "No single keys of these are kept."
            : `Kept are the first ${formatCount(listed)} of ${formatPlural(all, "key")}.`}
        </p>
      )}
      {found.findings.length === 0 ? (
        <p className="border-t px-4 py-5 text-ink-3 sm:px-5">
          {all === 0
            ? differences
              ? "Nothing differs."
              : "Nothing is said apart."
            : "No finding of this run fits what is asked for."}
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

function rangeText({ total, page, perPage, findings }: Outputs["verify"]["findings"]): string {
  const first = (page - 1) * perPage + 1;
  const last = first + findings.length - 1;
  return total === findings.length
    ? formatPlural(total, "key")
    : `${formatCount(first)} to ${formatCount(last)} of ${formatPlural(total, "key")}`;
}
