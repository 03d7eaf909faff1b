import type { StoredFinding } from "../../control/verification/finding-store.ts";
import type { FindingView, SideView } from "../../control/verification/finding-views.ts";
import type { RepairView } from "../../control/verification/repair-jobs.ts";
import type { RepairedRow } from "../../control/verification/repair-store.ts";
import type { KeptVerification } from "../../control/verification/verification-store.ts";
import type { VerifyView } from "../../control/verification/verify-jobs.ts";
import type { VerifyScope } from "../../control/verification/verify-order.ts";
import type { ScheduleView } from "../../control/verification/verify-schedules.ts";
import type { Masking } from "../../people/masking.ts";
import {
  HIDDEN,
  HIDDEN_BASE64,
  maskedPart,
  maskedReasonOrNull,
  maskedSentence,
  quote,
} from "./masked-text.ts";

type SideFacts = NonNullable<RepairedRow["before"]>;
type BytesJson = StoredFinding["elements"][number]["name"];

/** Parts whose names say where something stands, and nothing of what it is. */
const places = new Set(["string", "position", "entry", "last id", "other"]);

const text = (value: string, hidden: boolean) => (hidden ? HIDDEN : value);
const base64 = (value: string | null, hidden: boolean) => (hidden && value !== null ? HIDDEN_BASE64 : value);
/** Several parts of one value stay apart. */
const hiddenName = (place: number) => `${HIDDEN} ${place + 1}`;
const namedBy = (part: string, { values }: Masking) => values && !places.has(part);

export function maskedFinding(one: FindingView, masking: Masking): FindingView {
  const { values, keys } = masking;
  return {
    ...one,
    key: keys ? { ...one.key, text: HIDDEN, whole: true, base64: null } : one.key,
    source: maskedSide(one.source, masking),
    destination: maskedSide(one.destination, masking),
    parts: one.parts.map(({ part, name, source, destination }, place) => ({
      part,
      name: namedBy(part, masking) ? hiddenName(place) : name,
      source: source === null ? null : text(source, values),
      destination: destination === null ? null : text(destination, values),
    })),
  };
}

function maskedSide(side: SideView | null, masking: Masking): SideView | null {
  if (side === null) return null;
  const beginning = side.beginning.map(({ part, name, value }, place) => ({
    part,
    name: namedBy(part, masking) ? hiddenName(place) : name,
    value: text(value, masking.values),
  }));
  return { ...side, beginning };
}

/** As it goes into a file. */
export function maskedStored(one: StoredFinding, masking: Masking): StoredFinding {
  const { values, keys } = masking;
  const bytes = (of: BytesJson, hidden: boolean) => (hidden ? { text: HIDDEN, base64: HIDDEN_BASE64 } : of);
  const side = (of: StoredFinding["source"]): StoredFinding["source"] =>
    of === null
      ? null
      : {
          ...of,
          // Short values could be found by trying.
          digest: of.digest !== null && values ? HIDDEN : of.digest,
          beginning: (of.beginning ?? []).map(({ part, name, value }) => ({
            part,
            name: bytes(name, namedBy(part, masking)),
            value: bytes(value, values),
          })),
        };
  return {
    ...one,
    key: keys ? Buffer.from(HIDDEN) : one.key,
    source: side(one.source),
    destination: side(one.destination),
    elements: one.elements.map(({ part, name, source, destination }) => ({
      part,
      name: bytes(name, namedBy(part, masking)),
      source: source === null ? null : bytes(source, values),
      destination: destination === null ? null : bytes(destination, values),
    })),
  };
}

/** A run: what it has looked at may be the beginning of a key, and why it has failed a server's own words. */
export function maskedRun<Run extends MaskableRun>(run: Run, masking: Masking): Run {
  const { scope, sentence, part, reason, verdict } = run;
  return {
    ...run,
    scope: maskedScope(scope, masking),
    sentence: maskedSentence(sentence, masking),
    ...(part === undefined ? {} : { part: maskedPart(part, masking) }),
    ...(reason === undefined ? {} : { reason: maskedReasonOrNull(reason, masking) }),
    ...(verdict === undefined ? {} : { verdict: maskedVerdict(verdict, masking) }),
  };
}

type MaskableRun = Pick<KeptVerification, "scope" | "sentence"> &
  Partial<Pick<KeptVerification, "reason" | "verdict">> & { readonly part?: string | null };

function maskedVerdict(verdict: KeptVerification["verdict"], { keys }: Masking): KeptVerification["verdict"] {
  const prefix = verdict?.range.prefix;
  if (!keys || verdict === null || prefix === null || prefix === undefined) return verdict;
  return { ...verdict, range: { ...verdict.range, prefix: { text: HIDDEN, base64: HIDDEN_BASE64 } } };
}

function maskedScope<Scope extends VerifyScope>(scope: Scope, { keys }: Masking): Scope {
  return { ...scope, prefix: base64(scope.prefix, keys) };
}

export function maskedVerifications({ running, runs }: VerifyView, masking: Masking): VerifyView {
  return {
    running: running === null ? null : maskedScope(running, masking),
    runs: runs.map((run) => maskedRun(run, masking)),
  };
}

export function maskedSchedule(schedule: ScheduleView | null, masking: Masking): ScheduleView | null {
  if (schedule === null) return null;
  const { order, passedOver } = schedule;
  return {
    ...schedule,
    order: maskedScope(order, masking),
    passedOver:
      passedOver === null ? null : { ...passedOver, because: quoteUnlessOurs(passedOver.because, masking) },
  };
}

function quoteUnlessOurs(because: string, masking: Masking): string {
  return /^The (run before it|task was) /.test(because) ? because : quote(because, masking);
}

export function maskedRepairs({ progress, rows }: RepairView, masking: Masking): RepairView {
  return {
    progress,
    rows: rows.map((row) => ({
      ...row,
      sentence: maskedSentence(row.sentence, masking),
      reason: maskedReasonOrNull(row.reason, masking),
    })),
  };
}

/** A key of a repair, with what the destination held. */
type RepairedKeyView = {
  readonly key: { readonly text: string; readonly base64: string };
  readonly before: SideFacts | null;
  readonly after: SideFacts | null;
};

export function maskedRepaired<One extends RepairedKeyView>(one: One, { values, keys }: Masking): One {
  const side = (facts: SideFacts | null) =>
    facts === null || !values
      ? facts
      : { ...facts, digest: facts.digest === null ? null : HIDDEN, beginning: [] };
  return {
    ...one,
    key: keys ? { text: HIDDEN, base64: HIDDEN_BASE64 } : one.key,
    before: side(one.before),
    after: side(one.after),
  };
}
