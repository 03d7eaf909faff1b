import { commandFacts, keyCountOf } from "../../redis/command-facts.ts";

type Token = { readonly kind: "name" | "text" | "other"; readonly text: string };

/** Longer bodies are not looked at, characters. */
const MOST_LENGTH = 16 * 1024;
/** Names in one list, and words between the brackets of `KEYS[…]`: with more, nothing is seen. */
const MOST_NAMES = 16;
const MOST_WORDS = 32;
/** With these a script may come to redis.call, or to its keys, by another name. */
const OTHER_WAYS = new Set(["_G", "loadstring", "load", "getfenv", "setfenv", "debug", "rawset", "goto"]);
/** What a script may have of `redis` without running a command; with any other part of it, it may run one. */
const HARMLESS = new Set(["sha1hex", "error_reply", "status_reply", "log"]);
/** Of commands over several keys, which of their arguments they write: one, the first two, or all. */
const FIRST_TWO = new Set(["RENAME", "RENAMENX", "RPOPLPUSH", "BRPOPLPUSH", "SMOVE", "LMOVE"]);
const ALL = new Set(["DEL", "UNLINK"]);
const FIRST = new Set(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE", "ZUNIONSTORE", "ZINTERSTORE", "PFMERGE"]);

/**
 * Whether a script can be seen to write no key but those that it declares, whatever it reads: each command that writes
 * is named, and its keys are elements of KEYS or locals that stand for one. A script of which this is not seen may
 * still do so.
 */
export function writesDeclaredAlone(body: string): boolean {
  const tokens = body.length > MOST_LENGTH ? null : tokensOf(body);
  if (tokens === null) return false;
  const aliases = aliasesOfKeys(tokens);
  if (aliases === null) return false;
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== "name") continue;
    if (OTHER_WAYS.has(text)) return false;
    if (text === "redis" && !commandIsFine(tokens, at, aliases)) return false;
  }
  return true;
}

/** @param at of `redis`. */
function commandIsFine(tokens: readonly Token[], at: number, aliases: ReadonlySet<string>): boolean {
  if (is(tokens[at - 1], ".") || !is(tokens[at + 1], ".")) return false;
  const part = tokens[at + 2]?.text ?? "";
  if (HARMLESS.has(part) || part.startsWith("LOG_")) return true;
  const name = tokens[at + 4];
  if ((part !== "call" && part !== "pcall") || !is(tokens[at + 3], "(") || name?.kind !== "text")
    return false;
  const command = name.text.toUpperCase();
  const { keys, unnamed } = commandFacts(command);
  if (unnamed !== "any" && keys.every((role) => role === "read") && !OUTSIDE.has(command)) return true;
  const isKey = (place: number) => keyEnds(tokens, place, aliases);
  const first = is(tokens[at + 5], ",") ? isKey(at + 6) : null;
  if (first === null) return false;
  if (FIRST.has(command)) return true;
  if (FIRST_TWO.has(command)) return is(tokens[first], ",") && isKey(first + 1) !== null;
  if (!ALL.has(command)) {
    return keyCountOf(command) === "one" && unnamed === undefined && !OUTSIDE.has(command);
  }
  let end = first;
  while (is(tokens[end], ",")) {
    const next = isKey(end + 1);
    if (next === null) return false;
    end = next;
  }
  return is(tokens[end], ")");
}

/** These write elsewhere, or keys that stand in no fixed place. */
const OUTSIDE = new Set([
  ...[
    "SELECT",
    "MOVE",
    "COPY",
    "MSET",
    "MSETNX",
    "BITOP",
    "SORT",
    "GEORADIUS",
    "GEORADIUSBYMEMBER",
    "XGROUP",
  ],
  ...["EVAL", "EVALSHA", "MIGRATE"],
]);

/** Where a whole argument ends that is one of KEYS; null where it is anything else. */
function keyEnds(tokens: readonly Token[], at: number, aliases: ReadonlySet<string>): number | null {
  const token = tokens[at];
  const all = token?.text === "unpack" && tokens[at + 2]?.text === "KEYS" && is(tokens[at + 3], ")");
  const alias = token?.kind === "name" && aliases.has(token.text);
  const end = all ? at + 4 : alias ? at + 1 : elementEnds(tokens, at);
  return end !== null && (is(tokens[end], ",") || is(tokens[end], ")")) ? end : null;
}

