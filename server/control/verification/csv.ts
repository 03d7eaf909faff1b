/** Cells that a spreadsheet takes for a formula begin so, also with the wide forms of these characters. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** One line by RFC 4180: cells that hold a comma, a quote or a line's end are quoted, and the line ends with CRLF. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quoted).join(",")}\r\n`;
}

/** A text that a spreadsheet shows and does not work out: one that looks like a formula gets an apostrophe before it. */
export function csvText(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/**
 * A key as `printable` writes it, whose first byte is written as `\xNN` where it would begin a formula: it still stands
 * for the same bytes.
 */
export function csvKey(printed: string): string {
  if (!FORMULA.test(printed)) return printed;
  return `\\x${printed.charCodeAt(0).toString(16).padStart(2, "0")}${printed.slice(1)}`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
