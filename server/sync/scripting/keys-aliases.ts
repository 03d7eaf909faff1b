import { is, type Token } from "./lua-tokens.ts";

/** Names in one list, and words between the brackets of `KEYS[…]`: with more, nothing is seen. */
const MOST_NAMES = 16;
const MOST_WORDS = 32;

/** Where `KEYS[…]` ends that begins at `at`. */
export function elementEnds(tokens: readonly Token[], at: number): number | null {
  if (tokens[at]?.text !== "KEYS" || !is(tokens[at + 1], "[")) return null;
  let depth = 0;
  for (let end = at + 1; end < Math.min(tokens.length, at + MOST_WORDS); end++) {
    if (is(tokens[end], "[")) depth++;
    else if (is(tokens[end], "]") && --depth === 0) return end + 1;
  }
  return null;
}

/** The names that stand for an element of KEYS wherever they are used; null where KEYS itself may become another. */
export function aliasesOfKeys(tokens: readonly Token[]): Set<string> | null {
  const aliases = new Set<string>();
  const bound = new Map<string, number>();
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== "name") continue;
    if (text === "KEYS" && !keysIsRead(tokens, at)) return null;
    const names = namesBoundAt(tokens, at);
    if (names === null) return null;
    for (const name of names) bound.set(name, (bound.get(name) ?? 0) + 1);
    for (const name of elementsBoundAt(tokens, at, names)) aliases.add(name);
  }
  return new Set([...aliases].filter((name) => bound.get(name) === 1));
}

/** The names that a `local`, a `for`, a function or an assignment at `at` gives a value; null for too many. */
function namesBoundAt(tokens: readonly Token[], at: number): string[] | null {
  const { text } = tokens[at]!;
  if (text === "local" || text === "for") return namesFrom(tokens, at + 1);
  if (text === "function") return parametersFrom(tokens, at + 1);
  // An assignment, also to several: each of their names is followed by one of these.
  const assigned = is(tokens[at + 1], "=") || is(tokens[at + 1], ",");
  return assigned && endsInEquals(tokens, at) && !isOfLocal(tokens, at) ? [text] : [];
}

/** Of the names bound at `at`, those that are elements of KEYS there. */
function elementsBoundAt(tokens: readonly Token[], at: number, names: readonly string[]): readonly string[] {
  const { text } = tokens[at]!;
  const behind = at + 2 * names.length;
  if (text === "local") return areElements(tokens, behind, names.length) ? names : [];
  if (text !== "for" || names.length !== 2) return [];
  const [, over, open, keys, close] = tokens.slice(behind, behind + 5);
  const overAll = over?.text === "ipairs" || over?.text === "pairs";
  return overAll && is(open, "(") && keys?.text === "KEYS" && is(close, ")") ? [names[1]!] : [];
}

/** The parameters of a function, whatever its name is, which stands at `at` or is missing. */
function parametersFrom(tokens: readonly Token[], at: number): string[] | null {
  let open = at;
  while (open < at + MOST_WORDS && !is(tokens[open], "(")) open++;
  return is(tokens[open], "(") ? namesFrom(tokens, open + 1) : null;
}

/** Behind the `=` at `at` stand as many elements of KEYS as there are names before it, and nothing else. */
function areElements(tokens: readonly Token[], at: number, count: number): boolean {
  let end = at;
  for (let left = count; left > 0; left--) {
    if (!is(tokens[end], end === at ? "=" : ",")) return false;
    const next = elementEnds(tokens, end + 1);
    if (next === null) return false;
    end = next;
  }
  const token = tokens[end];
  const goesOn = token?.kind === "other" ? token.text !== ";" : token?.text === "or" || token?.text === "and";
  return count > 0 && !goesOn;
}

/** null for too many. */
function namesFrom(tokens: readonly Token[], at: number): string[] | null {
  const names: string[] = [];
  for (let place = at; tokens[place]?.kind === "name"; place += 2) {
    if (names.length === MOST_NAMES) return null;
    names.push(tokens[place]!.text);
    if (!is(tokens[place + 1], ",")) break;
  }
  return names;
}

/** With more names than are looked at, it may. */
function endsInEquals(tokens: readonly Token[], at: number): boolean {
  let place = at + 1;
  for (let left = MOST_NAMES; is(tokens[place], ",") && tokens[place + 1]?.kind === "name"; left--) {
    if (left === 0) return true;
    place += 2;
  }
  return is(tokens[place], "=");
}

function isOfLocal(tokens: readonly Token[], at: number): boolean {
  let place = at;
  for (let left = MOST_NAMES; is(tokens[place - 1], ",") && tokens[place - 2]?.kind === "name"; left--) {
    if (left === 0) return false;
    place -= 2;
  }
  return tokens[place - 1]?.text === "local" || tokens[place - 1]?.text === "for";
}

/** KEYS is only looked into. */
function keysIsRead(tokens: readonly Token[], at: number): boolean {
  const end = elementEnds(tokens, at);
  if (end !== null) return !is(tokens[end], "=") && !endsInEquals(tokens, end - 1);
  if (is(tokens[at - 1], "#")) return true;
  const reader = tokens[at - 2]?.text ?? "";
  return is(tokens[at - 1], "(") && is(tokens[at + 1], ")") && ["ipairs", "pairs", "unpack"].includes(reader);
}
