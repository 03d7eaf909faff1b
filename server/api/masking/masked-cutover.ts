import type { Gate } from "../../control/cutover/cutover-gates.ts";
import type { CutoverView } from "../../control/cutover/cutover-view.ts";
import type { MigrationReport, ShardReportLine } from "../../control/cutover/migration-report.ts";
import type { SwitchFile } from "../../control/cutover/switch-file.ts";
import type { CutoverRecord } from "../../control/tasks/cutover-state.ts";
import type { Masking } from "../../people/masking.ts";
import { maskedEvent } from "./masked-events.ts";
import { maskedRun } from "./masked-findings.ts";
import { HIDDEN, hidesQuotes, maskedDifference, maskedSentence, quote } from "./masked-text.ts";

/** Gates of which what is measured may quote a server: all others measure numbers. */
const quoting = new Set<string>([
  "synchronizing",
  "differs",
  "at-rest",
  "verified",
  "final-verification",
  "late-writes",
]);

export function maskedCutover(view: CutoverView, masking: Masking): CutoverView {
  const { cutover, gates, problem } = view;
  return {
    ...view,
    cutover: cutover === null ? null : { ...cutover, ...maskedRecord(cutover, masking) },
    gates: gates.map((gate) => maskedGate(gate, masking)),
    problem: problem === null ? null : quote(problem, masking),
  };
}

function maskedGate(gate: Gate, masking: Masking): Gate {
  const { name, parts, override } = gate;
  return {
    ...gate,
    parts: parts.map((part) => ({ ...part, measured: maskedMeasure(name, part.measured, masking) })),
    override: override === null ? null : maskedOverride(override, masking),
  };
}

function maskedMeasure(gate: string, measured: string, masking: Masking): string {
  if (!quoting.has(gate) || !hidesQuotes(masking)) return measured;
  switch (gate) {
    case "synchronizing":
      // 'failed: why'
      return measured.replace(/^([a-z-]+): .*/s, `$1: ${HIDDEN}`);
    case "differs":
      return measured === "nothing"
        ? measured
        : measured
            .split("; ")
            .map((one) => maskedDifference(one, masking))
            .join("; ");
    case "late-writes":
      return measured.replace(/^unknown: .*/s, `unknown: ${HIDDEN}`);
    case "at-rest":
      return HIDDEN;
    default:
      return /^(a verification is|never,|under way|about to)/.test(measured)
        ? measured
        : maskedSentence(measured, masking);
  }
}

function maskedOverride<Override extends { readonly gate: string; readonly measured: string }>(
  override: Override,
  masking: Masking,
): Override {
  const hidden = quoting.has(override.gate) && hidesQuotes(masking);
  return hidden ? { ...override, measured: HIDDEN } : override;
}

type Record = Pick<CutoverRecord, "state" | "overrides" | "heldWrites" | "notes">;

function maskedRecord({ state, overrides, heldWrites, notes }: Record, masking: Masking): Record {
  return {
    state:
      "unrested" in state ? { ...state, unrested: state.unrested.map((why) => quote(why, masking)) } : state,
    overrides: overrides.map((one) => maskedOverride(one, masking)),
    heldWrites:
      heldWrites === null
        ? null
        : {
            ...heldWrites,
            shards: heldWrites.shards.map((shard) => ({
              ...shard,
              problem: shard.problem === null ? null : quote(shard.problem, masking),
            })),
          },
    notes: notes.map((note) => ({
      ...note,
      what: note.what.replace(/^could not come to rest: .*/s, (what) =>
        hidesQuotes(masking) ? `could not come to rest: ${HIDDEN}` : what,
      ),
    })),
  };
}

/** The files name the hosts of all pools. */
export function maskedSwitchFile(file: SwitchFile, { hosts }: Masking): SwitchFile {
  const hidden = (text: string | null) => (text === null || !hosts ? text : `# ${HIDDEN}: it names hosts\n`);
  return { ...file, next: hidden(file.next), former: hidden(file.former) };
}

export function maskedReport(report: MigrationReport, masking: Masking): MigrationReport {
  return {
    ...report,
    shards: report.shards.map((shard) => maskedLine(shard, masking)),
    verifications: report.verifications.map((run) => maskedRun(run, masking)),
    ...(report.repairs && {
      repairs: report.repairs.map((one) => ({ ...one, sentence: maskedSentence(one.sentence, masking) })),
    }),
    cutovers: report.cutovers.map((one) => ({ ...one, ...maskedRecord(one, masking) })),
    events: report.events.map((event) => maskedEvent(event, masking)),
  };
}

function maskedLine(line: ShardReportLine, masking: Masking): ShardReportLine {
  return {
    ...line,
    differs: line.differs.map((message) => maskedDifference(message, masking)),
    refused: line.refused.map((one) => ({
      ...one,
      reason: one.kind === "rejected" || one.initialSync === true ? quote(one.reason, masking) : one.reason,
    })),
    scripts: line.scripts.map((script) => ({ ...script, name: quote(script.name, masking) })),
  };
}
