import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KeyFingerprint, PARTITIONS } from "../../merge/key-fingerprint.ts";
import { ID_FILE, partitionFile, setDirectory, unfinishedDirectory } from "./key-fingerprint-set.ts";

/** Words of 32 bits gathered for each partition; 32 KiB, which makes 2 MiB for all: a write costs more than its bytes. */
const WORDS = 8192;
/** Buffers that may wait for the disk before the parser has to. */
const MOST_WAITING = PARTITIONS / 2;
/** So often at least what was noted goes to the disk: a sibling sees by it that the initial sync goes on. */
const SHOW_MS = 5000;

type Waiting = {
  readonly partition: number;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly length: number;
};

/**
 * Notes the fingerprint of every key that an RDB holds, in files of the shard sync's spool directory. The set
 * comes into sight, under its final name, only when it is whole. Trouble with the disk ends the set, not the
 * initial sync: without the set nothing is removed.
 */
export class KeyFingerprintWriter {
  readonly #spoolDirectory: string;
  readonly #now: () => number;
  readonly #fingerprint = new KeyFingerprint();
  readonly #files: (FileHandle | undefined)[] = new Array(PARTITIONS).fill(undefined);
  readonly #words: Uint32Array<ArrayBuffer>[] = [];
  readonly #lengths = new Int32Array(PARTITIONS);
  readonly #free: Uint32Array<ArrayBuffer>[] = [];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #failure: unknown = null;
  #shownAt: number;

  private constructor(spoolDirectory: string, now: () => number) {
    this.#spoolDirectory = spoolDirectory;
    this.#now = now;
    this.#shownAt = now();
    for (let partition = 0; partition < PARTITIONS; partition++) this.#words.push(new Uint32Array(WORDS));
  }

  /**
   * Removes the set before and begins another: to be called before the new initial sync writes its first key,
   * so that a sibling which sees a set knows that no later initial sync has written yet.
   */
  static async begin(spoolDirectory: string, now: () => number): Promise<KeyFingerprintWriter> {
    const writer = new KeyFingerprintWriter(spoolDirectory, now);
    const [set, unfinished] = [setDirectory(spoolDirectory), unfinishedDirectory(spoolDirectory)];
    await rm(unfinished, { recursive: true, force: true });
    // At once and whole: a sibling must not read a set that is half gone.
    await rename(set, unfinished).catch(ignoreAbsent);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true }).catch((error: unknown) => writer.#fail(error));
    return writer;
  }

  /** Why there will be no set; null while nothing stands against it. */
  get failure(): string | null {
    if (this.#failure === null) return null;
    return this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
  }

  /** @param db of the destination. */
  add(db: number, key: Uint8Array): void {
    const fingerprint = this.#fingerprint;
    fingerprint.compute(db, key, 0, key.length);
    const { partition } = fingerprint;
    const words = this.#words[partition]!;
    const length = this.#lengths[partition]!;
    words[length] = fingerprint.high;
    words[length + 1] = fingerprint.low;
    this.#lengths[partition] = length + 2;
    if (length + 2 === WORDS) this.#hand(partition);
  }

  /** What to wait for before more is added; undefined where there is room. */
  room(): Promise<void> | undefined {
    const now = this.#now();
    if (now - this.#shownAt > SHOW_MS) {
      this.#shownAt = now;
      this.#handAll();
    }
    return this.#waiting.length < MOST_WAITING ? undefined : (this.#writing ?? undefined);
  }

  /** The RDB is whole: so is the set, unless the disk failed. */
  async finish(): Promise<void> {
    this.#handAll();
    await this.#writing;
    await this.#close();
    if (this.#failure !== null) return;
    const unfinished = unfinishedDirectory(this.#spoolDirectory);
    try {
      await writeFile(join(unfinished, ID_FILE), randomBytes(12).toString("hex"));
      await rename(unfinished, setDirectory(this.#spoolDirectory));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The RDB was not applied to its end; what was noted is of no use. */
  async abandon(): Promise<void> {
    this.#waiting = [];
    await this.#writing;
    await this.#close();
  }

  #handAll(): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      if (this.#lengths[partition]! > 0) this.#hand(partition);
    }
  }

  #hand(partition: number): void {
    const length = this.#lengths[partition]!;
    this.#lengths[partition] = 0;
    if (this.#failure !== null) return;
    this.#waiting.push({ partition, words: this.#words[partition]!, length });
    this.#words[partition] = this.#free.pop() ?? new Uint32Array(WORDS);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { partition, words, length } = next;
        const path = partitionFile(unfinishedDirectory(this.#spoolDirectory), partition);
        this.#files[partition] ??= await open(path, "a", 0o600);
        await this.#files[partition].appendFile(Buffer.from(words.buffer, 0, length * 4));
        this.#free.push(words);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = null;
    }
  }

  async #close(): Promise<void> {
    const files = this.#files.splice(0);
    await Promise.all(files.map((file) => file?.close()));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#waiting = [];
  }
}

function ignoreAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
