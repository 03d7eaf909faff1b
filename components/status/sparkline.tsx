import { formatDuration } from "@/components/format/duration";
import { sparklinePath } from "./sparkline-path";

const width = 92;
const height = 26;

/** The lag of the last minutes, small. Gaps are moments when it was unknown. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <span className="block h-[26px] w-[92px]" aria-hidden />;
  const highest = Math.max(...known);
  const path = sparklinePath(values, width, height);
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Lag over the last minutes, at most ${formatDuration(highest)}`}
      className="block overflow-visible"
    >
      <title>{`at most ${formatDuration(highest)} in the last minutes`}</title>
      <path d={`M0 ${height - 0.5}H${width}`} className="stroke-line" strokeWidth={1} />
      <path
        d={path}
        fill="none"
        className="stroke-river-line"
        strokeWidth={1.5}
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
