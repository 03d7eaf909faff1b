import { TributaryError } from "../errors/tributary-error.ts";
import { KeyOwnership } from "../merge/key-ownership.ts";
import { doubtfulKeysKey } from "../sync/checkpoint/own-keys.ts";
import { noteRepairs, repairMember } from "../sync/refresh/note-repairs.ts";
import { pause } from "../sync/retry/pause.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Difference, SideFacts } from "./difference.ts";
import { FormerNote } from "./former-note.ts";
import { looksAt, type Side, sizesOf } from "./look.ts";
import { Neighbors } from "./neighbors.ts";
import { outcomeOf, type RepairedKey, type RepairKey } from "./repair-outcome.ts";
import { factsOf, Settler } from "./settle.ts";
import { openDestinationSide, openShardSide } from "./sides.ts";
import { defaultLimits, type VerifyLimits, type VerifySpec } from "./verify-spec.ts";

export type RepairProgress = {
  readonly phase: "connecting" | "copying" | "verifying" | "done";
  /** Keys that have gone through the phase. */
  readonly done: number;
  readonly total: number;
};

export type RepairOptions = {
  /** With its ranges left aside: the keys are given. */
  readonly spec: VerifySpec;
  readonly limits?: Partial<VerifyLimits>;
  /** Only note the keys: nobody applies the shards' streams now. */
  readonly onlyNote?: boolean;
  /** Keys of the shard have been noted: whoever applies its stream may look at once. */
  readonly onNoted: (shard: number) => void;
  /** What has come of some of the keys; said again where that changes. */
  readonly onKeys: (keys: readonly RepairedKey[]) => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/** Keys that are noted, and looked at, together: a transaction of the refresher takes as many. */
const CHUNK = 500;
/** ms between two looks whether the noted keys have been copied. */
const LOOK_MS = 50;
/** What still differs after being copied again is copied once more: a write of another's may have come between. */
const ROUNDS = 3;

type Chunk = { readonly shard: number; readonly keys: readonly RepairKey[] };

/**
 * Has keys copied again that a verification found to differ. In: those keys. Out: what has come of each.
 *
 * It writes no value itself. It notes the keys on the destination, where the shard sync of their owner finds them and
 * copies them at an exact place of its stream; then it looks at each as a verification does. What it notes is durable,
 * and noting a key twice does no harm: after a crash it is run again with the keys that are left.
 */
export class Repair {
  readonly #options: RepairOptions;
  readonly #limits: VerifyLimits;
  readonly #ownership: KeyOwnership | null;
  readonly #sides: Side[] = [];
  readonly #before = new Map<RepairKey, SideFacts | null>();
  #progress: RepairProgress = { phase: "connecting", done: 0, total: 0 };

  constructor(options: RepairOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#ownership = KeyOwnership.of(options.spec.merge);
  }

  get progress(): RepairProgress {
    return this.#progress;
  }

  /**
   * To be called once. @param known what the destination held of a key before the repair began, where a run that was
   * broken off has seen it. @throws TributaryError where a server cannot be reached; the signal's reason when aborted.
   */
  async run(
    keys: readonly RepairKey[],
    known: ReadonlyMap<RepairKey, SideFacts | null> = new Map(),
  ): Promise<void> {
    try {
      for (const [key, facts] of known) this.#before.set(key, facts);
      await this.#repair(keys);
    } finally {
      for (const { connection } of this.#sides) connection.close();
    }
  }

  async #repair(keys: readonly RepairKey[]): Promise<void> {
    const { spec, onlyNote, onKeys, now, signal } = this.#options;
    const opened = await Promise.all(spec.shards.map((shard) => openShardSide(shard, { now, signal })));
    this.#sides.push(...opened);
    const destination = await openDestinationSide(spec.destination, signal);
    this.#sides.push(destination);
    const former = await FormerNote.read(destination, spec);
    const kept = keys.filter((key) => key.kind === "extra" && former.mayHold(key.db, key.key));
    onKeys(kept.map((key) => ({ key, before: null, after: null, outcome: "kept" })));
    let left = keys.filter((key) => !kept.includes(key));
    const settler = await this.#settler(opened, destination, former);
    for (let round = 1; left.length > 0; round++) {
      await this.#copy(left, destination);
      if (onlyNote) {
        onKeys(
          left.map((key) => ({
            key,
            before: this.#before.get(key) ?? null,
            after: null,
            outcome: "noted",
          })),
        );
        break;
      }
      const again: RepairKey[] = [];
      this.#progress = { phase: "verifying", done: 0, total: left.length };
      for (const chunk of chunksOf(left, CHUNK)) {
        const repaired = await this.#look(chunk, settler, destination);
        onKeys(repaired);
        again.push(...chunk.filter((_, index) => repaired[index]!.outcome === "differs"));
        this.#progress = { ...this.#progress, done: this.#progress.done + chunk.length };
      }
      if (round >= ROUNDS) break;
      left = again;
    }
    this.#progress = { ...this.#progress, phase: "done" };
  }

  async #settler(shards: readonly Side[], destination: Side, former: FormerNote): Promise<Settler> {
    const { spec, now, signal } = this.#options;
    const shardIds = spec.shards.map(({ shardId }) => shardId);
    const task = { taskId: spec.taskId, shardIds };
    const checkpoints = new Checkpoints(destination, spec.checkpointDb, task, this.#limits.patienceMs);
    const neighbors = new Neighbors(spec, signal);
    const { keyspace } = await destination.connection.info();
    await neighbors.read(
      destination,
      keyspace.map(({ db }) => db),
    );
    return new Settler({
      spec: { ...spec, depth: "full" },
      limits: this.#limits,
      shards,
      destination,
      ownership: this.#ownership,
      checkpoints,
      hasNeighbors: (db) => neighbors.writeInto(destination, db),
      former,
      now,
      signal,
    });
  }

  /** Notes the keys, chunk by chunk, and waits until they have been copied. */
  async #copy(keys: readonly RepairKey[], destination: Side): Promise<void> {
    const { onlyNote } = this.#options;
    this.#progress = { phase: "copying", done: 0, total: keys.length };
    for (const chunk of this.#byShard(keys)) {
      await this.#note(chunk, destination);
      if (!onlyNote) await this.#copied(chunk, destination);
      this.#progress = { ...this.#progress, done: this.#progress.done + chunk.keys.length };
    }
  }

  /** A key goes to its owner's shard sync; without a ring to that of a shard which holds it, else to any. */
  #byShard(keys: readonly RepairKey[]): Chunk[] {
    const shards = new Map<number, RepairKey[]>();
    for (const key of keys) {
      const shard = this.#ownership?.ownerOf(key.key) ?? key.shard ?? 0;
      const others = shards.get(shard) ?? [];
      others.push(key);
      shards.set(shard, others);
    }
    return [...shards].flatMap(([shard, all]) =>
      chunksOf(all, CHUNK).map((chunk) => ({ shard, keys: chunk })),
    );
  }

  async #note({ shard, keys }: Chunk, destination: Side): Promise<void> {
    const { spec, onNoted, onKeys } = this.#options;
    const unknown = keys.filter((key) => !this.#before.has(key));
    const facts = await this.#factsOf(unknown, destination);
    for (const [index, key] of unknown.entries()) this.#before.set(key, facts[index]!);
    // Known before it is noted: what it held then is what is to be remembered.
    onKeys(keys.map((key) => ({ key, before: this.#before.get(key)!, after: null, outcome: "noted" })));
    const { shardId, shardName } = spec.shards[shard]!;
    const noted = keys.map(({ sourceDb, key }) => ({ db: sourceDb, key }));
    const made = await destination.connection.must(
      spec.checkpointDb,
      ...noteRepairs(spec.taskId, shardId, noted),
    );
    if (made !== 1) {
      const detail = "it has no checkpoint on the destination, so nobody synchronizes it";
      throw new TributaryError("REPAIR_REFUSED", { task: `Shard ${shardName}`, detail });
    }
    onNoted(shard);
  }

  /** Resolves when none of them is noted any more, or nothing moves. */
  async #copied({ shard, keys }: Chunk, destination: Side): Promise<void> {
    const { spec, signal } = this.#options;
    const set = doubtfulKeysKey(spec.taskId, spec.shards[shard]!.shardId);
    let open = keys;
    let movedAt = performance.now();
    while (open.length > 0 && performance.now() - movedAt < this.#limits.patienceMs) {
      const members = open.map(({ sourceDb, key }) => repairMember({ db: sourceDb, key }));
      const noted = await destination.connection.ask(spec.checkpointDb, (batch) => {
        for (const member of members) batch.command("SISMEMBER", set, member);
      });
      const left = open.filter((_, index) => noted[index] === 1);
      if (left.length < open.length) movedAt = performance.now();
      open = left;
      if (open.length > 0) await pause(LOOK_MS, signal);
    }
  }

  async #look(keys: readonly RepairKey[], settler: Settler, destination: Side): Promise<RepairedKey[]> {
    const found = await settler.settle(
      keys.map(({ db, sourceDb, key }) => ({ db, sourceDb, key, bytes: 0 })),
    );
    const findings = new Map<string, Difference>(found.map((one) => [nameOf(one), one]));
    const after = await this.#factsOf(keys, destination);
    return keys.map((key, index) => {
      const before = this.#before.get(key) ?? null;
      const now = after[index]!;
      return {
        key,
        before,
        after: now,
        outcome: outcomeOf(findings.get(nameOf(key)) ?? null, before, now),
      };
    });
  }

  async #factsOf(keys: readonly RepairKey[], destination: Side): Promise<(SideFacts | null)[]> {
    const facts = new Map<RepairKey, SideFacts | null>();
    for (const db of new Set(keys.map((one) => one.db))) {
      const here = keys.filter((one) => one.db === db);
      const names = here.map(({ key }) => key);
      const sizes = await sizesOf(destination, db, names);
      const looks = await looksAt(destination, db, names, "full", this.#limits.pieceBytes, sizes);
      for (const [index, look] of looks.entries()) facts.set(here[index]!, await factsOf(look));
    }
    return keys.map((key) => facts.get(key) ?? null);
  }
}

function nameOf({ db, key }: Pick<RepairKey, "db" | "key">): string {
  return `${db}:${key.toString("latin1")}`;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size));
  return chunks;
}
