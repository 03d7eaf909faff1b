import type { CutoverOverride, CutoverState, CutoverStep } from "../tasks/cutover-state.ts";
import type { VerificationRow } from "../verification/verification-store.ts";
import type { LateLook } from "./late-writes.ts";
import type { ShardLook } from "./shard-watch.ts";

export const gateNames = [
  "synchronizing",
  "lag",
  "doubtful-keys",
  "differs",
  "held",
  "verified",
  "writes-stopped",
  "drained",
  "final-verification",
  "repaired",
  "at-rest",
  "late-writes",
] as const;
export type GateName = (typeof gateNames)[number];

/** What a gate looks at: one shard, or the whole task. */
export type GatePart = { readonly shard: string | null; readonly measured: string; readonly ok: boolean };

/** One condition of a step: what is measured, what is wanted, and what to do about it. */
export type Gate = {
  readonly name: GateName;
  readonly title: string;
  readonly ok: boolean;
  readonly parts: readonly GatePart[];
  readonly wanted: string;
  readonly remedy: string;
  /** Not to be waited for: the step may be tried again. */
  readonly advisory: boolean;
  readonly override: CutoverOverride | null;
};

/** Within what a cutover may go on. */
export type CutoverBounds = {
  readonly lagSeconds: number;
  readonly lagForMs: number;
  readonly verifiedWithinMs: number;
  readonly quietForMs: number;
  readonly equalForMs: number;
};

export const CUTOVER_BOUNDS: CutoverBounds = {
  lagSeconds: 2,
  lagForMs: 10_000,
  verifiedWithinMs: 60 * 60_000,
  quietForMs: 5_000,
  equalForMs: 3_000,
};

/** A verification of the task that has ended, as far as the gates go by it. */
export type VerificationSeen = VerificationRow & {
  /** All keys of all shards. */
  readonly whole: boolean;
};

export type GateFacts = {
  readonly now: number;
  readonly bounds: CutoverBounds;
  readonly shards: readonly ShardLook[];
  /** Newest first. */
  readonly verifications: readonly VerificationSeen[];
  readonly verifying: boolean;
  /** Keys are being repaired, or wait for it. */
  readonly repairing: boolean;
  /** Who writes to the shards after the switch; null while nobody has looked. */
  readonly late: readonly LateLook[] | null;
  readonly overrides: readonly CutoverOverride[];
};

const ofStep: Readonly<Record<CutoverStep, readonly GateName[]>> = {
  gates: ["synchronizing", "lag", "doubtful-keys", "differs", "held", "verified"],
  "stop-writes": ["synchronizing", "writes-stopped"],
  drain: ["synchronizing", "writes-stopped", "drained", "doubtful-keys"],
  verify: ["synchronizing", "writes-stopped", "drained", "final-verification", "repaired", "at-rest"],
  settle: [],
  switch: ["late-writes"],
  finish: [],
  finished: [],
  left: [],
};

/** The gates of the step that a cutover is at, as they are now. */
export function gatesOf(state: CutoverState, facts: GateFacts): Gate[] {
  return ofStep[state.step].flatMap((name) => {
    const gate = gates[name](facts, state);
    if (gate === null) return [];
    const override = facts.overrides.find((one) => one.gate === name) ?? null;
    const ok = gate.parts.every((part) => part.ok);
    return [{ name, advisory: false, ...gate, ok, override: ok ? null : override }];
  });
}

/** The first gate that stands against going on; null where none does. */
export function shutGate(gates: readonly Gate[]): Gate | null {
  return gates.find(({ ok, advisory, override }) => !ok && !advisory && override === null) ?? null;
}

type Judged = Pick<Gate, "title" | "parts" | "wanted" | "remedy"> & { readonly advisory?: boolean };

