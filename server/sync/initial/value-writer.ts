import { DUMP_FOOTER, putDumpFooter } from "../../rdb/dump-footer.ts";
import type { RdbEntry } from "../../rdb/rdb-visitor.ts";
import { addMs, type ExpiryTime } from "../../redis/expiry-time.ts";
import {
  decimalDigits,
  HEAD_BYTES,
  putBulk,
  putBytes,
  putCrlf,
  putHead,
  putInteger,
} from "../../redis/resp-encoder.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { DestinationLink } from "../destination/destination-link.ts";

const RDB_TYPE_STRING = 0;
const DOLLAR = 36;
const ASTERISK = 42;
/**
 * Writes one key, whose value is still encoded as in the RDB, as a command: plain strings as SET, which costs
 * the destination less, everything else as RESTORE with the value's bytes as they are.
 */
export class ValueWriter {
  readonly #abilities: DestinationAbilities;
  readonly #now: () => number;

  constructor(abilities: DestinationAbilities, now: () => number) {
    this.#abilities = abilities;
    this.#now = now;
  }

  /** @returns false when the destination does not know this encoding: it must be decoded. */
  write(link: DestinationLink, entry: RdbEntry, bytes: Uint8Array, start: number, end: number): boolean {
    if (entry.type === RDB_TYPE_STRING) {
      const from = plainString(bytes, start, end);
      if (from >= 0) {
        this.#set(link, entry, bytes, from, end);
        return true;
      }
    }
    const version = this.#abilities.restoreVersion(entry.type);
    if (version === null) return false;
    this.#restore(link, entry, bytes, start, end, version);
    return true;
  }

  #set(link: DestinationLink, entry: RdbEntry, bytes: Uint8Array, start: number, end: number): void {
    const { key, expireAt } = entry;
    const inSet = expireAt >= 0 && this.#abilities.setPxat;
    const slab = link.reserve(key.length + end - start + 160);
    const into = slab.bytes;
    let at = putBytes(into, slab.length, inSet ? SET_PXAT : SET, 0, inSet ? SET_PXAT.length : SET.length);
    at = putBulk(into, at, key, 0, key.length);
    at = putBulk(into, at, bytes, start, end);
    let commands = 1;
    if (inSet) {
      at = putBytes(into, at, PXAT, 0, PXAT.length);
      // SET refuses 0 ("invalid expire time").
      at = putNumber(into, at, expireAt < 1 ? 1 : expireAt);
    } else if (expireAt >= 0) {
      commands = 2;
      at = putBytes(into, at, PEXPIREAT, 0, PEXPIREAT.length);
      at = putBulk(into, at, key, 0, key.length);
      at = putNumber(into, at, expireAt);
    }
    slab.length = at;
    link.commit(slab, commands);
  }

  #restore(
    link: DestinationLink,
    entry: RdbEntry,
    bytes: Uint8Array,
    start: number,
    end: number,
    version: number,
  ): void {
    const { key, expireAt } = entry;
    const { restoreAbsTtl, restoreReplace } = this.#abilities;
    const idle = restoreAbsTtl && entry.idle >= 0;
    const freq = restoreAbsTtl && !idle && entry.freq >= 0;
    const absolute = restoreAbsTtl && expireAt >= 0;
    const argc = 4 + (restoreReplace ? 1 : 0) + (absolute ? 1 : 0) + (idle || freq ? 2 : 0);
    const payload = 1 + end - start + DUMP_FOOTER;
    const slab = link.reserve(2 * key.length + payload + 10 * HEAD_BYTES + 128);
    const into = slab.bytes;
    let at = slab.length;
    let commands = 1;
    if (!restoreReplace) {
      at = putBytes(into, at, DEL, 0, DEL.length);
      at = putBulk(into, at, key, 0, key.length);
      commands = 2;
    }
    at = putHead(into, at, ASTERISK, argc);
    at = putBytes(into, at, RESTORE, 0, RESTORE.length);
    at = putBulk(into, at, key, 0, key.length);
    at = putNumber(into, at, this.#ttl(expireAt, absolute));
    at = putHead(into, at, DOLLAR, payload);
    const from = at;
    into[at++] = entry.type;
    at = putBytes(into, at, bytes, start, end);
    at = putDumpFooter(into, from, at, version);
    at = putCrlf(into, at);
    if (restoreReplace) at = putBytes(into, at, REPLACE, 0, REPLACE.length);
    if (absolute) at = putBytes(into, at, ABSTTL, 0, ABSTTL.length);
    if (idle || freq) {
      at = putBytes(into, at, idle ? IDLETIME : FREQ, 0, idle ? IDLETIME.length : FREQ.length);
      at = putNumber(into, at, idle ? entry.idle : entry.freq);
    }
    slab.length = at;
    link.commit(slab, commands);
  }

  /** RESTORE's ttl: 0 is without expiry; before 5.0 it can be relative only, and 1 ms stands for the past. */
  #ttl(expireAt: ExpiryTime, absolute: boolean): ExpiryTime {
    if (expireAt < 0) return 0;
    const ttl = absolute ? expireAt : addMs(expireAt, -this.#now());
    return ttl < 1 ? 1 : ttl;
  }
}

function putNumber(into: Uint8Array, at: number, number: ExpiryTime): number {
  if (typeof number === "bigint") {
    const text = Buffer.from(String(number));
    return putBulk(into, at, text, 0, text.length);
  }
  return putCrlf(into, putInteger(into, putHead(into, at, DOLLAR, decimalDigits(number)), number));
}

/** Where the bytes of an RDB string begin that is neither compressed nor an integer; -1 for those. */
function plainString(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]!;
  const from =
    first < 64
      ? start + 1
      : first < 128
        ? start + 2
        : first === 0x80
          ? start + 5
          : first === 0x81
            ? start + 9
            : -1;
  return from <= end ? from : -1;
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const SET = Buffer.from(`*3\r\n${bulk("SET")}`);
const SET_PXAT = Buffer.from(`*5\r\n${bulk("SET")}`);
const PXAT = Buffer.from(bulk("PXAT"));
const PEXPIREAT = Buffer.from(`*3\r\n${bulk("PEXPIREAT")}`);
const DEL = Buffer.from(`*2\r\n${bulk("DEL")}`);
const RESTORE = Buffer.from(bulk("RESTORE"));
const REPLACE = Buffer.from(bulk("REPLACE"));
const ABSTTL = Buffer.from(bulk("ABSTTL"));
const IDLETIME = Buffer.from(bulk("IDLETIME"));
const FREQ = Buffer.from(bulk("FREQ"));
