import { FingerprintSet } from "../merge/fingerprint-set.ts";
import { KeyFingerprint } from "../merge/key-fingerprint.ts";
import { KeyOwnership } from "../merge/key-ownership.ts";
import { destinationDb, sourceDbs } from "../sync/spec/database-map.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Checkpoints } from "./checkpoints.ts";
import { countKeys } from "./count-keys.ts";
import { Findings } from "./findings.ts";
import { FormerNote } from "./former-note.ts";
import { KnownInMemory, type KnownKeys, KnownOnDisk } from "./known-keys.ts";
import type { Side } from "./look.ts";
import { Neighbors } from "./neighbors.ts";
import { Pace, type PaceLimits } from "./pace.ts";
import { backwardPass, type DbPair, forwardPass, type PassOptions } from "./passes.ts";
import type { RepairKey } from "./repair-outcome.ts";
import { Settler, type Suspect } from "./settle.ts";
import { openDestinationSide, openShardSide } from "./sides.ts";
import { clockOf, notesOf, number, outcomeOf, sentenceOf, type Verdict } from "./verdict.ts";
import { VerifiedRange } from "./verified-range.ts";
import { defaultLimits, type VerifyLimits, type VerifySpec } from "./verify-spec.ts";

export type VerifyProgress = {
  readonly phase: "connecting" | "counts" | "forward" | "backward" | "settling" | "done";
  /** Keys that have been scanned on the shards and on the destination, of how many about. */
  readonly done: number;
  readonly total: number;
  readonly compared: number;
  /** Received from all servers. */
  readonly bytes: number;
  readonly differences: number;
  /** Keys that wait to be looked at again. */
  readonly suspects: number;
  /** ms since the epoch. */
  readonly startedAt: number;
};

export type VerifyOptions = {
  readonly limits?: Partial<VerifyLimits>;
  /** What may be read in a second; may be changed while it runs. */
  readonly pace?: PaceLimits;
  readonly now?: () => number;
  readonly signal: AbortSignal;
};

/** Suspects that are gathered before they are looked at again. */
const GATHERED = 2000;
/** Keys that are known to have been suspects, 16 bytes each or more; past that one may be settled, and count, twice. */
const MOST_SUSPECTED = 1_000_000;
/** Bytes of values that are held at a time for first looks, whatever the number of shards. */
const HELD_BYTES = 16 * 1024 * 1024;

/**
 * Answers whether the destination is the sum of the shards by the task's merge policy. It goes there (every key of the
 * shards is looked at on both sides) and back (keys of the destination that were not met on the way); what is not
 * equal at the first look is settled by further ones. All that it sends are commands that read.
 */
export class Verification {
  readonly pace: Pace;
  readonly #spec: VerifySpec;
  readonly #limits: VerifyLimits;
  readonly #now: () => number;
  readonly #signal: AbortSignal;
  readonly #ownership: KeyOwnership | null;
  readonly #range: VerifiedRange;
  readonly #findings: Findings;
  readonly #neighbors: Neighbors;
  readonly #sides: Side[] = [];
  readonly #fingerprint = new KeyFingerprint();
  readonly #suspected = new FingerprintSet();
  #suspects: Suspect[] = [];
  #settler: Settler | null = null;
  #settling: Promise<void> = Promise.resolve();
  #phase: VerifyProgress["phase"] = "connecting";
  #done = 0;
  #total = 0;
  #compared = 0;
  #destinationKeys = 0;
  #startedAt: number;