const gates: Readonly<Record<GateName, (facts: GateFacts, state: CutoverState) => Judged | null>> = {
  synchronizing: ({ shards }) => ({
    title: "Every shard is synchronizing",
    parts: shards.map(({ name, status, reason }) => ({
      shard: name,
      measured: reason === null ? status : `${status}: ${reason}`,
      ok: status === "synchronizing",
    })),
    wanted: "synchronizing",
    remedy: "Fix what the shard's page says, or resume the task.",
  }),

  lag: ({ shards, bounds: { lagSeconds, lagForMs } }) => ({
    title: "The lag is small",
    parts: shards.map(({ name, lag, lagGoodFor }) => {
      if (lag.seconds === null)
        return {
          shard: name,
          measured: `unknown: ${lag.secondsUnknownBecause ?? "not measured"}`,
          ok: false,
        };
      const steady = lagGoodFor !== null && lagGoodFor >= lagForMs;
      const since = lagGoodFor === null ? "" : `, low for ${seconds(lagGoodFor)} so far`;
      return { shard: name, measured: `${lag.seconds.toFixed(1)} s${steady ? "" : since}`, ok: steady };
    }),
    wanted: `at most ${lagSeconds} s, for ${seconds(lagForMs)}`,
    remedy: "Wait. If the lag grows, the network or the destination cannot keep up with the writes.",
  }),

  "doubtful-keys": ({ shards }) => ({
    title: "No key is doubtful",
    parts: shards.map(({ name, doubtfulKeys }) => ({
      shard: name,
      measured: doubtfulKeys === null ? "not counted yet" : counted(doubtfulKeys, "key"),
      ok: doubtfulKeys === 0,
    })),
    wanted: "0 keys",
    remedy:
      "Wait: keys that may have expired early are copied again automatically. A refresh-failed event says which could not be.",
  }),

  differs: ({ shards }) => ({
    title: "Nothing is known to differ",
    parts: shards.map(({ name, differs }) => ({
      shard: name,
      measured: differs.length === 0 ? "nothing" : differs.join("; "),
      ok: differs.length === 0,
    })),
    wanted: "nothing",
    remedy: "Synchronize the shard again, or acknowledge the difference on its page.",
  }),

  held: ({ shards }) => ({
    title: "No shard waits for a decision",
    parts: shards.map(({ name, held }) => ({
      shard: name,
      measured: held ? "waiting" : "not waiting",
      ok: !held,
    })),
    wanted: "no shard waiting",
    remedy: "Decide on the shard's page whether Tributary follows it.",
  }),

  verified: ({ verifications, verifying, bounds: { verifiedWithinMs }, now }) => {
    const last = verifications.find(({ whole, depth }) => whole && depth !== "counts");
    const age = last === undefined ? null : now - last.finishedAt;
    const clean = last?.outcome === "equal";
    const measured =
      last === undefined || age === null
        ? verifying
          ? "a verification is under way"
          : "never, over all keys"
        : `${last.sentence} (${minutes(age)} ago)`;
    return {
      title: "A verification found no difference",
      parts: [{ shard: null, measured, ok: clean && age !== null && age <= verifiedWithinMs }],
      wanted: `all keys equal, at depth keys or full, at most ${minutes(verifiedWithinMs)} ago`,
      remedy: "Press Verify on the task's page, and repair whatever differs.",
    };
  },

  "writes-stopped": ({ shards, bounds: { quietForMs } }) => ({
    title: "Nobody writes to the shards",
    parts: shards.map(({ name, writes: { perSecond, commands, quietFor } }) => {
      if (quietFor === null) return { shard: name, measured: "unknown", ok: false };
      if (quietFor >= quietForMs)
        return { shard: name, measured: `quiet for ${seconds(quietFor)}`, ok: true };
      const which = commands.length === 0 ? "" : ` (${commands.join(", ")})`;
      if (perSecond !== null && perSecond > 0)
        return { shard: name, measured: `${rate(perSecond)} writes/s still come${which}`, ok: false };
      return { shard: name, measured: `quiet for ${seconds(quietFor)} so far`, ok: false };
    }),
    wanted: `no write for ${seconds(quietForMs)}`,
    remedy: "Stop the writers. The list of clients shows where they connect from.",
  }),

  drained: ({ shards, bounds: { equalForMs } }) => ({
    title: "The destination has all that the shards have written",
    parts: shards.map(({ name, drain: { sourceOffset, appliedOffset, equalFor } }) => ({
      shard: name,
      measured:
        equalFor !== null
          ? `applied up to offset ${appliedOffset}, equal for ${seconds(equalFor)}`
          : sourceOffset === null || appliedOffset === null
            ? "unknown"
            : `offset ${appliedOffset} of ${sourceOffset}`,
      ok: equalFor !== null && equalFor >= equalForMs,
    })),
    wanted: `the applied offset equals the shard's, for ${seconds(equalForMs)}`,
    remedy: "Wait. If it does not catch up, see the shard's page.",
  }),

  "final-verification": ({ verifications, verifying }, state) => {
    const startedAt = state.step === "verify" ? state.startedAt : null;
    const run = startedAt === null ? undefined : verifications.find((one) => one.startedAt >= startedAt);
    const measured = verifying ? "under way" : (run?.sentence ?? "about to begin");
    return {
      title: "The final verification found no difference",
      parts: [{ shard: null, measured, ok: !verifying && run?.outcome === "equal" }],
      wanted: "equal",
      remedy: "See on the task's page what differs, repair it, and verify again.",
    };
  },

  repaired: ({ repairing }) => ({
    title: "No repair is under way",
    parts: [{ shard: null, measured: repairing ? "keys are being repaired" : "none", ok: !repairing }],
    wanted: "none",
    remedy: "Wait until it ends, or cancel it on the task's page.",
  }),

  "at-rest": (_, state) => {
    if (state.step !== "verify" || state.unrested.length === 0) return null;
    return {
      title: "The shards could be brought to rest",
      parts: state.unrested.map((why) => ({ shard: null, measured: why, ok: false })),
      wanted: "all is applied and put right",
      remedy:
        "Fix what is named here and try again. With an override, the cutover continues without this confirmation.",
      advisory: true,
    };
  },

  "late-writes": ({ late, bounds: { quietForMs }, now }) => ({
    title: "Nobody writes to the shards any more",
    parts:
      late === null
        ? [{ shard: null, measured: "about to be looked at", ok: false }]
        : late.map((look) => ({ shard: look.name, ...lateMeasure(look, quietForMs, now) })),
    wanted: `no write for ${seconds(quietForMs)}`,
    remedy:
      "Find the writer in the list of clients and point it at the destination, or stop it. Write what it has written since the switch to the destination too, or go back.",
  }),
};

