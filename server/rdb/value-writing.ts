import type { CommandWriter } from "../redis/command-writer.ts";
import { breath } from "./breath.ts";
import type { HashTemplates } from "./hash-template.ts";
import type { RdbInput } from "./rdb-input.ts";
import { RdbString } from "./rdb-string.ts";
import type { RdbCapabilities } from "./rdb-version.ts";

/** A listpack, ziplist or the like is decoded in memory whole, up to this many bytes. */
const LARGEST_BLOB = 33_554_432;

/** Something of a value that cannot be expressed: `code` is short and stable, `text` is for the log. */
export type ValueLoss = {
  readonly code: "FIELD_TTL_LOST" | "NOT_EXPRESSIBLE" | "PAST_LIMIT";
  readonly text: string;
};

export const FIELD_EXPIRY_LOSS = "the expiry of a hash field, which the destination does not have";

export type ValueWritingContext = {
  readonly input: RdbInput;
  readonly out: CommandWriter;
  readonly key: Uint8Array;
  readonly chunkElements: number;
  readonly chunkBytes: number;
  readonly capabilities: RdbCapabilities;
  readonly signal: AbortSignal | undefined;
  readonly templates: HashTemplates | undefined;
};

/** The decoding of one value into commands: what each type's file works with. */
export class ValueWriting {
  readonly input: RdbInput;
  readonly out: CommandWriter;
  readonly key: Uint8Array;
  readonly chunkElements: number;
  readonly chunkBytes: number;
  readonly capabilities: RdbCapabilities;
  readonly templates: HashTemplates | undefined;
  /** The string that is being read. */
  readonly string = new RdbString();
  readonly #signal: AbortSignal | undefined;
  readonly #losses = new Map<string, number>();

  constructor(context: ValueWritingContext) {
    this.input = context.input;
    this.out = context.out;
    this.key = context.key;
    this.chunkElements = context.chunkElements;
    this.chunkBytes = context.chunkBytes;
    this.capabilities = context.capabilities;
    this.templates = context.templates;
    this.#signal = context.signal;
  }

  /** Waits for room at the destination; to be awaited about once per command or 64 KB. */
  async drain(): Promise<void> {
    this.#signal?.throwIfAborted();
    const waiting = breath();
    if (waiting !== undefined) await waiting;
    await this.out.drain();
  }

  /** Notes what cannot be expressed; the same text is counted. */
  lose(what: string, count = 1): void {
    if (count > 0) this.#losses.set(what, (this.#losses.get(what) ?? 0) + count);
  }

  /** What was noted, as texts for the log. */
  get losses(): readonly ValueLoss[] {
    return [...this.#losses].map(([what, count]) => ({
      code: what === FIELD_EXPIRY_LOSS ? "FIELD_TTL_LOST" : "NOT_EXPRESSIBLE",
      text: count === 1 ? what : `${what} (${count} times)`,
    }));
  }

  /**
   * Reads a string that must be in memory whole. One above 32 MiB is passed and noted as a loss.
   * @returns the bytes, valid until the input is read again, and where they began in the RDB; null when too large.
   */
  async blob(what: string): Promise<{ bytes: Uint8Array; offset: number } | null> {
    const { string, input } = this;
    const offset = input.position;
    await string.read(input, LARGEST_BLOB);
    if (string.streamed >= 0) {
      this.lose(`${what} of ${string.streamed} bytes, which is too large to be decoded`);
      await string.drop(input);
      return null;
    }
    return { bytes: string.bytes.subarray(string.start, string.end), offset };
  }
}
