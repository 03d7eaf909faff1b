import { RdbInput } from "../rdb/rdb-input.ts";
import { TYPE_ARRAY, TYPE_STREAM_LISTPACKS } from "../rdb/rdb-type.ts";
import { writeValueCommands } from "../rdb/rdb-value.ts";
import { typeOfDump } from "../rdb/rdb-version.ts";
import type { CommandWriter } from "../redis/command-writer.ts";

/**
 * One part of a value, in a form that no encoding and no RDB version changes. What has no order on the server (the
 * fields of a hash, the members of a set) comes in any order; the positions of a list are its names.
 */
export type ValueElement = {
  readonly part: ElementPart;
  /** Of a field, a member, an entry; the position in a list; empty for a string. */
  readonly name: Buffer;
  /** Its value, score, expiry or whatever belongs to the name. */
  readonly value: Buffer;
};
export type ElementPart =
  | "string"
  | "position"
  | "member"
  | "score"
  | "field"
  | "field expiry"
  | "entry"
  | "last id"
  | "group"
  | "consumer"
  | "pending entry"
  | "other";

/** Bytes of the version and checksum at the end of what DUMP gives (redis: cluster.c createDumpPayload). */
const FOOTER_BYTES = 10;
/** Larger than any value that is asked for whole, so that nothing of it comes in pieces. */
const WHOLE = 64 * 1024 * 1024;
/**
 * When a consumer was last seen and active is no data: no master tells its replicas (see test/digest, and redis:
 * t_stream.c streamLookupConsumer).
 */
const NO_DATA = /^when a consumer was last seen and active/;
const EMPTY = Buffer.alloc(0);

/** What two payloads that are compared do not both say. */
export type Without = {
  /** Entries added and greatest deleted ID, and consumers with nothing pending: from Redis 7.0 on. */
  readonly streamDetails: boolean;
};

/** The value of a DUMP without its footer, which names the RDB version and sums it up. */
export function payloadBody(payload: Buffer): Buffer {
  return payload.subarray(0, Math.max(0, payload.length - FOOTER_BYTES));
}

/** What is to be left out where one of the two payloads is of a server before 7.0. */
export function withoutFor(...payloads: readonly Buffer[]): Without {
  return { streamDetails: payloads.some((payload) => typeOfDump(payload) === TYPE_STREAM_LISTPACKS) };
}

/**
 * Gives the elements of the value in `payload`, a DUMP, to `take`, one by one.
 * @throws TributaryError RDB_CORRUPT on a value that cannot be decoded: a module's, or of a type that is not known.
 */
export async function valueElements(
  payload: Buffer,
  without: Without,
  take: (element: ValueElement) => void,
): Promise<void> {
  const input = RdbInput.of(payload, 1, payload.length - FOOTER_BYTES, "a DUMP", 1);
  const kind = typeOfDump(payload);
  // Commands cannot say what it holds, so nothing would be left to tell two of them apart.
  if (kind === TYPE_ARRAY) throw input.corrupt("an array cannot be decoded");
  const entry = { key: EMPTY, expireAt: -1 };
  const writer = new ElementWriter(without, take);
  const losses = await writeValueCommands(input, kind, entry, writer, {
    chunkBytes: WHOLE,
    chunkElements: 1024,
  });
  if (input.pos !== input.end) throw input.corrupt("bytes follow the value");
  for (const { text } of losses)
    if (!NO_DATA.test(text)) take({ part: "other", name: Buffer.from(text), value: EMPTY });
}

/** Hears the commands that would build a value, and says what they build. */
class ElementWriter implements CommandWriter {
  readonly #without: Without;
  readonly #take: (element: ValueElement) => void;
  #name = "";
  #args: Buffer[] = [];
  #argc = 0;
  #seen = 0;
  /** Where the next piece goes in the argument that comes in pieces. */
  #at = 0;
  #position = 0;