/** Of a shard that nobody can reach any more, nothing is lost; of one that only Tributary cannot reach, that is not known. */
function lateMeasure(
  { since, perSecond, commands, lastWriteAt, problem }: LateLook,
  quietForMs: number,
  now: number,
): Pick<GatePart, "measured" | "ok"> {
  if (problem !== null)
    return {
      measured: problem.nobodyListens ? "nobody listens there any more" : `unknown: ${problem.message}`,
      ok: problem.nobodyListens,
    };
  if (since === null) return { measured: "about to be looked at", ok: false };
  const quietFor = now - Math.max(since, lastWriteAt ?? 0);
  if (perSecond > 0) {
    const which = commands.length === 0 ? "" : ` (${commands.join(", ")})`;
    return { measured: `${rate(perSecond)} writes/s still come${which}`, ok: false };
  }
  const ok = quietFor >= quietForMs;
  return { measured: `quiet for ${seconds(quietFor)}${ok ? "" : " so far"}`, ok };
}

function seconds(ms: number): string {
  const whole = Math.floor(ms / 1000);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min`;
}

function minutes(ms: number): string {
  return ms < 60_000 ? seconds(ms) : `${Math.floor(ms / 60_000)} min`;
}

const rate = (perSecond: number) => (perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond)));

const counted = (count: number, what: string) =>
  `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
