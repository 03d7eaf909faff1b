import { CardSection } from "@/components/controls/card";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import type { ScriptRuns as Runs } from "@/server/sync/report/shard-report";

/** Scripts that the shard sends as they were called: whether they ran on the destination, and what they returned. */
export function ScriptRuns({ scripts }: { scripts: readonly Runs[] }) {
  if (scripts.length === 0) return null;
  return (
    <div id="scripts" className="mt-5 scroll-mt-20">
      <CardSection
        title="Scripts on the destination"
        aside={<span className="num text-xs text-ink-3">since the task was created</span>}
      >
        <ul className="divide-y border-t">
          {scripts.map((script) => (
            <ScriptItem key={script.sha} script={script} />
          ))}
        </ul>
      </CardSection>
    </div>
  );
}

const shownAnswer = (text: string) => (text === "" ? '""' : text);

/** All answers with their counts, where there was more than one. */
function Answers({ script }: { script: Runs }) {
  const told = script.answers.reduce((sum, { count }) => sum + count, 0);
  const others = script.ran + script.failed - told;
  if (script.answers.length + (others > 0 ? 1 : 0) < 2) return null;
  const byCount = [...script.answers].sort((a, b) => b.count - a.count);
  // A counter answers something else each time: a list of that says nothing.
  if (others > 0 && byCount[0]!.count === 1) return null;
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs" aria-label="All answers">
      {byCount.map(({ text, failed, count }) => (
        <li key={`${failed} ${text}`} className={failed ? "text-bad" : "text-ink-2"}>
          <span className="font-mono wrap-anywhere">{shownAnswer(text)}</span>{" "}
          <span className="num text-ink-3">×{formatCount(count)}</span>
        </li>
      ))}
      {others > 0 && (
        <li className="text-ink-3">
          other answers <span className="num">×{formatCount(others)}</span>
        </li>
      )}
    </ul>
  );
}

function ScriptItem({ script }: { script: Runs }) {
  return (
    <li className="grid gap-x-5 gap-y-2 px-4 py-3.5 sm:px-5 md:grid-cols-[minmax(0,1fr)_6rem_minmax(0,1fr)_7rem]">
      <div className="min-w-0">
        <p className="font-mono text-[0.8125rem] wrap-anywhere">{script.name}</p>
        {script.sha !== "" && (
          <p className="mt-0.5 font-mono text-[0.6875rem] wrap-anywhere text-ink-3">{script.sha}</p>
        )}
      </div>
      <p className="num flex gap-x-4 md:block">
        <span className="block">
          <span className="font-medium">{formatCount(script.ran)}</span> ran
        </span>
        <span className={cx("block", script.failed > 0 ? "text-bad" : "text-ink-3")}>
          <span className={cx(script.failed > 0 && "font-medium")}>{formatCount(script.failed)}</span> failed
        </span>
      </p>
      <div className="min-w-0">
        <p className="text-xs text-ink-3">{script.lastFailed ? "failed last with" : "answered last"}</p>
        <p
          className={cx(
            "mt-0.5 font-mono text-[0.8125rem] wrap-anywhere",
            script.lastFailed ? "text-bad" : "text-ink-2",
          )}
        >
          {shownAnswer(script.lastAnswer)}
        </p>
        <Answers script={script} />
      </div>
      <p className="num text-xs text-ink-3 md:text-right">
        last{" "}
        <span className="text-ink-2">
          <Ago at={script.lastAt} />
        </span>
      </p>
    </li>
  );
}
