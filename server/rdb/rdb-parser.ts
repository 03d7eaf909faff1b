import type { ExpiryTime } from "../redis/expiry-time.ts";
import { namingKey } from "./broken-value.ts";
import { copyOf } from "./copy-of.ts";
import { HashTemplates, templateAt } from "./hash-template.ts";
import { type RdbByteSource, RdbInput } from "./rdb-input.ts";
import { stringAt, text } from "./rdb-key.ts";
import { countAt, RdbBroken, read, skipLengths } from "./rdb-length.ts";
import { moduleName, moduleType, passModule } from "./rdb-module.ts";
import * as opcode from "./rdb-opcode.ts";
import { keyMetaAt, moduleAuxAt, preReleaseFunctionAt, slotImportAt } from "./rdb-section.ts";
import { skipValue } from "./rdb-skip.ts";
import { RdbString } from "./rdb-string.ts";
import { millisecondsAt } from "./rdb-time.ts";
import {
  TYPE_HASH_2_VALKEY,
  TYPE_HASH_TMPL_ARRAY_REF,
  TYPE_HASH_TMPL_LP_REF,
  TYPE_MODULE_2,
} from "./rdb-type.ts";
import { discard, writeValueCommands } from "./rdb-value.ts";
import type { RdbDestination } from "./rdb-version.ts";
import type { RdbEntry, RdbVisitor } from "./rdb-visitor.ts";

export type RdbParseOptions = {
  /** A value that does not end within this many bytes goes to `visitor.largeValue`; 1 MiB unless said. */
  readonly largeValueBytes?: number;
  /** Whose RDB it is, for messages: "shard alpha-1". */
  readonly role: string;
  /** Whether the RDB's checksum is verified; it is unless said. */
  readonly verifyChecksum?: boolean;
  /** What the commands of a large value may use; all of Redis 8 unless said. */
  readonly destination?: RdbDestination;
  readonly signal?: AbortSignal;
};

const MIB = 1_048_576;
/** Strings that are read whole: keys, texts of AUX, libraries of functions. Redis itself holds them to 512 MB. */
const LONGEST_TEXT = 16 * MIB;
/** Sections of modules and templates, which are read whole, too. */
const LONGEST_SECTION = 32 * MIB;

/** Bytes between two calls of `visitor.progress`. */
const STRETCH = 262_144;

const DONE = 0;

/**
 * Reads an RDB from `source` and tells `visitor` what is in it, in file order. A value that is whole in the
 * window goes to `visitor.value` as a slice, unread; memory stays within a few times `largeValueBytes`.
 * @returns the RDB's length in bytes, its checksum included, and its version.
 * @throws TributaryError RDB_CORRUPT with the offset; what the source or the visitor throws; the signal's reason.
 */
export async function parseRdb(
  source: RdbByteSource,
  visitor: RdbVisitor,
  options: RdbParseOptions,
): Promise<{ bytes: number; version: number }> {
  return new RdbParser(source, visitor, options).run();
}

