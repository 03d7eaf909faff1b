import { Download, Search, X } from "lucide-react";
import Form from "next/form";
import Link from "next/link";
import { buttonLook } from "@/components/controls/button";
import { LinkTabs } from "@/components/controls/link-tabs";
import { TextInput } from "@/components/controls/text-input";
import { formatCount } from "@/components/format/count";
import type { Outputs } from "@/components/live/trpc";
import { UnlessHidden } from "@/components/people/hidden-note";
import { exportHref, type FindingFilter, filterQuery } from "./finding-filter";
import { allKinds, kindWords } from "./finding-kinds";

type Run = Outputs["verify"]["run"];

type FindingFiltersProps = { taskId: string; run: Run; filter: FindingFilter };

/** Which findings are shown, and the way to have them as a file. All of it stands in the address. */
export function FindingFilters({ taskId, run, filter }: FindingFiltersProps) {
  const path = `/tasks/${taskId}/verifications/${run.id}`;
  const { verdict } = run;
  if (verdict === null) return null;
  const to = (change: Partial<FindingFilter>) => `${path}${filterQuery(filter, change)}`;
  const listed = allKinds.filter(
    (kind) => kindWords[kind].differs === (filter.list === "differences") && (verdict.counts[kind] ?? 0) > 0,
  );
  const shards = [
    ...verdict.shards
      .filter(({ counts }) => Object.keys(counts).length > 0)
      .map(({ shardId, shardName }) => ({ id: shardId, name: shardName })),
    ...(Object.keys(verdict.unowned).length > 0 ? [{ id: "none", name: "On no shard" }] : []),
  ];
  return (
    <div className="space-y-3 px-4 pb-4 sm:px-5">
      <div className="flex flex-wrap gap-x-4 gap-y-3 empty:hidden">
        {listed.length > 1 && (
          <LinkTabs
            label="Kind"
            tabs={[
              { id: "all", href: to({ kind: null }), label: "All kinds", current: filter.kind === null },
              ...listed.map((kind) => ({
                id: kind,
                href: to({ kind }),
                label: (
                  <>
                    {kindWords[kind].word}{" "}
                    <span className="text-ink-3">{formatCount(verdict.counts[kind] ?? 0)}</span>
                  </>
                ),
                current: filter.kind === kind,
              })),
            ]}
          />
        )}
        {shards.length > 1 && (
          <LinkTabs
            label="Shard"
            tabs={[
              { id: "all", href: to({ shard: null }), label: "All shards", current: filter.shard === null },
              ...shards.map(({ id, name }) => ({
                id,
                href: to({ shard: id }),
                label: name,
                current: filter.shard === id,
              })),
            ]}
          />
        )}
        {run.dbs.length > 1 && (
          <LinkTabs
            label="Database"
            tabs={[
              { id: "all", href: to({ db: null }), label: "All databases", current: filter.db === null },
              ...run.dbs.map((db) => ({
                id: String(db),
                href: to({ db }),
                label: `db ${db}`,
                current: filter.db === db,
              })),
            ]}
          />
        )}
      </div>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <UnlessHidden what="keys">
          <Form
            action={path}
            scroll={false}
            role="search"
            className="flex min-w-0 items-center gap-2 max-sm:w-full sm:max-w-md sm:flex-1"
          >
            {filter.list === "apart" && filter.kind === null && (
              <input type="hidden" name="list" value="apart" />
            )}
            {filter.kind !== null && <input type="hidden" name="kind" value={filter.kind} />}
            {filter.shard !== null && <input type="hidden" name="shard" value={filter.shard} />}
            {filter.db !== null && <input type="hidden" name="db" value={filter.db} />}
            <TextInput
              // Another address has another text in it.
              key={filter.text}
              mono
              name="q"
              type="search"
              defaultValue={filter.text}
              aria-label="Part of a key"
              placeholder="Part of a key; \xNN for a byte"
              maxLength={1024}
            />
            <button type="submit" className={buttonLook()}>
              <Search className="size-4" aria-hidden />
              Search
            </button>
            {filter.text !== "" && (
              <Link href={to({ text: "" })} aria-label="Clear the search" className={buttonLook("quiet")}>
                <X className="size-4" aria-hidden />
              </Link>
            )}
          </Form>
        </UnlessHidden>
        <div className="flex items-center gap-2">
          <span className="text-xs text-ink-3 max-sm:sr-only">Export these</span>
          {(["csv", "json"] as const).map((format) => (
            <a
              key={format}
              href={exportHref(taskId, run.id, filter, format)}
              download
              className={buttonLook("plain", true)}
            >
              <Download className="size-3.5" aria-hidden />
              {format.toUpperCase()}
            </a>
          ))}
        </div>
      </div>
    </div>
  );
}
