import { commandFacts, keyCountOf } from "../../redis/command-facts.ts";
import { aliasesOfKeys, elementEnds } from "./keys-aliases.ts";
import { is, luaTokens, type Token } from "./lua-tokens.ts";

/** Longer bodies are not looked at, characters. */
const MOST_LENGTH = 16 * 1024;
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
  const tokens = body.length > MOST_LENGTH ? null : luaTokens(body);
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
