import type { RdbByteSource } from "../../server/rdb/rdb-input.ts";
import type { RdbEntry, RdbVisitor } from "../../server/rdb/rdb-visitor.ts";
import type { ValueLoss } from "../../server/rdb/value-writing.ts";
import type { CommandWriter } from "../../server/redis/command-writer.ts";
import type { SeededRandom } from "../traffic/seeded-random.ts";
import { RecordingWriter } from "./recording-writer.ts";

export type Collected = RdbEntry & {
  /** The value as the RDB holds it; null when it came as commands. */
  readonly raw: Buffer | null;
  readonly commands: readonly Buffer[][] | null;
};

/** Keeps copies of everything that a parser tells. */
export class CollectingVisitor implements RdbVisitor {
  readonly entries: Collected[] = [];
  readonly facts: string[] = [];
  readonly losses: string[] = [];
  readonly functions: string[] = [];
  /** The longest stretch without a call of progress. */
  longestStretch = 0;
  #position = 0;

  header(magic: string, version: number): void {
    this.facts.push(`${magic} ${version}`);
  }

  aux(name: string, value: Buffer): void {
    this.facts.push(`${name}=${value.toString("latin1")}`);
  }

  resizeDb(db: number, keys: number, expires: number): void {
    this.facts.push(`db${db} ${keys} ${expires}`);
  }

  functionLibrary(code: Buffer): void {
    this.functions.push(code.toString());
  }

  value(entry: RdbEntry, bytes: Uint8Array, start: number, end: number): void {
    this.#keep(entry, Buffer.from(bytes.slice(start, end)), null);
  }

  async largeValue(entry: RdbEntry, writeCommands: (out: CommandWriter) => Promise<void>): Promise<void> {
    const out = new RecordingWriter();
    await writeCommands(out);
    this.#keep(entry, null, out.commands);
  }

  unsupported(entry: RdbEntry, what: string): void {
    this.losses.push(`${Buffer.from(entry.key).toString()}: ${what}`);
  }

  loss(entry: RdbEntry | null, what: ValueLoss): void {
    this.losses.push(`${entry === null ? "" : Buffer.from(entry.key).toString()}: ${what.text}`);
  }

  progress(position: number): undefined {
    this.longestStretch = Math.max(this.longestStretch, position - this.#position);
    this.#position = position;
  }

  #keep(entry: RdbEntry, raw: Buffer | null, commands: readonly Buffer[][] | null): void {
    this.entries.push({ ...entry, key: Buffer.from(entry.key), raw, commands });
  }
}

/** Bytes in chunks of `size()`, each in a buffer that is overwritten by the next read. */
export function sourceOf(bytes: Uint8Array, size: () => number): RdbByteSource {
  let at = 0;
  let chunk = new Uint8Array(0);
  return {
    async read() {
      chunk.fill(0xee);
      if (at === bytes.length) return null;
      chunk = Uint8Array.prototype.slice.call(bytes, at, at + size());
      at += chunk.length;
      return chunk;
    },
  };
}

/** Sizes from 1 byte to 70 KB, small ones as likely as large ones. */
export function randomSizes(random: SeededRandom): () => number {
  return () => 1 + random.int(2 ** random.int(17));
}