  constructor(without: Without, take: (element: ValueElement) => void) {
    this.#without = without;
    this.#take = take;
  }

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    this.#argc = argc;
    this.#seen = 0;
    this.#args = [];
  }

  argument(value: Uint8Array | string | number): void {
    const seen = this.#seen++;
    if (seen === 0) this.#name = String(value);
    // The second one is the key, but for XGROUP.
    else this.#args.push(typeof value === "object" ? Buffer.from(value) : Buffer.from(String(value)));
    if (this.#seen === this.#argc) this.#told();
  }

  beginArgument(length: number): void {
    this.#args.push(Buffer.alloc(length));
    this.#at = 0;
    this.#seen++;
    if (length === 0 && this.#seen === this.#argc) this.#told();
  }

  piece(bytes: Uint8Array): void {
    const into = this.#args.at(-1)!;
    into.set(bytes, this.#at);
    this.#at += bytes.length;
    if (this.#at === into.length && this.#seen === this.#argc) this.#told();
  }

  async drain(): Promise<void> {}

  #told(): void {
    const args = this.#args;
    const take = this.#take;
    switch (this.#name) {
      case "SET":
        return take({ part: "string", name: EMPTY, value: args[1]! });
      case "RPUSH":
        for (let at = 1; at < args.length; at++)
          take({ part: "position", name: Buffer.from(String(this.#position++)), value: args[at]! });
        return;
      case "SADD":
        for (let at = 1; at < args.length; at++) take({ part: "member", name: args[at]!, value: EMPTY });
        return;
      case "ZADD":
        for (let at = 1; at + 1 < args.length; at += 2)
          take({ part: "score", name: args[at + 1]!, value: withoutSign(args[at]!) });
        return;
      case "HMSET":
        for (let at = 1; at + 1 < args.length; at += 2)
          take({ part: "field", name: args[at]!, value: args[at + 1]! });
        return;
      case "HPEXPIREAT":
        return take({ part: "field expiry", name: args.at(-1)!, value: args[1]! });
      case "XADD":
        return take({ part: "entry", name: args[1]!, value: framed(args.slice(2)) });
      case "XSETID": {
        const counters = this.#without.streamDetails ? [] : args.slice(2);
        return take({ part: "last id", name: EMPTY, value: framed([args[1]!, ...counters]) });
      }
      case "XGROUP":
        // How many entries it has read is no data: Redis's own replica forgets it (redis: t_stream.c xclaimCommand).
        if (String(args[0]) === "CREATE") take({ part: "group", name: args[2]!, value: args[3]! });
        else if (!this.#without.streamDetails)
          take({ part: "consumer", name: framed(args.slice(2)), value: EMPTY });
        return;
      case "XCLAIM":
        // key group consumer min-idle id TIME ms RETRYCOUNT count FORCE JUSTID
        return take({
          part: "pending entry",
          name: framed([args[1]!, args[4]!]),
          value: framed([args[2]!, ...args.slice(5)]),
        });
      case "DEL":
        return;
      default:
        return take({ part: "other", name: Buffer.from(this.#name), value: framed(args.slice(1)) });
    }
  }
}

/** A small sorted set keeps no -0, a large one does (redis: t_zset.c zzlInsertAt): one value in two encodings. */
function withoutSign(score: Buffer): Buffer {
  return score.length === 2 && score.toString("latin1") === "-0" ? score.subarray(1) : score;
}

/** Several texts as one that can be read, and that tells where each of them ends: as redis-cli shows a list. */
function framed(texts: readonly Buffer[]): Buffer {
  return Buffer.concat(texts.flatMap((text) => [Buffer.from(`${text.length}:`), text, SPACE]));
}

/** What `framed` has made, for the eyes: without lengths, and in quotes where a text has a space in it. */
export function unframed(bytes: Buffer): Buffer {
  const texts: string[] = [];
  for (let rest = bytes.toString("latin1"); rest !== ""; ) {
    const head = /^(\d+):/.exec(rest);
    if (head === null) return bytes;
    const end = head[0].length + Number(head[1]);
    const text = rest.slice(head[0].length, end);
    texts.push(text === "" || text.includes(" ") ? `"${text}"` : text);
    rest = rest.slice(end).replace(/^ /, "");
  }
  return Buffer.from(texts.join(" "), "latin1");
}

const SPACE = Buffer.from(" ");
