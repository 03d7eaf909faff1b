import type { SeededRandom } from "../traffic/seeded-random.ts";

/** Who is struck: the engine, the destination, the second task, that of old masters, or a shard by its number. */
export type Target = "engine" | "destination" | "neighbor" | "old masters" | number;

export type Fault = {
  readonly kind: FaultKind;
  readonly target: Target;
  /** ms after the beginning of its round. */
  readonly startsAt: number;
  /** ms for which it lasts, where it lasts at all. */
  readonly lasts: number;
  /** For what else is chosen by chance, in [0, 1). */
  readonly chance: number;
};

const ofEngine = ["kill", "terminate", "suspend", "start a second"] as const;
const ofServer = [
  "kill",
  "suspend",
  "cut",
  "cut after bytes",
  "refuse",
  "freeze",
  "half-open",
  "slow",
  "save",
  "kill clients",
] as const;
const ofDestination = [...ofServer, "fill", "flush"] as const;
// FLUSHALL of a shard is left out: it is skipped, and its keys stay on the destination until the shard is copied anew
// for another reason. Which keys are right then depends on moments that no plan decides.
// The last two: it is copied again while the disk of the spools is full, or while a sibling answers nothing.
const ofShard = [
  ...ofServer,
  "outrun",
  "fail over",
  "hand over",
  "strays",
  "full disk",
  "silent sibling",
] as const;

// It begins with the first of them.
const ofNeighbor = ["kill", "outrun", "delete"] as const;
const ofOldMasters = ["scripts", "kill", "cut"] as const;

export type FaultKind =
  | (typeof ofEngine | typeof ofNeighbor | typeof ofOldMasters)[number]
  | (typeof ofDestination | typeof ofShard)[number];

export type PlanOptions = {
  readonly shards: number;
  /** Whether links may stay half-open, and siblings silent, until the engine notices: that takes a minute. */
  readonly halfOpen: boolean;
  /** A task whose shards are masters up to 4.0 is among those that are struck. */
  readonly oldMasters: boolean;
  /** The round in which a second task comes, from 0. */
  readonly neighborFrom: number;
};

/** ms within which the faults of a round begin. */
const SPREAD_MS = 4_000;
const LONGEST_MS = 3_000;
/** ms for which a sibling hangs, where there is time: longer than any limit on an answer. */
const SILENT_MS = 60_000;

/**
 * Rounds without an end, of one to four faults each in the order in which they begin. All is drawn from `random`: the
 * same seed gives the same plan. Faults are dealt like cards, so that each comes before any comes again. Those that few
 * rounds may not miss come first.
 */
export function* planSoak(random: SeededRandom, options: PlanOptions): Generator<Fault[], never> {
  let deck: Card[] = [];
  for (let number = 0; ; number++) {
    const withNeighbor = number >= options.neighborFrom;
    if (number === 0)
      deck = [...shuffled(cards(options), random), ...(options.oldMasters ? [scripts] : []), strays];
    if (number === options.neighborFrom) deck.push(...shuffled([...neighborCards], random));
    const round: Fault[] = [];
    for (let left = 1 + random.int(4); left > 0; left--) {
      if (deck.length === 0)
        deck = shuffled([...cards(options), ...(withNeighbor ? neighborCards : [])], random);
      const { who, kind } = deck.pop()!;
      round.push({
        kind,
        target: who === "shard" ? random.int(options.shards) : who,
        startsAt: 300 + random.int(SPREAD_MS),
        lasts: random.int(LONGEST_MS) + leastOf(kind, options),
        chance: random.next(),
      });
    }
    yield round.sort((a, b) => a.startsAt - b.startsAt);
  }
}

function leastOf(kind: FaultKind, { halfOpen }: PlanOptions): number {
  if (kind === "silent sibling" && halfOpen) return SILENT_MS;
  return kind === "suspend" ? 1_000 : 0;
}

/** All that a fault strikes: faults of any of these follow one another. */
export function targetsOf({ kind, target }: Fault, shards: number): readonly Target[] {
  if (kind === "full disk") return [target, "engine"];
  if (kind === "silent sibling") return [target, siblingOf(target, shards)];
  return [target];
}

/** The shard that keeps silent while `target` is copied again. */
export function siblingOf(target: Target, shards: number): number {
  if (typeof target !== "number") throw new Error(`${target} is no shard`);
  return (target + 1) % shards;
}

export function describeFault({ kind, target, startsAt, lasts, chance }: Fault): string {
  const whom = typeof target === "number" ? `shard ${target + 1}` : target;
  return `${startsAt} ms: ${kind} ${whom}, ${lasts} ms, ${chance.toFixed(2)}`;
}

type Card = { readonly who: Exclude<Target, number> | "shard"; readonly kind: FaultKind };

const strays: Card = { who: "shard", kind: "strays" };
const scripts: Card = { who: "old masters", kind: "scripts" };
const neighborCards: readonly Card[] = ofNeighbor.map((kind) => ({ who: "neighbor", kind }));

/** Every fault of everybody but the second task once; a kill of the engine and of the destination twice. */
export function cards({ halfOpen, oldMasters }: PlanOptions): Card[] {
  const of = (who: Card["who"], kinds: readonly FaultKind[]) => kinds.map((kind) => ({ who, kind }));
  return [
    ...of("engine", [...ofEngine, "kill"]),
    ...of("destination", [...ofDestination, "kill"]),
    ...of("shard", ofShard),
    ...(oldMasters ? of("old masters", ofOldMasters) : []),
  ].filter(({ kind }) => halfOpen || kind !== "half-open");
}

/** Fisher and Yates. */
function shuffled<T>(items: T[], random: SeededRandom): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.int(last + 1);
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}
