import { releaseOf } from "../redis/server-info.ts";
import { type ElementDifference, shownValue } from "./element-differences.ts";
import type { Reply } from "./reply-reader.ts";
import { askBoth, listOf, part, type ValuePair } from "./value-pair.ts";

/** Entries in one piece. */
const ENTRIES = 100;

/** Entries, the last ID, groups, consumers and what is pending, of a stream that is too large to be read whole. */
export async function compareStreams(pair: ValuePair, most: number): Promise<ElementDifference[]> {
  const [here, there] = await Promise.all([
    pair.source.connection.one(pair.sourceDb, "XINFO", "STREAM", pair.key),
    pair.destination.connection.one(pair.db, "XINFO", "STREAM", pair.key),
  ]);
  const found = differing("last id", ...lastIds(factsOf(here), factsOf(there)));
  found.push(...(await compareEntries(pair, most)));
  if (found.length < most) found.push(...(await compareGroups(pair, most)));
  return found.slice(0, most);
}

async function compareEntries(pair: ValuePair, most: number): Promise<ElementDifference[]> {
  const found: ElementDifference[] = [];
  let from = "-";
  while (found.length < most) {
    pair.signal.throwIfAborted();
    const [here, there] = await askBoth(pair, "XRANGE", from, "+", "COUNT", String(ENTRIES));
    const [one, other] = [entriesOf(here), entriesOf(there)];
    // Both have been read up to the nearer end of the two pieces.
    const ends = [one, other].filter((map) => map.size === ENTRIES).map((map) => [...map.keys()].at(-1)!);
    const end = ends.sort(byId)[0];
    const within = (map: Map<string, string>) =>
      new Map([...map].filter(([id]) => end === undefined || byId(id, end) <= 0));
    found.push(...differing("entry", within(one), within(other)));
    if (end === undefined) break;
    from = after(end);
  }
  return found.slice(0, most);
}

async function compareGroups(pair: ValuePair, most: number): Promise<ElementDifference[]> {
  const [here, there] = await Promise.all([groupsOf(pair, "source"), groupsOf(pair, "destination")]);
  const found = differing("group", here, there);
  for (const group of here.keys()) {
    if (!there.has(group) || found.length >= most) continue;
    found.push(...(await comparePending(pair, group, most - found.length)));
  }
  return found;
}

async function comparePending(pair: ValuePair, group: string, most: number): Promise<ElementDifference[]> {
  const found: ElementDifference[] = [];
  const before70 = [pair.source, pair.destination].some(
    ({ connection }) => releaseOf(connection.facts.redisVersion) < 700,
  );
  if (!before70) {
    const name = Buffer.from(group, "latin1");
    const [here, there] = await Promise.all([
      pair.source.connection.one(pair.sourceDb, "XINFO", "CONSUMERS", pair.key, name),
      pair.destination.connection.one(pair.db, "XINFO", "CONSUMERS", pair.key, name),
    ]);
    found.push(...differing("consumer", named(here, group), named(there, group)));
  }
  let from = "-";
  while (found.length < most) {
    pair.signal.throwIfAborted();
    const pending = async (side: "source" | "destination") => {
      const db = side === "source" ? pair.sourceDb : pair.db;
      const name = Buffer.from(group, "latin1");
      return pendingOf(
        await pair[side].connection.one(db, "XPENDING", pair.key, name, from, "+", String(ENTRIES)),
      );
    };
    const [one, other] = await Promise.all([pending("source"), pending("destination")]);
    const ends = [one, other].filter((map) => map.size === ENTRIES).map((map) => [...map.keys()].at(-1)!);
    const end = ends.sort(byId)[0];
    const within = (map: Map<string, string>) =>
      new Map(
        [...map]
          .filter(([id]) => end === undefined || byId(id, end) <= 0)
          .map(([id, value]) => [`${group} ${id}`, value]),
      );
    found.push(...differing("pending entry", within(one), within(other)));
    if (end === undefined) break;
    from = after(end);
  }
  return found.slice(0, most);
}

