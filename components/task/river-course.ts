import type { ShardSummary } from "@/server/control/views/task-view";

export type Stream = {
  /** Path from (0, its bank) to (100, its place in the trunk). */
  readonly path: string;
  /** px. */
  readonly width: number;
};

/**
 * Lays one stream for each shard: `rowHeight` px apart on the left, side by side in one trunk on the right, in
 * a box of 100 by shards × rowHeight. Widths grow with the logarithm of the throughput.
 */
export function layRiver(
  shards: readonly Pick<ShardSummary, "status" | "rates">[],
  rowHeight: number,
): Stream[] {
  const widest = Math.min(22, rowHeight * 0.45);
  const widths = shards.map((shard) => streamWidth(shard, widest));
  const trunk = widths.reduce((sum, width) => sum + width, 0);
  let top = (shards.length * rowHeight) / 2 - trunk / 2;
  return widths.map((width, index) => {
    const from = (index + 0.5) * rowHeight;
    const to = top + width / 2;
    top += width;
    const y = (value: number) => value.toFixed(1);
    return { path: `M0 ${y(from)}C38 ${y(from)} 34 ${y(to)} 72 ${y(to)}H100`, width };
  });
}

function streamWidth({ status, rates }: Pick<ShardSummary, "status" | "rates">, widest: number): number {
  const bytes = status === "initial-sync" ? rates.rdbBytesPerSecond : rates.bytesPerSecond;
  return Math.min(widest, 4 + 2.6 * Math.log10(1 + Math.max(0, bytes ?? 0) / 100));
}
