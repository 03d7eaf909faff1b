import { CardSection } from "@/components/controls/card";
import { formatCount, formatPlural } from "@/components/format/count";
import { copiedKeys, totalKeys } from "@/components/task/key-totals";
import type { ShardView } from "@/server/control/views/task-view";
import type { KeyCount, ShardReport } from "@/server/sync/report/shard-report";

type KeyCountsProps = {
  address: string;
  report: Pick<ShardReport, "sourceKeys" | "destinationKeys"> | null;
  task: Pick<ShardView["task"], "destinationLabel" | "databases">;
};

/** Keys per database on both ends. The destination's hold the keys of all shards together. */
export function KeyCounts({ address, report, task }: KeyCountsProps) {
  return (
    <CardSection title="Keys">
      <div className="grid gap-x-6 gap-y-4 px-4 pt-1 pb-5 sm:grid-cols-2 sm:px-5">
        <Side
          title="On this shard"
          note={address}
          counts={report?.sourceKeys ?? null}
          copied={copiedKeys(report?.sourceKeys ?? null, task.databases, "source")}
        />
        <Side
          title="On the destination"
          note={`all shards together, ${task.destinationLabel}`}
          counts={report?.destinationKeys ?? null}
          copied={copiedKeys(report?.destinationKeys ?? null, task.databases, "destination")}
        />
      </div>
    </CardSection>
  );
}

type SideProps = {
  title: string;
  note: string;
  counts: readonly KeyCount[] | null;
  /** Those of databases that the task copies. */
  copied: readonly KeyCount[] | null;
};

function Side({ title, note, counts, copied }: SideProps) {
  const total = totalKeys(copied);
  const others = (counts?.length ?? 0) - (copied?.length ?? 0);
  return (
    <div className="min-w-0">
      <h3 className="text-xs font-semibold text-ink-2">{title}</h3>
      <p className="truncate text-xs text-ink-3" title={note}>
        {note}
      </p>
      {counts === null || total === null ? (
        <p className="mt-2 text-ink-3">unknown</p>
      ) : copied?.length === 0 ? (
        <p className="mt-2 text-ink-3">no keys</p>
      ) : (
        <table className="num mt-2 w-full text-right text-[0.8125rem]">
          <thead className="text-xs text-ink-3">
            <tr className="border-b">
              <th className="py-1 text-left font-medium">db</th>
              <th className="py-1 font-medium">keys</th>
              <th className="py-1 font-medium">expires</th>
              <th className="py-1 font-medium">no expiry</th>
            </tr>
          </thead>
          <tbody>
            {copied?.map((count) => (
              <CountRow key={count.db} label={String(count.db)} count={count} />
            ))}
          </tbody>
          {(copied?.length ?? 0) > 1 && (
            <tfoot className="border-t font-medium">
              <CountRow label="all" count={total} />
            </tfoot>
          )}
        </table>
      )}
      {others > 0 && (
        <p className="mt-2 text-xs text-ink-3">
          {formatPlural(others, "further database")} with keys, which the task does not copy
        </p>
      )}
    </div>
  );
}

function CountRow({ label, count }: { label: string; count: { keys: number; expires: number } }) {
  return (
    <tr>
      <th scope="row" className="py-1 text-left font-normal text-ink-2">
        {label}
      </th>
      <td className="py-1">{formatCount(count.keys)}</td>
      <td className="py-1 text-ink-2">{formatCount(count.expires)}</td>
      <td className="py-1 text-ink-2">{formatCount(count.keys - count.expires)}</td>
    </tr>
  );
}