class RdbParser {
  readonly #input: RdbInput;
  readonly #visitor: RdbVisitor;
  readonly #largeValueBytes: number;
  readonly #options: RdbParseOptions;
  /** The one entry that all calls share. */
  readonly #entry: RdbEntry = {
    db: 0,
    key: new Uint8Array(0),
    type: 0,
    expireAt: -1,
    idle: -1,
    freq: -1,
    offset: -1,
  };
  readonly #templates = new HashTemplates();
  #valkey = false;
  #version = 0;
  readonly #lose = (text: string) => this.#visitor.loss?.(null, { code: "NOT_EXPRESSIBLE", text });
  /** Set by a step that has met a value which is not whole in the window and must not be waited for. */
  #large = false;
  /** Of a key whose name is too long to be held, the type of its value; -1 for none. */
  #passedType = -1;
  #ended = false;

  constructor(source: RdbByteSource, visitor: RdbVisitor, options: RdbParseOptions) {
    this.#input = new RdbInput(source, options.role, options.verifyChecksum !== false);
    this.#visitor = visitor;
    this.#largeValueBytes = options.largeValueBytes ?? MIB;
    this.#options = options;
  }

  async run(): Promise<{ bytes: number; version: number }> {
    const input = this.#input;
    await this.#header();
    while (!this.#ended) {
      this.#options.signal?.throwIfAborted();
      const want = this.#steps();
      const waiting = this.#visitor.progress(input.position);
      if (waiting !== undefined) await waiting;
      if (this.#large) await this.#largeValue();
      else if (want !== DONE) await this.#fill(want);
    }
    await this.#checksum();
    return { bytes: input.position, version: this.#version };
  }

  /** Brings at least `want` bytes, and twice what is here, so that reading a value again and again costs no more than reading it twice. */
  async #fill(want: number): Promise<void> {
    const input = this.#input;
    const here = input.end - input.pos;
    await input.fill(want);
    const twice = Math.min(here * 2, here + this.#largeValueBytes);
    while (input.end - input.pos < twice && (await input.more()));
  }

  /** Takes as many whole opcodes and keys as there are. Returns how many bytes the next one needs, or DONE. */
  #steps(): number {
    const input = this.#input;
    const next = input.try((buffer, from, end) => {
      let at = from;
      while (!this.#ended && !this.#large && at - from < STRETCH) {
        const after = this.#step(buffer, at, end);
        if (after < 0) return after;
        at = after;
        input.pos = at;
      }
      return at;
    });
    return next < 0 ? -next - input.pos : DONE;
  }

  #step(buffer: Uint8Array, at: number, end: number): number {
    if (at >= end) return -(at + 1);
    const byte = buffer[at]!;
    return byte < opcode.OPCODE_HASH_TEMPLATE
      ? this.#key(byte, buffer, at + 1, end)
      : this.#opcode(byte, buffer, at + 1, end);
  }

  #key(byte: number, buffer: Uint8Array, at: number, end: number): number {
    const entry = this.#entry;
    const start = stringAt(buffer, at, end);
    const type = this.#valkey && byte === (TYPE_HASH_2_VALKEY & 0xff) ? TYPE_HASH_2_VALKEY : byte;
    if (start < 0 && -start - at > LONGEST_TEXT) {
      this.#passedType = type;
      this.#large = true;
      return at;
    }
    if (start < 0) return start;
    // A hash with a template has its field names elsewhere in the RDB, so it can only go as commands.
    const templated = type === TYPE_HASH_TMPL_LP_REF || type === TYPE_HASH_TMPL_ARRAY_REF;
    const stop = templated ? start : this.#skip(type, buffer, start, end);
    const large = templated || Math.abs(stop) - start > this.#largeValueBytes;
    if (stop < 0 && !large) return stop;
    entry.type = type;
    entry.offset = this.#input.position - this.#input.pos + start;
    if (large) {
      // The key must outlive the window: large values are rare enough for a copy.
      entry.key = copyOf(text.bytes, text.start, text.end);
      this.#large = true;
      return start;
    }
    entry.key = text.bytes.subarray(text.start, text.end);
    if (type !== TYPE_MODULE_2) this.#visitor.value(entry, buffer, start, stop);
    else this.#module(entry, buffer, start, stop);
    this.#forget();
    return stop;
  }

  #skip(type: number, buffer: Uint8Array, start: number, end: number): number {
    try {
      return skipValue(type, buffer, start, end);
    } catch (error) {
      throw namingKey(error, text.bytes.subarray(text.start, text.end));
    }
  }

  #module(entry: RdbEntry, buffer: Uint8Array, start: number, stop: number): void {
    const type = moduleType(buffer, start, stop);
    if (this.#visitor.moduleValue?.(entry, type, buffer, start, stop) === true) return;
    this.#visitor.unsupported(entry, moduleName(buffer, start, stop));
  }

  #opcode(byte: number, buffer: Uint8Array, at: number, end: number): number {
    const entry = this.#entry;
    switch (byte) {
      case opcode.OPCODE_EXPIRETIME_MS:
        if (at + 8 > end) return -(at + 8);
        entry.expireAt = expiryOf(millisecondsAt(buffer, at));
        return at + 8;
      case opcode.OPCODE_EXPIRETIME:
        if (at + 4 > end) return -(at + 4);
        entry.expireAt = expiryOf(
          new DataView(buffer.buffer, buffer.byteOffset + at, 4).getInt32(0, true) * 1000,
        );
        return at + 4;
      case opcode.OPCODE_FREQ:
        if (at + 1 > end) return -(at + 1);
        entry.freq = buffer[at]!;
        return at + 1;
      case opcode.OPCODE_IDLE: {
        const next = countAt(buffer, at, end);
        if (next >= 0) entry.idle = read.length;
        return next;
      }
      case opcode.OPCODE_SELECTDB: {
        const next = countAt(buffer, at, end);
        if (next >= 0) entry.db = read.length;
        return next;
      }
      case opcode.OPCODE_RESIZEDB: {
        let next = countAt(buffer, at, end);
        if (next < 0) return next;
        const keys = read.length;
        next = countAt(buffer, next, end);
        if (next >= 0) this.#visitor.resizeDb(entry.db, keys, read.length);
        return next;
      }
      case opcode.OPCODE_AUX:
        return this.#aux(buffer, at, end);
      case opcode.OPCODE_FUNCTION2: {
        const next = stringAt(buffer, at, end);
        if (next < 0) return this.#bounded(at, next, LONGEST_TEXT);
        this.#visitor.functionLibrary(Buffer.from(text.bytes.subarray(text.start, text.end)));
        return next;
      }
      case opcode.OPCODE_FUNCTION_PRE_GA:
        return this.#bounded(at, preReleaseFunctionAt(buffer, at, end, this.#lose));
      case opcode.OPCODE_MODULE_AUX:
        return this.#bounded(at, moduleAuxAt(buffer, at, end, this.#lose));
      case opcode.OPCODE_HASH_TEMPLATE: {
        const next = templateAt(buffer, at, end, this.#templates);
        return next < 0 ? this.#bounded(at, next) : next;
      }
      case opcode.OPCODE_SLOT_INFO:
        return skipLengths(buffer, at, end, 3);
      case opcode.OPCODE_SLOT_IMPORT_OR_KEY_META:
        return this.#valkey
          ? slotImportAt(buffer, at, end)
          : this.#bounded(at, keyMetaAt(buffer, at, end, this.#lose));
      default:
        // The only one left is the EOF, 255.
        this.#ended = true;
        return at;
    }
  }

  #aux(buffer: Uint8Array, at: number, end: number): number {
    let next = stringAt(buffer, at, end);
    if (next < 0) return this.#bounded(at, next, LONGEST_TEXT);
    const name = Buffer.from(text.bytes.subarray(text.start, text.end)).toString();
    next = stringAt(buffer, next, end);
    if (next < 0) return this.#bounded(at, next, LONGEST_TEXT);
    this.#visitor.aux(name, Buffer.from(text.bytes.subarray(text.start, text.end)));
    return next;
  }

  async #largeValue(): Promise<void> {
    const input = this.#input;
    const entry = this.#entry;
    this.#large = false;
    try {
      await this.#passLarge(input, entry);
    } catch (error) {
      throw namingKey(error, entry.key);
    }
    this.#forget();
  }

  async #passLarge(input: RdbInput, entry: RdbEntry): Promise<void> {
    if (this.#passedType >= 0) await this.#passLongKey(this.#passedType);
    else if (entry.type === TYPE_MODULE_2) {
      this.#visitor.unsupported(entry, await passModule(input));
    } else {
      let called = false;
      await this.#visitor.largeValue(entry, async (out) => {
        called = true;
        const losses = await writeValueCommands(input, entry.type, entry, out, {
          destination: this.#options.destination,
          signal: this.#options.signal,
          templates: this.#templates,
        });
        for (const what of losses) this.#visitor.loss?.(entry, what);
      });
      if (!called) {
        await writeValueCommands(input, entry.type, entry, discard, {
          templates: this.#templates,
          signal: this.#options.signal,
        });
      }
    }
  }

  /** A name that would take the memory of all other shards is not held: its key is told of, and left out. */
  async #passLongKey(type: number): Promise<void> {
    const input = this.#input;
    this.#passedType = -1;
    await new RdbString().pass(input);
    if (type === TYPE_MODULE_2) await passModule(input);
    else {
      const nameless = { ...this.#entry, key: new Uint8Array(0), type };
      const context = { templates: this.#templates, signal: this.#options.signal };
      await writeValueCommands(input, type, nameless, discard, context);
    }
    this.#lose(`a key whose name is longer than ${LONGEST_TEXT / MIB} MiB`);
  }

  #forget(): void {
    const entry = this.#entry;
    entry.expireAt = -1;
    entry.idle = -1;
    entry.freq = -1;
  }

  /** What must be in memory whole is not as long as the RDB could state. */
  #bounded(at: number, next: number, longest = LONGEST_SECTION): number {
    if (-next - at > longest + MIB)
      throw new RdbBroken(at, `a text or section is longer than ${longest / MIB} MiB`);
    return next;
  }

  /** "REDIS" and four digits, or from Valkey 9 "VALKEY" and three. */
  async #header(): Promise<void> {
    const input = this.#input;
    await input.fill(9);
    const magic = Buffer.from(input.buffer.subarray(input.pos, input.pos + 9)).toString("latin1");
    const match = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/.exec(magic);
    const version = Number(match?.[1] ?? match?.[2]);
    if (match === null || version < 1) throw input.corrupt("it does not begin with REDIS and a version");
    this.#valkey = match[2] !== undefined;
    this.#version = version;
    input.pos += 9;
    this.#visitor.header(this.#valkey ? "VALKEY" : "REDIS", version);
  }

  /** Eight bytes from version 5 on; zero where the server has rdbchecksum off. */
  async #checksum(): Promise<void> {
    if (this.#version < 5) return;
    const input = this.#input;
    if (input.end - input.pos < 8) await input.fill(8);
    const none = input.buffer.subarray(input.pos, input.pos + 8).every((byte) => byte === 0);
    if (!none && !input.checksumMatches()) throw input.corrupt("the checksum does not match");
    input.pos += 8;
  }
}

/** An expiry as entries have it: -1 is none, and 0, which RESTORE takes for none, is as long past as 1. */
function expiryOf(time: ExpiryTime): ExpiryTime {
  return time !== -1 && time < 1 ? 1 : time;
}