  constructor(spec: VerifySpec, options: VerifyOptions) {
    this.#spec = spec;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#now = options.now ?? Date.now;
    this.#signal = options.signal;
    const unlimited = { keysPerSecond: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY };
    this.pace = new Pace(options.pace ?? unlimited, this.#now, this.#signal);
    this.#ownership = KeyOwnership.of(spec.merge);
    this.#range = new VerifiedRange(spec.range, this.#ownership);
    this.#findings = new Findings(this.#limits.listed);
    this.#neighbors = new Neighbors(spec, this.#signal);
    this.#startedAt = this.#now();
  }

  get progress(): VerifyProgress {
    return {
      phase: this.#phase,
      done: this.#done,
      total: this.#total,
      compared: this.#compared,
      bytes: this.#sides.reduce((sum, { connection }) => sum + connection.received, 0),
      differences: this.#findings.differences,
      suspects: this.#suspects.length,
      startedAt: this.#startedAt,
    };
  }

  /** The keys that differ, up to some hundred thousand: a repair takes them. */
  get named(): readonly RepairKey[] {
    return this.#findings.named;
  }

  /**
   * To be called once. @throws TributaryError where a server cannot be reached or does not permit what is needed; the
   * signal's reason when it is aborted.
   */
  async run(): Promise<Verdict> {
    this.#startedAt = this.#now();
    try {
      return await this.#verify();
    } finally {
      this.#close();
    }
  }

  #close(): void {
    for (const { connection } of this.#sides) connection.close();
  }

  async #verify(): Promise<Verdict> {
    const { shards: verified, taskId, checkpointDb } = this.#spec;
    const shards = await Promise.all(verified.map((_, index) => this.#openShard(index)));
    const destination = await this.#openDestination();
    const dbs = await this.#databases([...shards, destination]);
    await this.#neighbors.read(
      destination,
      dbs.map(({ db }) => db),
    );
    const shardIds = verified.map(({ shardId }) => shardId);
    const checkpoints = new Checkpoints(
      destination,
      checkpointDb,
      { taskId, shardIds },
      this.#limits.patienceMs,
    );
    if (this.#spec.depth === "counts") return await this.#counts({ shards, destination, checkpoints, dbs });
    this.#settler = new Settler({
      spec: this.#spec,
      limits: this.#limits,
      shards,
      destination,
      ownership: this.#ownership,
      checkpoints,
      hasNeighbors: (db) => this.#neighbors.writeInto(destination, db),
      former: await FormerNote.read(destination, this.#spec),
      now: this.#now,
      signal: this.#signal,
    });
    const expected = await this.#expected(shards, dbs);
    const known = await this.#knownKeys(expected);
    try {
      const options = this.#passOptions(shards, known);
      this.#destinationKeys = await keysOf(
        destination,
        dbs.map(({ db }) => db),
      );
      this.#total = expected + (this.#range.tellsExtra ? this.#destinationKeys : 0);
      this.#phase = "forward";
      await this.#forward(dbs, options);
      if (this.#range.tellsExtra) {
        this.#phase = "backward";
        await this.#backward(dbs, destination, options);
      }
      this.#phase = "settling";
      await this.#settle();
    } finally {
      await known.close();
    }
    return this.#verdict();
  }

