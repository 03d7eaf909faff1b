import type uPlot from "uplot";
import type { SeriesRange } from "@/server/control/views/task-view";

type ChartOptions = {
  /** The theme's colors and the width are read from it. */
  element: HTMLElement;
  height: number;
  format: (value: number) => string;
  atLeast: number;
  range: SeriesRange;
  /** The axis steps by powers of two, since its numbers are written in KiB and MiB. */
  binary: boolean;
  onHover: (index: number | null) => void;
};

const powersOfTwo = Array.from({ length: 50 }, (_, exponent) => 2 ** exponent);

/** uPlot's options for one line over time in the page's colors and words; charts share their cursor. */
export function chartOptions({
  element,
  height,
  format,
  atLeast,
  range,
  binary,
  onHover,
}: ChartOptions): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: color("ink-3"), font, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: "shard" },
      points: { size: 7, fill: color("river-line"), stroke: color("surface"), width: 2 },
      drag: { x: false, y: false },
    },
    scales: {
      x: { time: true },
      y: { range: (_chart, _low, high) => [0, Math.max(atLeast, (high ?? 0) * 1.12)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 70,
        grid: { show: false },
        values: (_chart, splits) => splits.map((at) => tick(at, range)),
      },
      {
        ...axis,
        size: 66,
        space: 34,
        ...(binary ? { incrs: powersOfTwo } : {}),
        grid: { stroke: color("line"), width: 1 },
        values: (_chart, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [
      {},
      {
        stroke: color("river-line"),
        width: 1.75,
        fill: fade(color("river-line")),
        points: { show: false },
        spanGaps: false,
      },
    ],
    hooks: { setCursor: [(chart) => onHover(chart.cursor.idx ?? null)] },
  };
}

function fade(color: string): (chart: uPlot) => CanvasGradient {
  return (chart) => {
    const { top, height } = chart.bbox;
    const gradient = chart.ctx.createLinearGradient(0, top, 0, top + Math.max(1, height));
    gradient.addColorStop(0, color.replace(")", " / 0.22)"));
    gradient.addColorStop(1, color.replace(")", " / 0.02)"));
    return gradient;
  };
}

function tick(at: number, range: SeriesRange): string {
  const date = new Date(at * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (range === "7d") return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
  return range === "15m" && date.getSeconds() !== 0 ? `${clock}:${two(date.getSeconds())}` : clock;
}
