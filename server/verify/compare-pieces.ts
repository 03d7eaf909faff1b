import { type ElementDifference, stringDifference } from "./element-differences.ts";
import type { Side } from "./look.ts";
import { Refused, type Reply } from "./reply-reader.ts";
import { compareStreams } from "./stream-pieces.ts";
import type { ElementPart } from "./value-elements.ts";
import { askBoth, listOf, part, type ValuePair } from "./value-pair.ts";

/** Bytes of a string in one piece. */
const STRING_PIECE = 256 * 1024;
/** Elements of a collection in one piece. */
const ELEMENTS = 200;

/**
 * Compares a large value in pieces that hold no server up, in memory that does not depend on its size.
 * @param type of both sides.
 * @returns what differs, up to `most` parts; null for a type that cannot be compared so. While the value changes, what
 * is said may be of several moments.
 */
export async function comparePieces(
  pair: ValuePair,
  type: string,
  most: number,
): Promise<ElementDifference[] | null> {
  switch (type) {
    case "string":
      return await compareStrings(pair);
    case "list":
      return await compareLists(pair, most);
    case "hash":
      return await compareKeyed(pair, hash, most);
    case "set":
      return await compareKeyed(pair, set, most);
    case "zset":
      return await compareKeyed(pair, sortedSet, most);
    case "stream":
      return await compareStreams(pair, most);
    default:
      return null;
  }
}

async function compareStrings(pair: ValuePair): Promise<ElementDifference[]> {
  const [here, there] = await askBoth(pair, "STRLEN");
  const longest = Math.max(Number(here), Number(there));
  for (let at = 0; at < longest; at += STRING_PIECE) {
    pair.signal.throwIfAborted();
    const [one, other] = await askBoth(pair, "GETRANGE", String(at), String(at + STRING_PIECE - 1));
    if (!(one instanceof Buffer && other instanceof Buffer)) break;
    if (!one.equals(other)) return [stringDifference(one, other, at)];
  }
  return [];
}

async function compareLists(pair: ValuePair, most: number): Promise<ElementDifference[]> {
  const found: ElementDifference[] = [];
  for (let first = 0; found.length < most; first += ELEMENTS) {
    pair.signal.throwIfAborted();
    const [here, there] = await askBoth(pair, "LRANGE", String(first), String(first + ELEMENTS - 1));
    const [one, other] = [listOf(here), listOf(there)];
    for (let at = 0; at < Math.max(one.length, other.length) && found.length < most; at++) {
      const [source, destination] = [one[at] ?? null, other[at] ?? null];
      if (source !== null && destination !== null && source.equals(destination)) continue;
      found.push(part("position", Buffer.from(String(first + at)), source, destination));
    }
    if (one.length < ELEMENTS && other.length < ELEMENTS) break;
  }
  return found;
}

/** How a collection is read whose elements have names. */
type Keyed = {
  readonly part: ElementPart;
  readonly count: string;
  readonly scan: string;
  /** Whether the scan tells a value after each name. */
  readonly pairs: boolean;
  /** Asks for the value of one name. */
  readonly get: string;
  /** The value of a name as it was scanned or asked for; null where the name is not there. */
  readonly value: (reply: Reply | undefined) => Buffer | null;
};

const EMPTY = Buffer.alloc(0);
const hash: Keyed = {
  part: "field",
  count: "HLEN",
  scan: "HSCAN",
  pairs: true,
  get: "HGET",
  value: (reply) => (reply instanceof Buffer ? reply : null),
};
const set: Keyed = {
  part: "member",
  count: "SCARD",
  scan: "SSCAN",
  pairs: false,
  get: "SISMEMBER",
  value: (reply) => (reply === 1 ? EMPTY : null),
};
const sortedSet: Keyed = {
  part: "score",
  count: "ZCARD",
  scan: "ZSCAN",
  pairs: true,
  get: "ZSCORE",
  // Servers print the same double with 17 digits or with the fewest that mean it.
  value: (reply) => (reply instanceof Buffer ? Buffer.from(scoreText(reply.toString())) : null),
};