/** Where `KEYS[…]` ends that begins at `at`. */
function elementEnds(tokens: readonly Token[], at: number): number | null {
  if (tokens[at]?.text !== "KEYS" || !is(tokens[at + 1], "[")) return null;
  let depth = 0;
  for (let end = at + 1; end < Math.min(tokens.length, at + MOST_WORDS); end++) {
    if (is(tokens[end], "[")) depth++;
    else if (is(tokens[end], "]") && --depth === 0) return end + 1;
  }
  return null;
}

/** The names that stand for an element of KEYS wherever they are used; null where KEYS itself may become another. */
function aliasesOfKeys(tokens: readonly Token[]): Set<string> | null {
  const aliases = new Set<string>();
  const bound = new Map<string, number>();
  const binds = (name: string) => bound.set(name, (bound.get(name) ?? 0) + 1);
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== "name") continue;
    if (text === "KEYS" && !keysIsRead(tokens, at)) return null;
    if (text === "local") {
      const names = namesFrom(tokens, at + 1);
      if (names === null) return null;
      if (areElements(tokens, at + 2 * names.length, names.length))
        for (const name of names) aliases.add(name);
      for (const name of names) binds(name);
    } else if (text === "for") {
      const names = namesFrom(tokens, at + 1);
      if (names === null) return null;
      const [, over, open, keys, close] = tokens.slice(at + 2 * names.length, at + 2 * names.length + 5);
      const overKeys = names.length === 2 && (over?.text === "ipairs" || over?.text === "pairs");
      if (overKeys && is(open, "(") && keys?.text === "KEYS" && is(close, ")")) aliases.add(names[1]!);
      for (const name of names) binds(name);
    } else if (text === "function") {
      // Its parameters, whatever its name is.
      let open = at + 1;
      while (open < at + MOST_WORDS && !is(tokens[open], "(")) open++;
      const names = is(tokens[open], "(") ? namesFrom(tokens, open + 1) : null;
      if (names === null) return null;
      for (const name of names) binds(name);
    } else if (is(tokens[at + 1], "=") || is(tokens[at + 1], ",")) {
      // An assignment, also to several: each of their names is followed by one of these.
      if (endsInEquals(tokens, at) && !isOfLocal(tokens, at)) binds(text);
    }
  }
  return new Set([...aliases].filter((name) => bound.get(name) === 1));
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

function is(token: Token | undefined, text: string): boolean {
  return token?.kind === "other" && token.text === text;
}

const SPACE = /\s+/y;
const NAME = /[A-Za-z_]\w*/y;
const LONG = /\[(=*)\[/y;
const QUOTED = /(["'])((?:\\[\s\S]|(?!\1)[^\\\n])*)\1/y;
const OTHER = /==|~=|<=|>=|\.{2,3}|[\s\S]/y;

/** Its words, without spaces and comments; null where it is not whole. */
function tokensOf(body: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(body);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < body.length) {
    if (take(SPACE) !== null) continue;
    const comment = body.startsWith("--", at);
    if (comment) at += 2;
    const long = take(LONG);
    if (long !== null) {
      const close = `]${long[1]}]`;
      const end = body.indexOf(close, at);
      if (end < 0) return null;
      if (!comment) tokens.push({ kind: "text", text: body.slice(at, end) });
      at = end + close.length;
    } else if (comment) {
      const end = body.indexOf("\n", at);
      at = end < 0 ? body.length : end;
    } else if (body[at] === '"' || body[at] === "'") {
      const quoted = take(QUOTED);
      if (quoted === null) return null;
      tokens.push({ kind: "text", text: quoted[2]! });
    } else {
      const name = take(NAME);
      if (name !== null) tokens.push({ kind: "name", text: name[0] });
      else tokens.push({ kind: "other", text: take(OTHER)![0] });
    }
  }
  return tokens;
}
