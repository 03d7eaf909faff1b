import type { ReactNode } from "react";
import { formatCount, formatOffset } from "@/components/format/count";
import { formatDuration, formatMoment } from "@/components/format/duration";
import type { Outputs } from "@/components/live/trpc";

export type Report = Outputs["cutover"]["report"];
type Shard = Report["shards"][number];

/** Moments in a report are told with their time zone: it is read elsewhere, and later. */
export const moment = (at: number | null) => (at === null ? "not yet" : formatMoment(at, "UTC"));

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-7">
      <h2 className="break-after-avoid border-b pb-1.5 text-[0.9375rem] font-semibold tracking-[-0.01em]">
        {title}
      </h2>
      <div className="mt-3">{children}</div>
    </section>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="num grid gap-x-6 gap-y-2 text-[0.8125rem] sm:grid-cols-[12rem_minmax(0,1fr)] sm:gap-y-1.5">
      {facts.map(([label, value]) => (
        <div key={label} className="sm:contents">
          <dt className="text-ink-3">{label}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Rows({
  heads,
  rows,
}: {
  heads: readonly string[];
  rows: readonly { readonly key: string; readonly cells: readonly ReactNode[] }[];
}) {
  return (
    <div className="overflow-x-auto">
      <table className="num w-full text-left text-[0.8125rem]">
        <thead className="text-xs text-ink-3">
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" className="py-1 pr-4 font-normal">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key} className="border-t align-top">
              {cells.map((cell, index) => (
                <td key={heads[index]} className="py-1.5 pr-4 break-words">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ShardPart({ shard }: { shard: Shard }) {
  const { initialSync: sync, lag } = shard;
  const seconds = sync?.finishedAt ? (sync.finishedAt - sync.startedAt) / 1000 : null;
  return (
    <Part title={`Shard ${shard.name}`}>
      <Facts
        facts={[
          ["Server", `${shard.address}${shard.server === null ? "" : `, ${shard.server}`}`],
          [
            "Initial syncs",
            sync === null
              ? formatCount(shard.initialSyncs)
              : `${formatCount(shard.initialSyncs)}; the last: ${formatCount(sync.keysApplied)} keys${
                  seconds === null ? "" : ` in ${formatDuration(seconds)}`
                }, ${sync.why}`,
          ],
          ["Keys at the end", keysText(shard.keys)],
          ["Commands applied", `about ${formatCount(shard.commandsApplied)}`],
          [
            "Lag",
            lag.worstSeconds === null
              ? "not measured"
              : `${formatDuration(lag.meanSeconds ?? 0)} on average, ${formatDuration(lag.worstSeconds)} at worst`,
          ],
          ["Applied up to offset", shard.offset === null ? "unknown" : formatOffset(shard.offset)],
          ["Known to differ", shard.differs.length === 0 ? "nothing" : shard.differs.join("; ")],
          ...(shard.acknowledged === null
            ? []
            : [
                [
                  "Acknowledged",
                  `by ${shard.acknowledged.by}, ${moment(shard.acknowledged.at)}: ${shard.acknowledged.reason || "without a reason"}`,
                ] as const,
              ]),
          [
            "Not applied",
            `${formatCount(shard.skipped)} commands skipped, ${formatCount(shard.rejected)} rejected`,
          ],
        ]}
      />
      {shard.refused.length > 0 && (
        <div className="mt-3">
          <Rows
            heads={["Command", "Database", "Why", "Times", "Last"]}
            rows={shard.refused.map((one) => ({
              key: `${one.kind} ${one.command} ${one.db} ${one.reasonCode}`,
              cells: [
                `${one.command} (${one.kind})`,
                one.db,
                one.reason,
                formatCount(one.count),
                moment(one.lastAt),
              ],
            }))}
          />
        </div>
      )}
      {shard.scripts.length > 0 && (
        <div className="mt-3">
          <Rows
            heads={["Script", "Ran", "Failed"]}
            rows={shard.scripts.map((one) => ({
              key: one.sha,
              cells: [one.name || one.sha, formatCount(one.ran), formatCount(one.failed)],
            }))}
          />
        </div>
      )}
    </Part>
  );
}

export function whoText({ by, from }: { readonly by: string; readonly from: string | null }): string {
  return from === null ? by : `${by} (${from})`;
}

export function keysText(keys: Shard["keys"]): string {
  if (keys === null) return "unknown";
  if (keys.length === 0) return "none";
  return keys.map(({ db, keys }) => `${formatCount(keys)} in database ${db}`).join(", ");
}
