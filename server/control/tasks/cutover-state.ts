import type { Actor } from "./actor.ts";

export const cutoverSteps = [
  "gates",
  "stop-writes",
  "drain",
  "verify",
  "settle",
  "switch",
  "finish",
  "finished",
  "left",
] as const;
/** Where a cutover is. `finished` and `left` are its two ends. */
export type CutoverStep = (typeof cutoverSteps)[number];

/** How each step is called within a sentence. */
export const stepNames: Readonly<Record<CutoverStep, string>> = {
  gates: "the gates",
  "stop-writes": "stopping the writes",
  drain: "the drain",
  verify: "the final verification",
  settle: "bringing the shards to rest",
  switch: "the switch",
  finish: "removing Tributary's keys",
  finished: "the end",
  left: "the task",
};

/** How much the final verification looks at. */
export const finalDepths = ["counts", "keys", "full"] as const;
export type FinalDepth = (typeof finalDepths)[number];

/** A cutover's state as the database holds it. Times in ms since the epoch. */
export type CutoverState =
  | { readonly step: "gates" | "stop-writes" | "drain" | "finish" | "finished"; readonly since: number }
  | {
      readonly step: "verify";
      readonly since: number;
      readonly depth: FinalDepth;
      /** The verification that counts was begun at this time, or later; null before it has begun. */
      readonly startedAt: number | null;
      /** Why the shard syncs could not be brought to rest, a sentence for each shard; empty where nobody tried. */
      readonly unrested: readonly string[];
    }
  /** The shard syncs apply the last of it, and end. */
  | {
      readonly step: "settle";
      readonly since: number;
      readonly depth: FinalDepth;
      readonly startedAt: number | null;
    }
  /** Nothing of Tributary writes to the destination. */
  | {
      readonly step: "switch";
      readonly since: number;
      /** What could not be confirmed when the shard syncs came to rest, and was overridden. */
      readonly unrested: readonly string[];
    }
  | { readonly step: "left"; readonly since: number; readonly at: CutoverStep };

/** What takes a cutover from one step to another: the first three are a person's, the others are what has happened. */
export type CutoverMove = "proceed" | "back" | "leave" | "rested" | "not-rested" | "removed";

const transitions: Readonly<Record<CutoverStep, Partial<Record<CutoverMove, CutoverStep>>>> = {
  gates: { proceed: "stop-writes", leave: "left" },
  "stop-writes": { proceed: "drain", back: "gates", leave: "left" },
  drain: { proceed: "verify", back: "stop-writes", leave: "left" },
  verify: { proceed: "settle", back: "stop-writes", leave: "left" },
  settle: { rested: "switch", "not-rested": "verify", back: "stop-writes" },
  switch: { proceed: "finish", back: "stop-writes" },
  finish: { removed: "finished" },
  finished: {},
  left: {},
};

/** Where a move leads; null where there is no such move. */
export function stepAfter(step: CutoverStep, move: CutoverMove): CutoverStep | null {
  return transitions[step][move] ?? null;
}

/** What a person can do at a step. */
export function movesOf(step: CutoverStep): readonly ("proceed" | "back" | "leave")[] {
  return (["proceed", "back", "leave"] as const).filter((move) => stepAfter(step, move) !== null);
}

export function isOver(step: CutoverStep): boolean {
  return step === "finished" || step === "left";
}

/** The shard syncs are at rest, or about to be: nothing may start them but a way back. */
export function isAtRest(step: CutoverStep): boolean {
  return step === "settle" || step === "switch" || step === "finish";
}

/** Somebody goes on although a gate is shut. */
export type CutoverOverride = Actor & {
  readonly gate: string;
  readonly at: number;
  readonly reason: string;
  /** What stood against it then. */
  readonly measured: string;
};

/** One line of what happened in a cutover, for the report. */
export type CutoverNote = {
  readonly at: number;
  readonly step: CutoverStep;
  /** A sentence without its end, e.g. 'the gates were passed'. */
  readonly what: string;
  /** null for what happened by itself. */
  readonly who: Actor | null;
};

/** Writes on the shards are held up by CLIENT PAUSE. */
export type HeldWrites = Actor & {
  readonly at: number;
  /** ms since the epoch: the servers end it then by themselves. */
  readonly until: number;
  readonly shards: readonly {
    readonly id: string;
    readonly name: string;
    /** Why not; null where the server has agreed. */
    readonly problem: string | null;
  }[];
};

/** A cutover as the database holds it. */
export type CutoverRecord = {
  readonly id: number;
  readonly taskId: string;
  readonly startedAt: number;
  readonly startedBy: Actor;
  readonly state: CutoverState;
  readonly overrides: readonly CutoverOverride[];
  readonly heldWrites: HeldWrites | null;
  readonly notes: readonly CutoverNote[];
};
