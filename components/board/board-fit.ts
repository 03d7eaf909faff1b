/** What a group puts side by side: how many columns each of its cells takes. */
export type GroupSpans = readonly number[];

export type BoardFit = {
  readonly columns: number;
  /** px */
  readonly rowHeight: number;
  /** px of the figure of a cell, and of its other words. */
  readonly figure: number;
  readonly words: number;
  /** px of a group's heading, with the gap above it. */
  readonly heading: number;
  /** How many letters of a name fit beside the icon. */
  readonly letters: number;
};

/** px: below it a cell cannot be read, and the board is scrolled. */
const LEAST = { width: 52, height: 30 };
const HIGHEST = 220;
/** Width to height of a cell that reads best. */
const SHAPE = 1.7;
/** px of the gap between cells. */
export const CELL_GAP = 6;

/**
 * How cells fill a screen, so that all are in sight and as large as can be.
 * @param room px that the groups have together. @param groups one for each group, in their order; `headings` is how many
 * of them have one.
 */
export function boardFit(
  room: { readonly width: number; readonly height: number },
  groups: readonly GroupSpans[],
  headings: number,
): BoardFit {
  const widest = Math.max(2, Math.floor((room.width + CELL_GAP) / (LEAST.width + CELL_GAP)));
  const heading = between(26, room.width * 0.02, 52);
  const height = room.height - headings * heading - Math.max(0, groups.length - 1) * CELL_GAP;
  let best = { columns: widest, rowHeight: LEAST.height };
  let leastOff = Number.POSITIVE_INFINITY;
  for (let columns = 2; columns <= widest; columns++) {
    const rows = groups.reduce((sum, spans) => sum + rowsOf(spans, columns), 0);
    const rowHeight = Math.min(HIGHEST, Math.floor((height + CELL_GAP) / Math.max(1, rows)) - CELL_GAP);
    if (rowHeight < LEAST.height) continue;
    const off = Math.abs(Math.log(widthOf(room.width, columns) / rowHeight / SHAPE));
    if (off >= leastOff) continue;
    leastOff = off;
    best = { columns, rowHeight };
  }
  const width = widthOf(room.width, best.columns);
  const words = between(10, Math.min(best.rowHeight * 0.2, width * 0.12), 32);
  return {
    ...best,
    figure: between(11, Math.min(best.rowHeight * 0.36, width * 0.19), 80),
    words,
    heading,
    letters: Math.floor((width * 0.88 - words * 1.5) / (words * 0.58)),
  };
}

/** How many rows cells take that follow one another and do not break. */
export function rowsOf(spans: GroupSpans, columns: number): number {
  let rows = 0;
  let left = 0;
  for (const span of spans) {
    const width = Math.min(span, columns);
    if (width > left) {
      rows++;
      left = columns;
    }
    left -= width;
  }
  return rows;
}

function widthOf(width: number, columns: number): number {
  return (width + CELL_GAP) / columns - CELL_GAP;
}

function between(least: number, value: number, most: number): number {
  return Math.round(Math.max(least, Math.min(most, value)) * 10) / 10;
}