function scoreText(text: string): string {
  return /inf/i.test(text) ? text : String(Number(text));
}

/** Scans the source and asks the destination for each name; and the other way round where that one has more. */
async function compareKeyed(pair: ValuePair, keyed: Keyed, most: number): Promise<ElementDifference[]> {
  const found: ElementDifference[] = [];
  const turned: ValuePair = {
    ...pair,
    source: pair.destination,
    sourceDb: pair.db,
    destination: pair.source,
    db: pair.sourceDb,
  };
  const missing = await scanAgainst(pair, keyed, most, (name, own, other) => {
    found.push(part(keyed.part, name, own, other));
  });
  if (keyed.part === "field" && found.length < most) await compareFieldExpiries(pair, found, most);
  const [here, there] = await askBoth(pair, keyed.count);
  if (Number(there) > Number(here) - missing && found.length < most)
    await scanAgainst(turned, keyed, most - found.length, (name, own, other) => {
      if (other === null) found.push(part(keyed.part, name, null, own));
    });
  return found;
}

/** @returns how many names the destination of the pair does not have, up to `most` of what differs. */
async function scanAgainst(
  pair: ValuePair,
  { scan, pairs, get, value }: Keyed,
  most: number,
  differs: (name: Buffer, own: Buffer | null, other: Buffer | null) => void,
): Promise<number> {
  const { source, sourceDb, destination, db, key, signal } = pair;
  let left = most;
  let missing = 0;
  for await (const items of scanned(source, sourceDb, key, scan, signal)) {
    const names = pairs ? items.filter((_, index) => index % 2 === 0) : items;
    const answers = await destination.connection.ask(db, (batch) => {
      for (const name of names) batch.command(get, key, name);
    });
    for (const [index, name] of names.entries()) {
      const own = pairs ? value(items[2 * index + 1]) : EMPTY;
      const other = value(answers[index]);
      if (own !== null && other?.equals(own)) continue;
      if (other === null) missing++;
      differs(name, own, other);
      if (--left <= 0) return missing;
    }
  }
  return missing;
}

async function* scanned(
  { connection }: Side,
  db: number,
  key: Buffer,
  scan: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer[]> {
  let cursor = "0";
  do {
    signal.throwIfAborted();
    const reply = await connection.one(db, scan, key, cursor, "COUNT", String(ELEMENTS));
    // WRONGTYPE: it has become another value meanwhile.
    if (reply instanceof Refused || !Array.isArray(reply)) return;
    cursor = String(reply[0]);
    yield listOf(reply[1]);
  } while (cursor !== "0");
}

async function compareFieldExpiries(
  pair: ValuePair,
  found: ElementDifference[],
  most: number,
): Promise<void> {
  const { source, sourceDb, destination, db, key, signal } = pair;
  if (!source.abilities.fieldExpiry && !destination.abilities.fieldExpiry) return;
  for await (const items of scanned(source, sourceDb, key, "HSCAN", signal)) {
    const fields = items.filter((_, index) => index % 2 === 0);
    const [here, there] = await Promise.all([
      expiriesOf(source, sourceDb, key, fields),
      expiriesOf(destination, db, key, fields),
    ]);
    for (const [index, field] of fields.entries()) {
      const [one, other] = [here[index]!, there[index]!];
      // A field that is not there is told already.
      if (one === other || one === -2 || other === -2) continue;
      found.push(part("field expiry", field, Buffer.from(String(one)), Buffer.from(String(other))));
      if (found.length >= most) return;
    }
  }
}

/** ms since the epoch of each, -1 without, -2 for a field that is not there. */
async function expiriesOf(side: Side, db: number, key: Buffer, fields: readonly Buffer[]): Promise<number[]> {
  if (!side.abilities.fieldExpiry || fields.length === 0) return fields.map(() => -1);
  const reply = await side.connection.one(
    db,
    "HPEXPIRETIME",
    key,
    "FIELDS",
    String(fields.length),
    ...fields,
  );
  return Array.isArray(reply) ? reply.map(Number) : fields.map(() => -2);
}
