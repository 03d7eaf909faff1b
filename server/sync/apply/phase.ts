/**
 * Where the generation at hand stands on its way to the destination. A stop lets a stream that has begun come to its
 * end, so the phases also say whether one has begun, and whether that end has come.
 */
export type Phase<Stream> =
  /** No generation is being applied. */
  | { readonly kind: "idle" }
  /** An RDB is to be applied, from its first byte. */
  | { readonly kind: "copying" }
  /** The RDB is applied whole; its checkpoint is being written. */
  | { readonly kind: "copied" }
  /** The destination has a checkpoint to go on from, and no session goes on from it yet. */
  | { readonly kind: "waiting"; readonly removalBegun: boolean }
  | { readonly kind: "streaming"; readonly stream: Stream; readonly removalBegun: boolean }
  /** Of a cutover: all is applied, and what Tributary keeps there for the shard is being removed. */
  | { readonly kind: "removing" }
  /** All is applied that a stop had to wait for. `removed`: and nothing of Tributary's is left there for the shard. */
  | { readonly kind: "finished"; readonly removed: boolean };

/** What moves a generation from one phase to the next. */
export type Step<Stream> =
  | { readonly kind: "began"; readonly withRdb: boolean }
  /** The last key of the RDB has been answered. */
  | { readonly kind: "copied" }
  | { readonly kind: "checkpointed" }
  | { readonly kind: "streamed"; readonly stream: Stream }
  | { readonly kind: "removal" }
  | { readonly kind: "removed" }
  | { readonly kind: "drained" }
  /** The session at the destination has ended, for whatever reason. */
  | { readonly kind: "session-ended" }
  /** Nothing more comes of this generation. */
  | { readonly kind: "over" };

type Kind = Phase<unknown>["kind"];
type StepKind = Step<unknown>["kind"];
type Of<Union, K> = Extract<Union, { kind: K }>;
type Row<Stream, K extends Kind> = {
  readonly [S in StepKind]?: (phase: Of<Phase<Stream>, K>, step: Of<Step<Stream>, S>) => Phase<Stream>;
};
type Table<Stream> = { readonly [K in Kind]: Row<Stream, K> };

const IDLE = { kind: "idle" } as const;
const COPYING = { kind: "copying" } as const;
const COPIED = { kind: "copied" } as const;
const REMOVING = { kind: "removing" } as const;
const idle = () => IDLE;
const waiting = (removalBegun: boolean) => ({ kind: "waiting", removalBegun }) as const;
const same = <P>(phase: P) => phase;

/** For each phase, the steps that may come in it. */
function table<Stream>(): Table<Stream> {
  return {
    idle: { began: (_, { withRdb }) => (withRdb ? COPYING : waiting(false)), over: idle },
    // A checkpoint that was not written leaves no state to go on from: the RDB is applied again.
    copying: { copied: () => COPIED, "session-ended": () => COPYING, over: idle },
    copied: { checkpointed: () => waiting(false), "session-ended": () => COPYING, over: idle },
    waiting: {
      streamed: ({ removalBegun }, { stream }) => ({ kind: "streaming", stream, removalBegun }),
      removal: () => REMOVING,
      "session-ended": same,
      over: idle,
    },
    streaming: {
      drained: () => ({ kind: "finished", removed: false }),
      removal: () => REMOVING,
      "session-ended": ({ removalBegun }) => waiting(removalBegun),
      over: idle,
    },
    // Its answer may have been lost: the next session looks what is left there.
    removing: {
      removed: () => ({ kind: "finished", removed: true }),
      "session-ended": () => waiting(true),
      over: idle,
    },
    finished: { began: same, "session-ended": same, over: same },
  };
}

const TABLE = table<unknown>();

/** @throws Error for a step that may not come in this phase. */
export function next<Stream>(phase: Phase<Stream>, step: Step<Stream>): Phase<Stream> {
  const row = TABLE[phase.kind] as Partial<
    Record<StepKind, (phase: Phase<Stream>, step: Step<Stream>) => Phase<Stream>>
  >;
  const move = row[step.kind];
  if (move === undefined) throw new Error(`"${step.kind}" came while ${phase.kind}`);
  return move(phase, step);
}

/** A stream has begun: a stop lets it come to its end. */
export function streamHasBegun({ kind }: Phase<unknown>): boolean {
  return kind !== "idle" && kind !== "copying";
}

/** Nothing more is to be applied once a stop has come. */
export function mayStop(phase: Phase<unknown>): boolean {
  return phase.kind === "finished" || !streamHasBegun(phase);
}
