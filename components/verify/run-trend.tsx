import { formatCompact, formatCount, formatPlural, formatRate } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import type { Outputs } from "@/components/live/trpc";

type Run = Outputs["verify"]["history"][number];

/** Runs that are drawn. */
const DRAWN = 60;

/** How much differed, and how fast it went, over the last runs with a verdict; the newest at the right. */
export function RunTrend({ runs }: { runs: readonly Run[] }) {
  const drawn = runs
    .filter(({ outcome }) => outcome !== "failed" && outcome !== "canceled")
    .slice(0, DRAWN)
    .reverse();
  if (drawn.length < 2) return null;
  const rates = drawn.map((run) =>
    run.depth === "counts" ? null : (run.compared * 1000) / Math.max(1, run.finishedAt - run.startedAt),
  );
  const most = Math.max(...drawn.map(({ differences }) => differences));
  const fastest = Math.max(...rates.map((rate) => rate ?? 0));
  const differing = drawn.filter(({ differences }) => differences > 0).length;
  return (
    <div className="grid gap-x-8 gap-y-5 px-4 pb-5 sm:px-5 md:grid-cols-2">
      <Bars
        title="Differences"
        top={most === 0 ? "none" : formatCompact(most)}
        label={`Differences in the last ${drawn.length} runs: ${differing} of them found some, ${formatCount(most)} at most`}
        bars={drawn.map(({ id, differences, part }) => ({
          id,
          // A million beside three: the height goes by the number of digits.
          height: most === 0 ? 0 : Math.log10(1 + differences) / Math.log10(1 + most),
          title: `Verification ${id}: ${formatPlural(differences, "difference")}`,
          color: differences > 0 ? "bg-bad" : "bg-good",
          faint: part !== null,
        }))}
      />
      <Bars
        title="Keys compared per second"
        top={fastest === 0 ? "unknown" : formatRate(fastest)}
        label={`Rate of the last ${drawn.length} runs: ${formatRate(fastest)} at most`}
        bars={drawn.map(({ id, part }, index) => ({
          id,
          height: fastest === 0 ? 0 : (rates[index] ?? 0) / fastest,
          title: `Verification ${id}: ${rates[index] === null ? "counts only" : formatRate(rates[index] ?? 0)}`,
          color: "bg-river-line",
          faint: part !== null,
        }))}
      />
    </div>
  );
}

type BarsProps = {
  title: string;
  /** What the highest bar stands for. */
  top: string;
  label: string;
  bars: readonly { id: number; height: number; title: string; color: string; faint: boolean }[];
};

function Bars({ title, top, label, bars }: BarsProps) {
  return (
    <figure className="min-w-0">
      <figcaption className="flex items-baseline justify-between gap-3 text-xs text-ink-3">
        <span>{title}</span>
        <span className="num">{top}</span>
      </figcaption>
      <div role="img" aria-label={label} className="mt-1.5 flex h-16 items-end gap-px border-b">
        {bars.map(({ id, height, title: text, color, faint }) => (
          <span key={id} title={text} className="flex h-full min-w-0 max-w-6 flex-1 items-end">
            <span
              className={cx("block w-full rounded-t-[2px]", color, faint && "opacity-50")}
              style={{ height: `max(2px, ${Math.round(height * 100)}%)` }}
            />
          </span>
        ))}
      </div>
    </figure>
  );
}
