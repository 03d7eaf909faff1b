import type { SeededRandom } from "../traffic/seeded-random.ts";

/** Who is struck: the engine, the destination, or a shard by its number. */
export type Target = "engine" | "destination" | number;

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

export type FaultKind =
  | "kill"
  | "terminate"
  | "suspend"
  | "cut"
  | "cut after bytes"
  | "refuse"
  | "freeze"
  | "slow"
  | "fill"
  | "save"
  | "kill clients";

/** Which faults strike whom; what comes twice comes twice as often. */
const ofEngine: readonly FaultKind[] = ["kill", "kill", "terminate", "suspend"];
const ofServer: readonly FaultKind[] = [
  "kill",
  "suspend",
  "cut",
  "cut after bytes",
  "refuse",
  "freeze",
  "slow",
  "save",
  "kill clients",
];
const ofDestination: readonly FaultKind[] = [...ofServer, "kill", "fill"];

/** ms within which the faults of a round begin. */
const SPREAD_MS = 4_000;

/** One to four faults, in the order in which they begin. The same random numbers give the same plan. */
export function planRound(random: SeededRandom, shards: number): Fault[] {
  return Array.from({ length: 1 + random.int(4) }, () => {
    const who = random.int(5);
    const target: Target = who < 2 ? "engine" : who === 2 ? "destination" : random.int(shards);
    const kinds = target === "engine" ? ofEngine : target === "destination" ? ofDestination : ofServer;
    return {
      kind: random.pick(kinds),
      target,
      startsAt: 300 + random.int(SPREAD_MS),
      lasts: random.int(3_000),
      chance: random.next(),
    };
  }).sort((a, b) => a.startsAt - b.startsAt);
}

export function describeFault({ kind, target, startsAt, lasts }: Fault): string {
  const whom = typeof target === "number" ? `shard ${target + 1}` : target;
  return `${startsAt} ms: ${kind} ${whom}, ${lasts} ms`;
}
