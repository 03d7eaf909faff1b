import { writeCrc64 } from "../../server/redis/crc64.ts";

/** Bytes of an RDB, written by hand from the format's definition, for what the installed server cannot write. */

export type Text = string | Uint8Array;

export function bytesOf(text: Text): Buffer {
  return typeof text === "string" ? Buffer.from(text, "latin1") : Buffer.from(text);
}

export function length(value: number | bigint): Buffer {
  if (typeof value === "number" && value < 64) return Buffer.from([value]);
  if (typeof value === "number" && value < 16_384) return Buffer.from([0x40 | (value >> 8), value & 255]);
  if (typeof value === "number" && value < 2 ** 32) {
    const short = Buffer.alloc(5, 0x80);
    short.writeUInt32BE(value, 1);
    return short;
  }
  const long = Buffer.alloc(9, 0x81);
  long.writeBigUInt64BE(BigInt(value), 1);
  return long;
}

export function string(text: Text): Buffer {
  const bytes = bytesOf(text);
  return Buffer.concat([length(bytes.length), bytes]);
}

export function strings(...texts: Text[]): Buffer {
  return Buffer.concat(texts.map(string));
}

/** A module's ID: nine characters of 6 bits and the version of its encoding. */
export function moduleId(name: string, version: number): Buffer {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let id = 0n;
  for (const character of name) id = (id << 6n) | BigInt(alphabet.indexOf(character));
  return length((id << 10n) | BigInt(version));
}

/** A string whose bytes are LZF instructions. */
export function lzfString(compressed: Uint8Array, decompressed: number): Buffer {
  return Buffer.concat([Buffer.from([0xc3]), length(compressed.length), length(decompressed), compressed]);
}

export function int64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

export function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

export function streamId(ms: bigint | number, sequence: bigint | number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms));
  bytes.writeBigUInt64BE(BigInt(sequence), 8);
  return bytes;
}

/** Compresses as LZF does, with copies of up to 264 bytes found by their first three bytes. */
export function lzfCompress(input: Uint8Array): Buffer {
  const output: number[] = [];
  const seen = new Map<number, number>();
  let literal: number[] = [];
  const flush = () => {
    if (literal.length > 0) output.push(literal.length - 1, ...literal);
    literal = [];
  };
  let at = 0;
  while (at < input.length) {
    const mark = at + 2 < input.length ? (input[at]! << 16) | (input[at + 1]! << 8) | input[at + 2]! : -1;
    const before = seen.get(mark);
    if (mark >= 0) seen.set(mark, at);
    if (mark < 0 || before === undefined || at - before > 8192) {
      literal.push(input[at++]!);
      if (literal.length === 32) flush();
      continue;
    }
    let size = 3;
    while (size < 264 && at + size < input.length && input[before + size] === input[at + size]) size++;
    flush();
    const back = at - before - 1;
    if (size < 9) output.push(((size - 2) << 5) | (back >> 8), back & 255);
    else output.push(0xe0 | (back >> 8), size - 9, back & 255);
    at += size;
  }
  flush();
  return Buffer.from(output);
}

/** A listpack; numbers are stored as integers in the smallest form. */
export function listpack(elements: readonly (Text | number | bigint)[]): Buffer {
  const parts = elements.map((element) => {
    const body =
      typeof element === "number" || typeof element === "bigint"
        ? packInteger(BigInt(element))
        : packText(bytesOf(element));
    return Buffer.concat([body, backLength(body.length)]);
  });
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(6);
  header.writeUInt32LE(6 + body.length + 1);
  header.writeUInt16LE(Math.min(elements.length, 65_535), 4);
  return Buffer.concat([header, body, Buffer.from([0xff])]);
}

function packInteger(value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(value, 1);
  if (value >= 0n && value <= 127n) return Buffer.from([Number(value)]);
  if (value >= -4096n && value <= 4095n) {
    const bits = Number(value) & 0x1fff;
    return Buffer.from([0xc0 | (bits >> 8), bits & 255]);
  }
  const sizes = [2, 3, 4, 8];
  const index = sizes.findIndex(
    (size) => value >= -(2n ** BigInt(size * 8 - 1)) && value < 2n ** BigInt(size * 8 - 1),
  );
  bytes[0] = 0xf1 + index;
  return bytes.subarray(0, 1 + sizes[index]!);
}

function packText(text: Buffer): Buffer {
  if (text.length < 64) return Buffer.concat([Buffer.from([0x80 | text.length]), text]);
  if (text.length < 4096)
    return Buffer.concat([Buffer.from([0xe0 | (text.length >> 8), text.length & 255]), text]);
  const header = Buffer.alloc(5, 0xf0);
  header.writeUInt32LE(text.length, 1);
  return Buffer.concat([header, text]);
}

function backLength(size: number): Buffer {
  if (size <= 127) return Buffer.from([size]);
  const count = size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5;
  const bytes = Buffer.alloc(count);
  for (let index = 0; index < count; index++) {
    bytes[index] = Math.floor(size / 128 ** (count - 1 - index)) & 127;
    if (index > 0) bytes[index]! |= 128;
  }
  return bytes;
}

