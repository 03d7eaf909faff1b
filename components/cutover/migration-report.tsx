"use client";

import { Braces, Printer } from "lucide-react";
import { Button } from "@/components/controls/button";
import { capitalized } from "@/components/format/capitalized";
import { formatCount } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { verdictLooks } from "@/components/verify/verdict-looks";
import { Facts, keysText, moment, Part, type Report, Rows, ShardPart, whoText } from "./report-sections";
import { ReportVerdict } from "./report-verdict";
import { shownStep, stepWords } from "./step-words";

/** The whole of a migration on paper, or as JSON. */
export function MigrationReport({ report }: { report: Report }) {
  const { task, destination, shards, verifications, repairs = [], cutovers, events } = report;
  const until = task.finishedAt ?? report.writtenAt;
  const overrides = cutovers.flatMap((cutover) => cutover.overrides);
  const still = task.finishedAt === null ? null : withoutWrites(cutovers[0]);
  return (
    <article className="mx-auto max-w-4xl" data-report={task.status}>
      <div className="print:hidden">
        <Breadcrumbs
          steps={[
            { href: "/tasks", label: "Tasks" },
            { href: `/tasks/${task.id}`, label: task.name },
          ]}
        />
      </div>
      <header className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-[1.375rem] leading-tight font-semibold tracking-[-0.02em] break-words">
            Migration of {task.name}
          </h1>
          <p className="num mt-1 text-[0.8125rem] text-ink-3">
            Written {moment(report.writtenAt)} by Tributary
          </p>
        </div>
        <div className="flex gap-2 print:hidden">
          <Button small onClick={() => window.print()}>
            <Printer className="size-3.5" aria-hidden />
            Print
          </Button>
          <Button small onClick={() => download(report)}>
            <Braces className="size-3.5" aria-hidden />
            JSON
          </Button>
        </div>
      </header>
      <ReportVerdict report={report} />
      <Part title="Overview">
        <Facts
          facts={[
            ["Source", task.source],
            [
              "Destination",
              `${task.destination}${destination.server === null ? "" : `, ${destination.server}`}`,
            ],
            ["Merge policy", task.mergePolicy],
            ["State", capitalized(task.status)],
            ["Task created", moment(task.createdAt)],
            ["Finished", moment(task.finishedAt)],
            ["Took", formatDuration(Math.max(0, until - task.createdAt) / 1000)],
            ...(still === null ? [] : [["Stop writes to switch", formatDuration(still)] as const]),
            ["Keys on the destination", keysText(destination.keys)],
            [
              "Gates overridden",
              overrides.length === 0 ? "none" : overrides.map(({ gate }) => gate).join(", "),
            ],
          ]}
        />
      </Part>
      {shards.map((shard) => (
        <ShardPart key={shard.name} shard={shard} />
      ))}
      <Part title="Verifications">
        {verifications.length === 0 ? (
          <p className="text-ink-3">None.</p>
        ) : (
          <Rows
            heads={["Ended", "Verdict", "In a sentence", "Keys compared"]}
            rows={verifications.map((one) => ({
              key: String(one.startedAt),
              cells: [
                moment(one.finishedAt),
                verdictLooks[one.outcome].word,
                one.sentence,
                formatCount(one.compared),
              ],
            }))}
          />
        )}
      </Part>
      {repairs.length > 0 && (
        <Part title="Repairs">
          <Rows
            heads={["Begun", "Result", "Keys", "Requested by"]}
            rows={repairs.map((one) => ({
              key: String(one.startedAt),
              cells: [
                moment(one.startedAt),
                one.sentence === "" ? "Not ended" : one.sentence,
                formatCount(one.keys),
                whoText(one),
              ],
            }))}
          />
        </Part>
      )}
      {cutovers.map((cutover) => (
        <Part
          key={cutover.startedAt}
          title={`Cutover, begun ${moment(cutover.startedAt)} by ${cutover.startedBy.by}`}
        >
          {cutover.overrides.length > 0 && (
            <div className="mb-3">
              <Rows
                heads={["Gate overridden", "Measured", "By", "Reason"]}
                rows={cutover.overrides.map((one) => ({
                  key: one.gate,
                  cells: [one.gate, one.measured, `${one.by}, ${moment(one.at)}`, one.reason],
                }))}
              />
            </div>
          )}
          <Rows
            heads={["When", "Step", "What", "Who"]}
            rows={cutover.notes.map((note) => ({
              key: `${note.at} ${note.what}`,
              cells: [
                moment(note.at),
                stepWords.find(({ step }) => step === shownStep(note.step))?.name,
                capitalized(note.what),
                note.who === null ? "Tributary" : whoText(note.who),
              ],
            }))}
          />
        </Part>
      ))}
      <Part title="Decisions and warnings">
        {events.length === 0 ? (
          <p className="text-ink-3">None.</p>
        ) : (
          <Rows
            heads={["When", "Level", "Shard", "What"]}
            rows={events.map((event) => ({
              key: `${event.at} ${event.message}`,
              cells: [
                moment(event.at),
                event.level,
                event.shard ?? "",
                `${capitalized(event.message)}${event.count > 1 ? ` (${formatCount(event.count)} times)` : ""}`,
              ],
            }))}
          />
        )}
      </Part>
    </article>
  );
}

/** Seconds from where the writes were to stop until nothing of Tributary wrote to the destination; null while unknown. */
function withoutWrites(cutover: Report["cutovers"][number] | undefined): number | null {
  const stopped = cutover?.notes.findLast(({ step }) => step === "gates")?.at;
  const switched = cutover?.notes.findLast(({ step }) => step === "settle")?.at;
  return stopped === undefined || switched === undefined ? null : Math.max(0, switched - stopped) / 1000;
}

function download(report: Report): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `migration-${report.task.id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
