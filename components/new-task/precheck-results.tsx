import { ChevronDown, CircleCheck, CircleX, type LucideIcon, TriangleAlert } from "lucide-react";
import { formatPlural } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import type { CheckLevel, CheckResult, PrecheckReport } from "@/server/precheck/precheck-report";

const levels: Record<CheckLevel, { icon: LucideIcon; color: string; word: string; rank: number }> = {
  error: { icon: CircleX, color: "text-bad", word: "Error", rank: 0 },
  warning: { icon: TriangleAlert, color: "text-warn", word: "Warning", rank: 1 },
  ok: { icon: CircleCheck, color: "text-good", word: "OK", rank: 2 },
};

/** What each check found, by server, the worst first. */
export function PrecheckResults({ report }: { report: Pick<PrecheckReport, "ok" | "checks"> }) {
  const groups = groupBySubject(report.checks);
  return (
    <div>
      <p className="font-medium">{verdict(report)}</p>
      <div className="mt-4 space-y-4">
        {groups.map(([subject, checks]) => (
          <section key={subject} aria-label={subject} className="overflow-hidden rounded-xl border">
            <h3 className="border-b bg-sunken px-4 py-2 text-[0.8125rem] font-semibold first-letter:uppercase">
              {subject}
            </h3>
            <SubjectChecks checks={checks} />
          </section>
        ))}
      </div>
    </div>
  );
}

/** What needs attention in full; what passed is one line that opens. */
function SubjectChecks({ checks }: { checks: readonly CheckResult[] }) {
  const standing = checks.filter((check) => check.level !== "ok");
  const passed = checks.filter((check) => check.level === "ok");
  return (
    <>
      <CheckList checks={standing} />
      {passed.length > 0 && (
        <details className="group border-t first-of-type:border-t-0">
          <summary className="flex items-center gap-2.5 px-4 py-2.5 text-[0.8125rem] text-ink-2 hover:text-ink">
            <CircleCheck className="size-4 shrink-0 text-good" aria-hidden />
            {formatPlural(passed.length, "check")} passed
            <ChevronDown className="ml-auto size-4 transition-transform group-open:rotate-180" aria-hidden />
          </summary>
          <div className="border-t">
            <CheckList checks={passed} />
          </div>
        </details>
      )}
    </>
  );
}

function CheckList({ checks }: { checks: readonly CheckResult[] }) {
  return (
    <ul className="divide-y">
      {checks.map((check) => (
        <CheckLine key={`${check.id} ${check.message}`} check={check} />
      ))}
    </ul>
  );
}

function CheckLine({ check }: { check: CheckResult }) {
  const { icon: Icon, color, word } = levels[check.level];
  return (
    <li data-check={check.level} className="flex gap-2.5 px-4 py-2.5">
      <Icon className={cx("mt-0.5 size-4 shrink-0", color)} role="img" aria-label={word} />
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <p className={cx("text-[0.8125rem] font-medium", check.level !== "ok" && color)}>{check.title}</p>
          {check.current !== null && (
            <p className="num min-w-0 font-mono text-xs break-all text-ink-2">{check.current}</p>
          )}
        </div>
        <p className={cx("text-[0.8125rem] break-words", check.level === "ok" ? "text-ink-2" : "text-ink")}>
          {check.message}
        </p>
        {check.remedy !== null && (
          <p className="mt-0.5 text-[0.8125rem] break-words text-ink-2">{check.remedy}</p>
        )}
      </div>
    </li>
  );
}

/** Subjects with errors come first, then those with warnings; the same order within a subject. */
export function groupBySubject(checks: readonly CheckResult[]): [string, CheckResult[]][] {
  const groups = new Map<string, CheckResult[]>();
  for (const check of checks) groups.set(check.subject, [...(groups.get(check.subject) ?? []), check]);
  const worst = (group: readonly CheckResult[]) =>
    Math.min(...group.map((check) => levels[check.level].rank));
  for (const group of groups.values()) group.sort((a, b) => levels[a.level].rank - levels[b.level].rank);
  return [...groups].sort(([, a], [, b]) => worst(a) - worst(b));
}

function verdict(report: Pick<PrecheckReport, "ok" | "checks">): string {
  const count = (level: CheckLevel) => report.checks.filter((check) => check.level === level).length;
  const errors = count("error");
  const warnings = count("warning");
  if (errors > 0) {
    return `${formatPlural(errors, "error")}${warnings > 0 ? ` and ${formatPlural(warnings, "warning")}` : ""}: fix the errors, then test again.`;
  }
  if (warnings > 0) return `Ready to start, with ${formatPlural(warnings, "warning")}.`;
  return `Ready to start: all ${count("ok")} checks passed.`;
}