/** A ziplist; numbers are stored as integers in the smallest form. */
export function ziplist(elements: readonly (Text | number | bigint)[]): Buffer {
  const parts: Buffer[] = [];
  let before = 0;
  for (const element of elements) {
    const body =
      typeof element === "number" || typeof element === "bigint"
        ? zipInteger(BigInt(element))
        : zipText(bytesOf(element));
    const header = before < 254 ? Buffer.from([before]) : Buffer.alloc(5, 254);
    if (before >= 254) header.writeUInt32LE(before, 1);
    const part = Buffer.concat([header, body]);
    before = part.length;
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(10);
  header.writeUInt32LE(10 + body.length + 1);
  header.writeUInt32LE(10 + body.length - before, 4);
  header.writeUInt16LE(Math.min(elements.length, 65_535), 8);
  return Buffer.concat([header, body, Buffer.from([0xff])]);
}

function zipInteger(value: bigint): Buffer {
  if (value >= 0n && value <= 12n) return Buffer.from([0xf1 + Number(value)]);
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(value, 1);
  const forms = [
    [0xfe, 1],
    [0xc0, 2],
    [0xf0, 3],
    [0xd0, 4],
    [0xe0, 8],
  ] as const;
  const [kind, size] = forms.find(([, size]) => {
    const half = 2n ** BigInt(size * 8 - 1);
    return value >= -half && value < half;
  })!;
  bytes[0] = kind;
  return bytes.subarray(0, 1 + size);
}

function zipText(text: Buffer): Buffer {
  if (text.length < 64) return Buffer.concat([Buffer.from([text.length]), text]);
  if (text.length < 16_384)
    return Buffer.concat([Buffer.from([0x40 | (text.length >> 8), text.length & 255]), text]);
  const header = Buffer.alloc(5, 0x80);
  header.writeUInt32BE(text.length, 1);
  return Buffer.concat([header, text]);
}

export function intset(size: 2 | 4 | 8, values: readonly (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(8 + values.length * size);
  bytes.writeUInt32LE(size);
  bytes.writeUInt32LE(values.length, 4);
  values.forEach((value, index) => {
    const whole = int64(value);
    whole.copy(bytes, 8 + index * size, 0, size);
  });
  return bytes;
}

/** A zipmap; each value is followed by `unused` bytes. */
export function zipmap(pairs: readonly (readonly [Text, Text])[], unused = 0): Buffer {
  const size = (bytes: Buffer) => {
    if (bytes.length < 254) return Buffer.from([bytes.length]);
    const long = Buffer.alloc(5, 254);
    long.writeUInt32LE(bytes.length, 1);
    return long;
  };
  const parts = pairs.flatMap(([field, value]) => {
    const key = bytesOf(field);
    const content = bytesOf(value);
    return [size(key), key, size(content), Buffer.from([unused]), content, Buffer.alloc(unused)];
  });
  return Buffer.concat([Buffer.from([Math.min(pairs.length, 254)]), ...parts, Buffer.from([0xff])]);
}

/** A node of a stream: entries as [ms, sequence, fields and values], all below the master ID given. */
export function streamNode(
  master: readonly [number, number],
  fields: readonly string[],
  entries: readonly {
    readonly id: readonly [number, number];
    readonly pairs: readonly (readonly [string, string])[];
    readonly deleted?: boolean;
  }[],
): Buffer {
  const elements: (Text | number)[] = [
    entries.filter((entry) => !entry.deleted).length,
    entries.filter((entry) => entry.deleted).length,
    fields.length,
    ...fields,
    0,
  ];
  for (const { id, pairs, deleted } of entries) {
    const same = pairs.length === fields.length && pairs.every(([field], index) => field === fields[index]);
    elements.push((deleted ? 1 : 0) | (same ? 2 : 0), id[0] - master[0], id[1] - master[1]);
    if (same) elements.push(...pairs.map(([, value]) => value), pairs.length + 3);
    else elements.push(pairs.length, ...pairs.flat(), pairs.length * 2 + 4);
  }
  return listpack(elements);
}

/** A whole RDB: the magic, what is given, EOF and the checksum. */
export function rdb(parts: readonly Uint8Array[], magic = "REDIS0010", checksum = true): Buffer {
  const body = Buffer.concat([Buffer.from(magic), ...parts, Buffer.from([0xff]), Buffer.alloc(8)]);
  if (checksum) writeCrc64(body, 0, body.length - 8, body.length - 8);
  return body;
}

/** A key with its value. */
export function key(type: number, name: Text, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), string(name), value]);
}

/** What RESTORE takes: type, value, version, checksum. */
export function restorePayload(type: number, value: Uint8Array, version: number): Buffer {
  const payload = Buffer.concat([
    Buffer.from([type & 255]),
    value,
    Buffer.from([version, 0]),
    Buffer.alloc(8),
  ]);
  writeCrc64(payload, 0, payload.length - 8, payload.length - 8);
  return payload;
}
