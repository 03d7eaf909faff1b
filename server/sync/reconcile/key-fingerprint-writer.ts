import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KeyFingerprint, PARTITIONS } from "../../merge/key-fingerprint.ts";
import { pause } from "../retry/pause.ts";
import {
  FingerprintTable,
  ID_FILE,
  partitionFile,
  setDirectory,
  unfinishedDirectory,
} from "./key-fingerprint-set.ts";
import { type Blocked, GiveUp } from "./reconcile-patience.ts";

/** Words of 32 bits gathered for each partition; 32 KiB, which makes 2 MiB for all: a write costs more than its bytes. */
const WORDS = 8192;
/** Buffers that may wait for the disk before the parser has to. */
const MOST_WAITING = PARTITIONS / 2;
/** So often at least what was noted goes to the disk: a sibling sees by it that the initial sync goes on. */
const SHOW_MS = 5000;
/** Fingerprints that are held in memory too, 8 bytes each: so many need no disk. */
const MOST_HELD = 1_000_000;
/** ms between two attempts at a disk that takes nothing. */
const AGAIN_MS = 1000;

type Piece = {
  readonly partition: number;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly length: number;
};

type PartitionFile = { readonly handle: FileHandle; written: number };

/**
 * Notes the fingerprint of every key that an RDB holds, in files of the shard sync's spool directory, for its own
 * reconcile and for those of its siblings. The set comes into sight, under its final name, only when it is whole. A
 * disk that takes nothing is tried again until it does; as long as the keys are few enough to be held in memory nobody
 * but a sibling waits for it.
 */
export class KeyFingerprintWriter {
  readonly #spoolDirectory: string;
  readonly #now: () => number;
  readonly #blocked: Blocked;
  readonly #mostHeld: number;
  readonly #fingerprint = new KeyFingerprint();
  readonly #files = new Map<number, PartitionFile>();
  readonly #words: Uint32Array<ArrayBuffer>[] = [];
  readonly #lengths = new Int32Array(PARTITIONS);
  readonly #free: Uint32Array<ArrayBuffer>[] = [];
  readonly #over = new AbortController();
  /** All that was handed over, while it is few. */
  #held: Piece[] | null = [];
  #waiting: Piece[] = [];
  #writing: Promise<void> | null = null;
  #failure: unknown = null;
  #shownAt: number;
  #publishing: Promise<void> | null = null;
  #sharing: Promise<void> | null = null;
  /** Keys noted. */
  count = 0;
  /** The user does not want to wait for the disk: there will be no set. */
  givenUp = false;

  private constructor(spoolDirectory: string, now: () => number, blocked: Blocked, mostHeld: number) {
    this.#spoolDirectory = spoolDirectory;
    this.#now = now;
    this.#blocked = blocked;
    this.#mostHeld = mostHeld;
    this.#shownAt = now();
    for (let partition = 0; partition < PARTITIONS; partition++) this.#words.push(new Uint32Array(WORDS));
  }

  /**
   * Removes the set before and begins another: to be called before the new initial sync writes its first key,
   * so that a sibling which sees a set knows that no later initial sync has written yet.
   * @param blocked told while keys cannot be noted.
   * @throws what the disk says when the set before cannot be taken away.
   */
  static async begin(
    spoolDirectory: string,
    now: () => number,
    blocked: Blocked,
    mostHeld = MOST_HELD,
  ): Promise<KeyFingerprintWriter> {
    const writer = new KeyFingerprintWriter(spoolDirectory, now, blocked, mostHeld);
    const [set, unfinished] = [setDirectory(spoolDirectory), unfinishedDirectory(spoolDirectory)];
    await rm(unfinished, { recursive: true, force: true });
    // At once and whole: a sibling must not read a set that is half gone.
    await rename(set, unfinished).catch(ignoreAbsent);
    await rm(unfinished, { recursive: true, force: true });
    return writer;
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
    this.count++;
    if (length + 2 === WORDS) this.#hand(partition);
  }

