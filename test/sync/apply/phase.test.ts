import { expect, test } from "vitest";
import { mayStop, next, type Phase, type Step, streamHasBegun } from "../../../server/sync/apply/phase.ts";

type P = Phase<string>;

const steps: readonly Step<string>[] = [
  { kind: "began", withRdb: true },
  { kind: "began", withRdb: false },
  { kind: "copied" },
  { kind: "checkpointed" },
  { kind: "streamed", stream: "s" },
  { kind: "removal" },
  { kind: "removed" },
  { kind: "drained" },
  { kind: "session-ended" },
  { kind: "over" },
];

function through(...kinds: readonly Step<string>["kind"][]): P {
  let phase: P = { kind: "idle" };
  for (const kind of kinds) phase = next(phase, steps.find((step) => step.kind === kind)!);
  return phase;
}

test("a shard that is copied and cut over goes through every phase", () => {
  const way = ["began", "copied", "checkpointed", "streamed", "removal", "removed"] as const;
  expect(way.map((_, length) => through(...way.slice(0, length + 1)).kind)).toEqual([
    "copying",
    "copied",
    "waiting",
    "streaming",
    "removing",
    "finished",
  ]);
});

test("an RDB whose checkpoint was not written is applied again", () => {
  expect(through("began", "copied", "session-ended")).toEqual({ kind: "copying" });
});

test("a checkpoint that was written is gone on from in the next session", () => {
  expect(through("began", "copied", "checkpointed", "session-ended").kind).toBe("waiting");
  expect(through("began", "copied", "checkpointed", "streamed", "session-ended").kind).toBe("waiting");
});

test("a removal that was not answered is remembered, also by the stream that is applied after it", () => {
  const broken = through("began", "copied", "checkpointed", "streamed", "removal", "session-ended");
  expect(broken).toEqual({ kind: "waiting", removalBegun: true });
  const again = next(broken, { kind: "streamed", stream: "t" });
  expect(again).toEqual({ kind: "streaming", stream: "t", removalBegun: true });
  expect(next(again, { kind: "session-ended" })).toEqual(broken);
});

test("what is finished stays so", () => {
  const finished = through("began", "copied", "checkpointed", "streamed", "drained");
  expect(finished).toEqual({ kind: "finished", removed: false });
  for (const kind of ["session-ended", "over"] as const) expect(next(finished, { kind })).toBe(finished);
  expect(next(finished, { kind: "began", withRdb: true })).toBe(finished);
});

test("the end of a generation ends whatever it was at", () => {
  for (const phase of reached()) {
    const kind = phase.kind === "finished" ? "finished" : "idle";
    expect(next(phase, { kind: "over" }).kind).toBe(kind);
  }
});

test("a stop waits for a stream that has begun, and for nothing else", () => {
  const waitedFor = reached().filter((phase) => !mayStop(phase));
  expect(new Set(waitedFor.map(({ kind }) => kind))).toEqual(
    new Set(["copied", "waiting", "streaming", "removing"]),
  );
  expect(waitedFor.every(streamHasBegun)).toBe(true);
});

test("a step that makes no sense in a phase is an error", () => {
  expect(() => next<string>({ kind: "idle" }, { kind: "drained" })).toThrow('"drained" came while idle');
  expect(() => next<string>({ kind: "copying" }, { kind: "streamed", stream: "s" })).toThrow();
  expect(() => next<string>({ kind: "waiting", removalBegun: false }, { kind: "drained" })).toThrow();
});

/** Every phase that any order of the steps comes to. */
function reached(): P[] {
  const seen = new Map<string, P>();
  const look = (phase: P) => {
    const name = JSON.stringify(phase);
    if (seen.has(name)) return;
    seen.set(name, phase);
    for (const step of steps) {
      try {
        look(next(phase, step));
      } catch {
        // Not in this phase.
      }
    }
  };
  look({ kind: "idle" });
  return [...seen.values()];
}
