import Link from "next/link";
import { formatCount } from "@/components/format/count";
import type { Outputs } from "@/components/live/trpc";
import { filterQuery, noFilter } from "./finding-filter";
import { allKinds, type FindingKind, kindWords } from "./finding-kinds";

type Verdict = NonNullable<Outputs["verify"]["run"]["verdict"]>;

type CountTableProps = {
  caption: string;
  verdict: Verdict;
  /** Of the run's page. */
  path: string;
  differs: boolean;
};

const cell = "px-3 py-2 text-right last:pr-4 sm:last:pr-5";

/** How many keys there are of each kind, shard by shard; each number leads to its list. */
export function CountTable({ caption, verdict, path, differs }: CountTableProps) {
  const kinds = allKinds.filter(
    (kind) => kindWords[kind].differs === differs && (verdict.counts[kind] ?? 0) > 0,
  );
  if (kinds.length === 0) return null;
  const rows = [
    ...verdict.shards.map(({ shardId, shardName, counts }) => ({ id: shardId, name: shardName, counts })),
    { id: "none", name: "No shard", counts: verdict.unowned },
  ].filter(({ counts }) => kinds.some((kind) => (counts[kind] ?? 0) > 0));
  const list = differs ? "differences" : "apart";
  const href = (kind: FindingKind, shard: string | null) =>
    `${path}${filterQuery({ ...noFilter, list, kind, shard })}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways can be reached by keyboard
    <section className="overflow-x-auto" aria-label={caption} tabIndex={0}>
      <table className="num w-full text-left text-[0.8125rem]">
        <caption className="sr-only">{caption}</caption>
        <thead className="border-b text-xs text-ink-3">
          <tr>
            <th scope="col" className="px-4 py-2 font-medium sm:px-5">
              Shard
            </th>
            {kinds.map((kind) => (
              <th
                key={kind}
                scope="col"
                title={kindWords[kind].meaning}
                className={`${cell} font-medium whitespace-nowrap`}
              >
                {kindWords[kind].word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {rows.map(({ id, name, counts }) => (
            <tr key={id}>
              <th scope="row" className="max-w-48 truncate px-4 py-2 font-medium sm:px-5">
                {name}
              </th>
              {kinds.map((kind) => (
                <td key={kind} className={cell}>
                  <Count count={counts[kind] ?? 0} href={href(kind, id)} />
                </td>
              ))}
            </tr>
          ))}
          {rows.length > 1 && (
            <tr className="font-medium">
              <th scope="row" className="px-4 py-2 sm:px-5">
                All
              </th>
              {kinds.map((kind) => (
                <td key={kind} className={cell}>
                  <Count count={verdict.counts[kind] ?? 0} href={href(kind, null)} />
                </td>
              ))}
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

function Count({ count, href }: { count: number; href: string }) {
  if (count === 0) return <span className="text-ink-3">0</span>;
  return (
    <Link href={`${href}#findings`} className="text-river hover:underline">
      {formatCount(count)}
    </Link>
  );
}
