import type {
  LastVerdict,
  ShardSummary,
  ShardView,
  TaskRow,
  TaskView,
} from "../../control/views/task-view.ts";
import type { Masking } from "../../people/masking.ts";
import { maskedEvent, maskedEvents } from "./masked-events.ts";
import {
  HIDDEN,
  hidesQuotes,
  maskedDifference,
  maskedPart,
  maskedReasonOrNull,
  maskedSentence,
  quote,
} from "./masked-text.ts";

type Report = NonNullable<ShardSummary["report"]>;
type Differs = NonNullable<Report["differs"]>;
type MergeFacts = NonNullable<Report["merge"]>;
type RefusedCommand = ShardView["refused"][number];
type ScriptRuns = ShardView["scripts"][number];

export function maskedRow(row: TaskRow, masking: Masking): TaskRow {
  const { reason, lastEvent, verdict } = row;
  return {
    ...row,
    reason: maskedReasonOrNull(reason, masking),
    lastEvent: lastEvent === null ? null : maskedEvent(lastEvent, masking),
    verdict: verdict === null ? null : maskedVerdict(verdict, masking),
  };
}

function maskedVerdict(verdict: LastVerdict, masking: Masking): LastVerdict {
  const { part, sentence } = verdict;
  return { ...verdict, part: maskedPart(part, masking), sentence: maskedSentence(sentence, masking) };
}

export function maskedTask(task: TaskView, masking: Masking): TaskView {
  return {
    ...task,
    ...maskedRow(task, masking),
    shards: task.shards.map((shard) => maskedSummary(shard, masking)),
    events: maskedEvents(task.events, masking),
    alerts: maskedEvents(task.alerts, masking),
  };
}

export function maskedShard(view: ShardView, masking: Masking): ShardView {
  return {
    ...view,
    shard: maskedSummary(view.shard, masking),
    refused: view.refused.map((one) => maskedRefused(one, masking)),
    scripts: view.scripts.map((one) => maskedScript(one, masking)),
    events: maskedEvents(view.events, masking),
    alerts: maskedEvents(view.alerts, masking),
  };
}

function maskedSummary(shard: ShardSummary, masking: Masking): ShardSummary {
  const { report, reason, acknowledged } = shard;
  return {
    ...shard,
    reason: maskedReasonOrNull(reason, masking),
    acknowledged:
      acknowledged === null
        ? null
        : { ...acknowledged, differs: maskedDiffers(acknowledged.differs, masking) },
    report:
      report === null
        ? null
        : {
            ...report,
            reason: maskedReasonOrNull(report.reason, masking),
            differs: report.differs === null ? null : maskedDiffers(report.differs, masking),
            merge: report.merge === null ? null : maskedMerge(report.merge, masking),
            held:
              report.held === null
                ? null
                : {
                    ...report.held,
                    sample: masking.keys ? report.held.sample.map(() => HIDDEN) : report.held.sample,
                    waitsFor:
                      report.held.waitsFor === "a decision"
                        ? report.held.waitsFor
                        : quote(report.held.waitsFor, masking),
                  },
          },
  };
}

function maskedDiffers({ causes, ...differs }: Differs, masking: Masking): Differs {
  return {
    ...differs,
    causes: causes.map((cause) => ({ ...cause, message: maskedDifference(cause.message, masking) })),
  };
}

function maskedMerge({ samples, ...facts }: MergeFacts, { keys }: Masking): MergeFacts {
  return { ...facts, samples: keys ? samples.map((one) => ({ ...one, key: HIDDEN })) : samples };
}

/** A sample of the stream is a whole command; one of an initial sync is a key. */
export function maskedRefused(one: RefusedCommand, masking: Masking): RefusedCommand {
  const ofCopy = one.initialSync === true;
  const hidden = ofCopy ? masking.keys : hidesQuotes(masking);
  const quotes = ofCopy || one.kind === "rejected";
  return {
    ...one,
    reason: quotes ? quote(one.reason, masking) : one.reason,
    samples: hidden ? one.samples.map(() => (ofCopy ? HIDDEN : `${one.command} ${HIDDEN}`)) : one.samples,
  };
}

/** Its code and its answers may hold anything. */
export function maskedScript(one: ScriptRuns, masking: Masking): ScriptRuns {
  return {
    ...one,
    name: quote(one.name, masking),
    lastAnswer: quote(one.lastAnswer, masking),
    answers: one.answers.map((answer) => ({ ...answer, text: quote(answer.text, masking) })),
  };
}
