import type { KeyOwnership } from "../merge/key-ownership.ts";
import { type Rightful, rightfulValue } from "../merge/rightful-value.ts";
import { pause } from "../sync/retry/pause.ts";
import { canonicalDigest } from "./canonical-digest.ts";
import type { Checkpoints, SourcePlace } from "./checkpoints.ts";
import { placeOf } from "./checkpoints.ts";
import { compareLooks, unchanged } from "./compare-looks.ts";
import { comparePieces } from "./compare-pieces.ts";
import type { Difference, SideFacts } from "./difference.ts";
import { isDoubtful, isLeftOut } from "./doubtful-now.ts";
import { type ElementDifference, elementDifferences } from "./element-differences.ts";
import { expiryAgreement } from "./expiry-agreement.ts";
import type { FormerNote } from "./former-note.ts";
import { type Look, looksAt, type Side, sizesOf } from "./look.ts";
import { valueBeginning } from "./value-beginning.ts";
import type { VerifyLimits, VerifySpec } from "./verify-spec.ts";

/** A key that a first look has not found equal. */
export type Suspect = {
  readonly db: number;
  readonly sourceDb: number;
  readonly key: Buffer;
  /** Of the larger side, as far as it is known. */
  readonly bytes: number;
};

export type SettleOptions = {
  readonly spec: VerifySpec;
  readonly limits: VerifyLimits;
  /** By their index. */
  readonly shards: readonly Side[];
  readonly destination: Side;
  readonly ownership: KeyOwnership | null;
  readonly checkpoints: Checkpoints;
  /** Another task writes into this database of the destination. */
  readonly hasNeighbors: (db: number) => Promise<boolean>;
  /** What lay on the destination before the task began. */
  readonly former: Pick<FormerNote, "holds">;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/** Keys, and bytes of their values, that are looked at together. */
const CHUNK_KEYS = 500;
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Looks in a row that have to say the same. */
const AGREEING = 2;
/** ms between two rounds: so much for each round that has been. */
const PAUSE_MS = 50;
const MOST_PAUSE_MS = 1000;
/** Parts that are looked at again, and that are kept. */
const MOST_PARTS = 64;
const SHOWN_PARTS = 5;

type Open = {
  readonly suspect: Suspect;
  streak: number;
  /** What it waited for at the last look. */
  waits: "shaded" | "doubtful" | "unsettled" | null;
  /** Parts that differed at the last look, of a value that is compared in pieces. */
  parts: ReadonlyMap<string, ElementDifference> | null;
};

type Held = ReadonlyMap<number, Look>;

type Outcome =
  | { readonly kind: "equal"; readonly finding: Difference | null }
  | { readonly kind: "changed" }
  | { readonly kind: "waits"; readonly for: "shaded" | "doubtful" | "unsettled" }
  | { readonly kind: "differs"; readonly finding: () => Promise<Difference> };

/**
 * Looks again at keys that a first look found other than they should be, until each of them is equal, or differs
 * in a way that the lag cannot explain. In: suspects. Out: findings.
 *
 * One look asks the sources, then waits until the destination has applied all that they had written by then, asks the
 * destination, and asks the sources again. Where these have not changed in between, the destination must have had
 * their value. Two such looks in a row make a difference.
 */
export class Settler {
  readonly #options: SettleOptions;
  #doubtfulInVain = false;
  /** Differences of which the beginning of the values was read; no more are kept of all than are listed. */
  #begun = 0;

  constructor(options: SettleOptions) {
    this.#options = options;
  }

  async settle(suspects: readonly Suspect[]): Promise<Difference[]> {
    const { limits, signal } = this.#options;
    const findings: Difference[] = [];
    let open: Open[] = suspects.map((suspect) => ({ suspect, streak: 0, waits: null, parts: null }));
    const began = performance.now();
    for (let round = 1; open.length > 0; round++) {
      if (round > limits.rounds) {
        // What is about to be copied again is waited for, unless that was in vain before; and what has differed once
        // is looked at once more.
        const [patient, others] = parted(
          open,
          ({ waits, streak }) => streak > 0 || (waits === "doubtful" && !this.#doubtfulInVain),
        );
        for (const one of others) findings.push(this.#finding(one.suspect, one.waits ?? "busy"));
        open = patient;
        this.#doubtfulInVain ||= performance.now() - began > limits.patienceMs;
        if (open.length === 0) break;
      }
      if (round > 1) await pause(Math.min(MOST_PAUSE_MS, PAUSE_MS * (round - 1)), signal);
      const next: Open[] = [];
      for (const chunk of this.#chunks(open)) {
        signal.throwIfAborted();
        const outcomes = await this.#look(chunk);
        for (const [index, one] of chunk.entries()) {
          const finding = await this.#conclude(one, outcomes[index]!);
          if (finding === undefined) next.push(one);
          else if (finding !== null) findings.push(finding);
        }
      }
      open = next;
    }
    return findings;
  }

  /** @returns undefined where it has to be looked at again. */
  async #conclude(one: Open, outcome: Outcome): Promise<Difference | null | undefined> {
    if (outcome.kind === "equal") return outcome.finding;
    one.waits = outcome.kind === "waits" ? outcome.for : null;
    one.streak = outcome.kind === "differs" ? one.streak + 1 : 0;
    if (outcome.kind === "differs" && one.streak >= AGREEING) return await outcome.finding();
    return undefined;
  }

  *#chunks(open: readonly Open[]): Generator<Open[]> {
    let chunk: Open[] = [];
    let bytes = 0;
    for (const one of open) {
      // What is compared in pieces is not held.
      const size = one.suspect.bytes < this.#options.limits.pieceBytes ? one.suspect.bytes : 0;
      if (chunk.length === CHUNK_KEYS || (chunk.length > 0 && bytes + size > CHUNK_BYTES)) {
        yield chunk;
        chunk = [];
        bytes = 0;
      }
      chunk.push(one);
      bytes += size;
    }
    if (chunk.length > 0) yield chunk;
  }

  async #look(chunk: readonly Open[]): Promise<Outcome[]> {
    const { checkpoints, destination, shards, signal } = this.#options;
    const suspects = chunk.map(({ suspect }) => suspect);
    const asked = suspects.map(() => new Set<number>());
    const before = await this.#holders(suspects, asked);
    const places = await this.#places(new Set(asked.flatMap((shards) => [...shards])));
    const behind = await checkpoints.passed(places, signal);
    // What is noted by now is copied at some time, and no longer noted then: the destination is asked after that.
    const noted = await Promise.all(
      chunk.map(async ({ streak, suspect }) => streak > 0 && (await isDoubtful(this.#options, suspect))),
    );
    const there = new Map<number, Look>();
    await this.#ask(
      destination,
      suspects,
      [...suspects.keys()],
      ({ db }) => db,
      (index, look) => there.set(index, look),
    );
    for (const shard of await checkpoints.followed(shards, places.keys(), signal)) behind.add(shard);
    const after = await this.#holders(suspects, asked);
    const outcomes: Outcome[] = [];
    for (const [index, one] of chunk.entries()) {
      const late = [...asked[index]!].some((shard) => behind.has(shard));
      const outcome = await this.#judge(one, before[index]!, there.get(index) ?? null, after[index]!, late);
      const waits = outcome.kind === "differs" && noted[index] === true;
      outcomes.push(waits ? { kind: "waits", for: "doubtful" } : outcome);
    }
    return outcomes;
  }

  /** What the shards have of each key that may be the rightful value. @param asked takes the shards that were asked. */
  async #holders(suspects: readonly Suspect[], asked: readonly Set<number>[]): Promise<Held[]> {
    const { ownership, shards } = this.#options;
    const held = suspects.map(() => new Map<number, Look>());
    const ask = async (shard: number, indices: number[]) => {
      for (const index of indices) asked[index]!.add(shard);
      await this.#ask(
        shards[shard]!,
        suspects,
        indices,
        ({ sourceDb }) => sourceDb,
        (index, look) => held[index]!.set(shard, look),
      );
    };
    const all = [...suspects.keys()];
    if (ownership === null) {
      await Promise.all(shards.map((_, shard) => ask(shard, all)));
      return held;
    }
    const owners = suspects.map(({ key }) => ownership.ownerOf(key));
    await Promise.all(
      shards.map((_, shard) =>
        ask(
          shard,
          all.filter((index) => owners[index] === shard),
        ),
      ),
    );
    if (ownership.ownerOnly) return held;
    await Promise.all(
      shards.map((_, shard) =>
        ask(
          shard,
          all.filter((index) => owners[index] !== shard && !held[index]!.has(owners[index]!)),
        ),
      ),
    );
    return held;
  }

  async #ask(
    side: Side,
    suspects: readonly Suspect[],
    indices: readonly number[],
    dbOf: (suspect: Suspect) => number,
    take: (index: number, look: Look) => void,
  ): Promise<void> {
    const { spec, limits } = this.#options;
    for (const db of new Set(indices.map((index) => dbOf(suspects[index]!)))) {
      const here = indices.filter((index) => dbOf(suspects[index]!) === db);
      const keys = here.map((index) => suspects[index]!.key);
      const sizes = spec.depth === "full" ? await sizesOf(side, db, keys) : [];
      const looks = await looksAt(side, db, keys, spec.depth, limits.pieceBytes, sizes);
      for (const [at, look] of looks.entries()) if (look !== null) take(here[at]!, look);
    }
  }

  async #places(shards: ReadonlySet<number>): Promise<Map<number, SourcePlace>> {
    const places = [...shards].map(
      async (shard) => [shard, await placeOf(this.#options.shards[shard]!)] as const,
    );
    return new Map(await Promise.all(places));
  }

  async #judge(one: Open, before: Held, there: Look | null, after: Held, late: boolean): Promise<Outcome> {
    const { suspect } = one;
    const rightful = this.#rightful(suspect, before);
    const [first, second] = [this.#allowed(suspect, before), this.#allowed(suspect, after)];
    if (there === null && (first.length === 0 || second.length === 0))
      return { kind: "equal", finding: null };
    let parts: Map<string, ElementDifference> | null = null;
    let shaded = false;
    for (const [shard, look] of [...first, ...second]) {
      let comparison = await compareLooks(look, there, this.#writerOf(suspect, shard));
      if (comparison === "pieces") {
        const differing = await this.#inPieces(suspect, shard, look.type);
        if (differing === null) comparison = "undecided";
        else if (differing.size === 0)
          comparison = asShaded(expiryAgreement(look, there!, this.#writerOf(suspect, shard)));
        else parts = differing;
      }
      if (comparison === "equal")
        return { kind: "equal", finding: await this.#apart(suspect, rightful, before, there) };
      shaded ||= comparison === "shaded";
    }
    const last = one.parts;
    one.parts = parts;
    if (late) return { kind: "waits", for: "unsettled" };
    if (!(await sameHolders(first, second))) return { kind: "changed" };
    if (await isDoubtful(this.#options, suspect)) return { kind: "waits", for: "doubtful" };
    const shard = first[0]?.[0] ?? null;
    const writer = shard === null ? null : this.#writerOf(suspect, shard);
    if (shaded && (await this.#options.checkpoints.alive(writer!, this.#options.now())))
      return { kind: "waits", for: "shaded" };
    if (parts === null) return { kind: "differs", finding: () => this.#difference(suspect, first, there) };
    // Of a value that is read in pieces, those parts differ that did so twice, in the same way.
    const lasting = [...parts].filter(([name]) => last === null || last.has(name));
    if (lasting.length === 0) return { kind: "changed" };
    one.parts = new Map(lasting);
    const elements = lasting.map(([, part]) => part).slice(0, SHOWN_PARTS);
    return { kind: "differs", finding: () => this.#difference(suspect, first, there, elements) };
  }

  /** The shard whose sync writes the key, and holds back its expiry: the owner's, also where the value is a stray's. */
  #writerOf({ key }: Suspect, holder: number): number {
    return this.#options.ownership?.ownerOf(key) ?? holder;
  }

  #rightful({ key }: Suspect, held: Held): Rightful {
    const { ownership } = this.#options;
    const holders = [...held.keys()].map((shard) => ({ shard, writtenAt: 0 }));
    return rightfulValue(ownership?.ownerOf(key) ?? null, ownership?.ownerOnly ?? false, holders);
  }

  /** The values that the destination may have; of several lone strays, or without a ring, any of them. */
  #allowed(suspect: Suspect, held: Held): [number, Look][] {
    const rightful = this.#rightful(suspect, held);
    if (rightful.kind === "nobody") return [];
    if (rightful.kind === "owner") return [[rightful.shard, held.get(rightful.shard)!]];
    return [...held];
  }

  async #inPieces(
    { db, sourceDb, key }: Suspect,
    shard: number,
    type: string,
  ): Promise<Map<string, ElementDifference> | null> {
    const { shards, destination, signal } = this.#options;
    const pair = { source: shards[shard]!, sourceDb, destination, db, key, signal };
    const parts = await comparePieces(pair, type, MOST_PARTS);
    return parts === null ? null : new Map(parts.map((part) => [signatureOf(part), part]));
  }

  /** What is said of a key although the destination has what it should. */
  async #apart(
    suspect: Suspect,
    rightful: Rightful,
    held: Held,
    there: Look | null,
  ): Promise<Difference | null> {
    if (rightful.kind === "lone") return await this.#difference(suspect, [...held], there, [], "lone");
    if (rightful.kind !== "last" || held.size < 2) return null;
    const [[, first], ...others] = [...held] as [[number, Look], ...[number, Look][]];
    for (const [, other] of others) {
      if (!(await unchanged(first, other)))
        return await this.#difference(suspect, [...held], there, [], "collision");
    }
    return null;
  }

  async #difference(
    suspect: Suspect,
    allowed: readonly [number, Look][],
    there: Look | null,
    elements?: readonly ElementDifference[],
    as?: "lone" | "collision",
  ): Promise<Difference> {
    const [shard, look] = allowed[0] ?? [null, null];
    const of = async (): Promise<Difference["kind"]> => {
      if (look === null) {
        if (this.#options.former.holds(suspect.db, suspect.key)) return "former";
        return (await this.#options.hasNeighbors(suspect.db)) ? "neighbor" : "extra";
      }
      if (there === null && (await isLeftOut(this.#options, suspect))) return "left-out";
      const comparison = await compareLooks(look, there, this.#writerOf(suspect, shard!));
      if (comparison === "pieces") return "value";
      return comparison === "equal" || comparison === "shaded" ? "expiry" : comparison;
    };
    const kind = as ?? (await of());
    // Where both values are the same, or are compared part by part, there is nothing to add.
    const begins = kind !== "value" && kind !== "expiry" && this.#begun++ < this.#options.limits.listed;
    return {
      ...this.#finding(suspect, kind),
      ...(shard === null ? {} : { shard }),
      source: await factsOf(look, begins),
      destination: await factsOf(there, begins),
      elements: elements ?? (kind === "value" ? await partsOf(look, there) : []),
    };
  }

  #finding({ db, sourceDb, key }: Suspect, kind: Difference["kind"]): Difference {
    const shard = this.#options.ownership?.ownerOf(key) ?? null;
    return { kind, shard, db, sourceDb, key, source: null, destination: null, elements: [] };
  }
}

function parted<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

function asShaded(agreement: "equal" | "shaded" | "different") {
  return agreement === "different" ? "expiry" : agreement;
}

async function sameHolders(
  first: readonly [number, Look][],
  second: readonly [number, Look][],
): Promise<boolean> {
  if (first.length !== second.length) return false;
  for (const [shard, look] of first) {
    const again = second.find(([other]) => other === shard);
    if (again === undefined || !(await unchanged(look, again[1]))) return false;
  }
  return true;
}

/** What a look says of its key. @param begins with how its value begins. */
export async function factsOf(look: Look | null, begins = false): Promise<SideFacts | null> {
  if (look === null) return null;
  const { type, bytes, expireAt, payload } = look;
  const digest = payload === null ? null : await canonicalDigest(payload);
  const beginning = payload === null || !begins ? [] : await valueBeginning(payload);
  return { type, bytes, expireAt, digest, beginning };
}

async function partsOf(source: Look | null, there: Look | null): Promise<ElementDifference[]> {
  if (source?.payload == null || there?.payload == null) return [];
  return await elementDifferences(source.payload, there.payload, SHOWN_PARTS);
}

function signatureOf({ part, name, source, destination }: ElementDifference): string {
  return [part, name, source ?? "", destination ?? ""].map((text) => text.toString("latin1")).join("\n");
}