/** Names and what belongs to them, as latin1 texts. */
type Named = Map<string, string>;

function differing(
  of: "entry" | "last id" | "group" | "consumer" | "pending entry",
  one: Named,
  other: Named,
) {
  const found: ElementDifference[] = [];
  const bytes = (text: string | undefined) =>
    text === undefined ? null : shownValue(of, Buffer.from(text, "latin1"));
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    if (one.get(name) === other.get(name)) continue;
    const [here, there] = [bytes(one.get(name)), bytes(other.get(name))];
    found.push(part(of, Buffer.from(name, "latin1"), here, there));
  }
  return found;
}

function entriesOf(reply: Reply): Named {
  const entries: Named = new Map();
  for (const entry of Array.isArray(reply) ? reply : []) {
    if (!Array.isArray(entry)) continue;
    entries.set(String(entry[0]), framed(listOf(entry[1]).map((text) => text.toString("latin1"))));
  }
  return entries;
}

/** Consumer and times delivered; for how long it waits is not what the other side says. */
function pendingOf(reply: Reply): Named {
  const pending: Named = new Map();
  for (const entry of Array.isArray(reply) ? reply : []) {
    if (Array.isArray(entry)) pending.set(String(entry[0]), framed([latin1(entry[1]), String(entry[3])]));
  }
  return pending;
}

/** As value-elements.ts frames bytes. */
function framed(texts: readonly string[]): string {
  return texts.map((text) => `${text.length}:${text} `).join("");
}

/** What a stream counts besides its entries, since 7.0: as canonical values have it, they belong to its last ID. */
const COUNTERS = ["entries-added", "max-deleted-entry-id"];

/** The last ID of each side; with the counters where both sides have them. */
function lastIds(here: Map<string, Reply>, there: Map<string, Reply>): [Named, Named] {
  const counters = COUNTERS.filter((name) => here.has(name) && there.has(name));
  const named = (facts: Map<string, Reply>): Named => {
    const texts = ["last-generated-id", ...counters].map((name) => latin1(facts.get(name)));
    return new Map([["", framed(texts)]]);
  };
  return [named(here), named(there)];
}

async function groupsOf(pair: ValuePair, side: "source" | "destination"): Promise<Named> {
  const db = side === "source" ? pair.sourceDb : pair.db;
  const reply = await pair[side].connection.one(db, "XINFO", "GROUPS", pair.key);
  const groups: Named = new Map();
  for (const group of Array.isArray(reply) ? reply : []) {
    const facts = factsOf(group);
    groups.set(latin1(facts.get("name")), latin1(facts.get("last-delivered-id")));
  }
  return groups;
}

function named(reply: Reply, group: string): Named {
  const names: Named = new Map();
  for (const one of Array.isArray(reply) ? reply : [])
    names.set(`${group} ${latin1(factsOf(one).get("name"))}`, "");
  return names;
}

function factsOf(reply: Reply): Map<string, Reply> {
  const facts = new Map<string, Reply>();
  if (!Array.isArray(reply)) return facts;
  for (let at = 0; at + 1 < reply.length; at += 2) facts.set(String(reply[at]), reply[at + 1]!);
  return facts;
}

function latin1(reply: Reply | undefined): string {
  return reply instanceof Buffer ? reply.toString("latin1") : String(reply);
}

function parts(id: string): [bigint, bigint] {
  const [ms = "0", sequence = "0"] = id.split("-");
  return [BigInt(ms), BigInt(sequence)];
}

function byId(one: string, other: string): number {
  const [[a, b], [c, d]] = [parts(one), parts(other)];
  return a === c ? Number(b > d) - Number(b < d) : Number(a > c) - Number(a < c);
}

/** The next ID; exclusive ranges came with 6.2 only. */
function after(id: string): string {
  const [ms, sequence] = parts(id);
  return sequence === 2n ** 64n - 1n ? `${ms + 1n}-0` : `${ms}-${sequence + 1n}`;
}