  /** What to wait for before more is added; undefined where there is room. */
  room(): Promise<void> | undefined {
    const now = this.#now();
    if (now - this.#shownAt > SHOW_MS) {
      this.#shownAt = now;
      this.#handAll();
    }
    if (this.givenUp || this.#held !== null || this.#waiting.length < MOST_WAITING) return undefined;
    return this.#failure === null ? (this.#writing ?? undefined) : this.#untilRoom();
  }

  /**
   * The RDB is whole. Resolves when the set is where the own reconcile finds it, in memory or on disk, or when it was
   * given up.
   * @param share gives a set that is held in memory to the siblings, where the disk does not take it.
   */
  async finish(share: (fingerprints: Buffer) => Promise<void>): Promise<void> {
    this.#handAll();
    if (this.givenUp) return;
    this.#publishing = this.#publish();
    if (this.#held === null) await this.#untilPublished();
    else this.#sharing = this.#shareWhileFailing(share);
  }

  /** The whole set, where it is held in memory; null where it is on disk only. */
  table(): FingerprintTable | null {
    const words = this.#heldWords();
    return words === null ? null : new FingerprintTable(words);
  }

  #heldWords(): Int32Array | null {
    if (this.#held === null) return null;
    const words = new Int32Array(2 * this.count);
    let at = 0;
    for (const piece of this.#held) {
      words.set(piece.words.subarray(0, piece.length), at);
      at += piece.length;
    }
    return words;
  }

  async #shareWhileFailing(share: (fingerprints: Buffer) => Promise<void>): Promise<void> {
    const { signal } = this.#over;
    let published = false;
    void this.#publishing?.then(() => {
      published = true;
    });
    while (!published && !signal.aborted) {
      const words = this.#failure === null ? null : this.#heldWords();
      if (words !== null) {
        // A destination that does not take it ends the session, and is told by the link.
        await share(Buffer.from(words.buffer)).catch(() => {});
        return;
      }
      await pause(20, signal);
    }
  }

  /** Nothing more is noted, and what is not on disk yet never will be. */
  async close(): Promise<void> {
    this.#over.abort();
    this.#waiting = [];
    await this.#writing;
    await this.#publishing;
    await this.#sharing;
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.all(files.map(({ handle }) => handle.close()));
    this.#held = null;
  }

  #handAll(): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      if (this.#lengths[partition]! > 0) this.#hand(partition);
    }
  }

  #hand(partition: number): void {
    const length = this.#lengths[partition]!;
    this.#lengths[partition] = 0;
    if (this.givenUp) return;
    const words = this.#words[partition]!;
    const whole = length === WORDS;
    const piece = { partition, words: whole ? words : words.slice(0, length), length };
    if (whole) this.#words[partition] = this.#free.pop() ?? new Uint32Array(WORDS);
    this.#waiting.push(piece);
    if (this.count > this.#mostHeld) this.#held = null;
    this.#held?.push(piece);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    const { signal } = this.#over;
    try {
      for (let next = this.#waiting[0]; next !== undefined && !signal.aborted; next = this.#waiting[0]) {
        try {
          await this.#append(next);
          this.#failure = null;
        } catch (error) {
          this.#failure = error;
          await pause(AGAIN_MS, signal);
          continue;
        }
        this.#waiting.shift();
        if (this.#held === null && next.length === WORDS) this.#free.push(next.words);
      }
    } finally {
      this.#writing = null;
    }
  }

  /** Behind what is known to be there: an attempt before may have written a part. */
  async #append({ partition, words, length }: Piece): Promise<void> {
    let file = this.#files.get(partition);
    if (file === undefined) {
      const directory = unfinishedDirectory(this.#spoolDirectory);
      await mkdir(directory, { recursive: true });
      file = { handle: await open(partitionFile(directory, partition), "w", 0o600), written: 0 };
      this.#files.set(partition, file);
    }
    const bytes = Buffer.from(words.buffer, 0, length * 4);
    for (let at = 0; at < bytes.length; ) {
      const position = file.written + at;
      const { bytesWritten } = await file.handle.write(bytes, at, bytes.length - at, position);
      at += bytesWritten;
    }
    file.written += bytes.length;
  }

  async #publish(): Promise<void> {
    const { signal } = this.#over;
    const unfinished = unfinishedDirectory(this.#spoolDirectory);
    while (!signal.aborted) {
      await this.#writing;
      if (signal.aborted) return;
      try {
        await mkdir(unfinished, { recursive: true });
        await writeFile(join(unfinished, ID_FILE), randomBytes(12).toString("hex"));
        await rename(unfinished, setDirectory(this.#spoolDirectory));
        this.#failure = null;
        return;
      } catch (error) {
        this.#failure = error;
        await pause(AGAIN_MS, signal);
      }
    }
  }

  async #untilRoom(): Promise<void> {
    await this.#whileFailing(() => this.#waiting.length < MOST_WAITING);
  }

  async #untilPublished(): Promise<void> {
    let published = false;
    void this.#publishing?.then(() => {
      published = true;
    });
    await this.#whileFailing(() => published);
  }

  /** Says so while the disk takes nothing. */
  async #whileFailing(done: () => boolean): Promise<void> {
    const { signal } = this.#over;
    let said = false;
    while (!done() && !signal.aborted) {
      if (this.#failure !== null) {
        said = true;
        this.#reportFailure(this.#failure);
      }
      await pause(said ? 100 : 5, signal);
    }
    if (said) this.#blocked.over();
  }

  #reportFailure(failure: unknown): void {
    const detail = failure instanceof Error ? failure.message : String(failure);
    try {
      this.#blocked.by(`the keys of its RDB cannot be noted on disk: ${detail}`);
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      this.givenUp = true;
      this.#waiting = [];
      this.#over.abort();
    }
  }
}

function ignoreAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