  async #openShard(index: number): Promise<Side> {
    return this.#opened(
      await openShardSide(this.#spec.shards[index]!, {
        replicas: this.#spec.replicas ?? false,
        now: this.#now,
        signal: this.#signal,
      }),
    );
  }

  async #openDestination(): Promise<Side> {
    return this.#opened(await openDestinationSide(this.#spec.destination, this.#signal));
  }

  #opened(side: Side): Side {
    this.#sides.push(side);
    return side;
  }

  /** The databases with keys on any of the servers, as the task maps them. */
  async #databases(sides: readonly Side[]): Promise<DbPair[]> {
    const { databases } = this.#spec;
    if (databases.kind === "pairs")
      return databases.pairs.map(({ source, destination }) => ({ sourceDb: source, db: destination }));
    const used = new Set<number>();
    for (const { connection } of sides) for (const { db } of (await connection.info()).keyspace) used.add(db);
    return [...used].sort((a, b) => a - b).map((db) => ({ sourceDb: db, db: destinationDb(databases, db)! }));
  }

  async #expected(shards: readonly Side[], dbs: readonly DbPair[]): Promise<number> {
    const wanted = shards.filter((_, index) => this.#range.hasShard(index));
    const sourceDbs = dbs.map(({ sourceDb }) => sourceDb);
    const counts = await Promise.all(wanted.map((side) => keysOf(side, sourceDbs)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #knownKeys(expected: number): Promise<KnownKeys> {
    const { directory, destination, range } = this.#spec;
    // Of a sample, or a prefix, only what is looked at is known; how much a prefix takes is not known beforehand.
    if ((expected * range.sample) / 100 <= this.#limits.keysInMemory) return new KnownInMemory();
    return await KnownOnDisk.begin(directory, destination, this.#now);
  }

  #passOptions(shards: readonly Side[], known: KnownKeys): PassOptions {
    const { depth, range } = this.#spec;
    return {
      depth,
      pieceBytes: this.#limits.pieceBytes,
      signal: this.#signal,
      take: (keys, bytes) => this.pace.take(keys, bytes),
      held: new ByteBudget(HELD_BYTES),
      shards,
      ownership: this.#ownership,
      range: this.#range,
      prefix: range.prefix,
      known,
      findings: this.#findings,
      suspect: (suspects) => this.#suspect(suspects),
      counted: (keys, rightful) => {
        this.#done += keys;
        this.#compared += rightful;
      },
    };
  }

  async #forward(dbs: readonly DbPair[], options: PassOptions): Promise<void> {
    const passes = options.shards.map(async (_, shard) => {
      if (!this.#range.hasShard(shard)) return;
      await forwardPass(shard, dbs, await this.#openDestination(), options);
    });
    let first: { readonly error: unknown } | null = null;
    const failed = (error: unknown) => {
      first ??= { error };
      // The others have nothing left to go on for.
      this.#close();
    };
    // What failed first is thrown, and only once nothing of the others runs any more.
    await Promise.all(passes.map((pass) => pass.catch(failed)));
    if (first !== null) throw (first as { readonly error: unknown }).error;
  }

  async #backward(dbs: readonly DbPair[], destination: Side, options: PassOptions): Promise<void> {
    const { databases, range } = this.#spec;
    const found = options.known.others(
      destination,
      dbs.map(({ db }) => db),
      range.prefix,
      this.#signal,
    );
    const sourceDbOf = (db: number) => sourceDbs(databases, db)[0] ?? null;
    for await (const page of found) {
      await backwardPass(page, sourceDbOf, destination, options);
    }
  }

  async #suspect(suspects: readonly Suspect[]): Promise<void> {
    if (this.#suspected.size > MOST_SUSPECTED) this.#suspected.clear();
    for (const suspect of suspects) {
      // SCAN may give a key twice, and several shards may hold it: it is settled once.
      const { db, key } = suspect;
      this.#fingerprint.compute(db, key, 0, key.length);
      if (this.#suspected.add(this.#fingerprint.high, this.#fingerprint.low)) this.#suspects.push(suspect);
    }
    if (this.#suspects.length >= GATHERED) await this.#settle();
  }

  /** One at a time: those that come meanwhile wait for their turn. */
  async #settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      if (this.#suspects.length === 0) return;
      const suspects = this.#suspects.splice(0);
      for (const finding of await this.#settler!.settle(suspects)) this.#findings.add(finding);
    });
    await this.#settling;
  }

  async #counts(options: {
    readonly shards: readonly Side[];
    readonly destination: Side;
    readonly checkpoints: Checkpoints;
    readonly dbs: readonly DbPair[];
  }): Promise<Verdict> {
    this.#phase = "counts";
    const { agree, sources, destination, expires, behind } = await countKeys({
      ...options,
      spec: this.#spec,
      rounds: this.#limits.rounds,
      signal: this.#signal,
    });
    this.#compared = sources;
    this.#destinationKeys = destination;
    const apart = Math.abs(sources - destination);
    const neighbors = this.#neighbors.overlapping;
    const notes = [
      behind ? "The destination has not applied all that the shards have written." : null,
      neighbors.length > 0 ? "Other tasks write to the destination: their keys are counted, too." : null,
      apart <= expires
        ? `${number(expires)} keys have an expiry, and those that have expired are counted until they are deleted.`
        : null,
      this.#ownership === null ? null : "Copies of keys on shards that do not own them are counted, too.",
    ].filter((note) => note !== null);
    const explained = behind || neighbors.length > 0 || apart <= expires || this.#ownership !== null;
    const outcome = agree ? "equal" : explained ? "unknown" : "different";
    const finishedAt = this.#now();
    const verb = { equal: "the numbers agree", unknown: "could not tell", different: "they differ" }[outcome];
    return {
      ...this.#verdict(),
      outcome,
      sentence: `${number(sources)} keys on the shards, ${number(destination)} on the destination: ${verb} as of ${clockOf(finishedAt)}`,
      notes: agree ? [] : notes,
      differences: outcome === "different" ? apart : 0,
    };
  }

  #verdict(): Verdict {
    this.#phase = "done";
    const { depth, range, shards } = this.#spec;
    const told = {
      depth,
      range,
      startedAt: this.#startedAt,
      finishedAt: this.#now(),
      compared: this.#compared,
      destinationKeys: this.#destinationKeys,
      differences: this.#findings.differences,
      counts: this.#findings.counts,
      neighbors: this.#neighbors.overlapping,
    };
    return {
      ...told,
      outcome: outcomeOf(told),
      sentence: sentenceOf(told),
      notes: notesOf(told),
      shards: shards.map(({ shardId, shardName }, index) => ({
        shardId,
        shardName,
        counts: this.#findings.countsOf(index),
      })),
      unowned: this.#findings.countsOf(null),
      listed: this.#findings.listed,
    };
  }
}

async function keysOf({ connection }: Side, dbs: readonly number[]): Promise<number> {
  let keys = 0;
  for (const db of dbs) keys += Number(await connection.must(db, "DBSIZE"));
  return keys;
}
