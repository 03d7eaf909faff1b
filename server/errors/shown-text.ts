/**
 * C0 and C1 control characters (a terminal obeys them), what turns the direction of writing, line separators, and halves
 * of surrogate pairs (SQLite and JSON readers differ about them).
 */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Characters of one text that are shown, kept and sent on. */
const MOST = 2000;

/**
 * A text that a peer or a file has a part in, as it may stand on a page, in a terminal, in the log and in the database:
 * control characters as \xNN or \uNNNN, cut to `most` characters.
 */
export function shownText(text: string, most = MOST): string {
  // What is cut away need not be looked at.
  const shown = text.slice(0, most + 1).replace(hidden, escaped);
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`;
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Plain data with every text in it as shownText has it. */
export function shownData<Data>(data: Data, most = MOST): Data {
  if (typeof data === "string") return shownText(data, most) as Data;
  if (Array.isArray(data)) return data.map((item) => shownData(item, most)) as Data;
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, shownData(value, most)]),
  ) as Data;
}
