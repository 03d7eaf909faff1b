import { Fact, Unknown } from "@/components/controls/fact";
import { formatByteRate, formatBytes } from "@/components/format/bytes";
import { formatCount, formatRate } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { Ago } from "@/components/live/ago";
import { Moment } from "@/components/live/moment";
import type { Outputs } from "@/components/live/trpc";

type Run = Outputs["verify"]["run"];

const depths = { counts: "counts", keys: "keys and types", full: "values and expiries" } as const;

/** When a run was, how far it went and how fast. */
export function RunFacts({ run }: { run: Run }) {
  const seconds = Math.max(0.001, (run.finishedAt - run.startedAt) / 1000);
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3 lg:grid-cols-6">
      <Fact label="Ended">
        <Moment at={run.finishedAt} />
        <span className="block text-xs text-ink-3">
          <Ago at={run.finishedAt} />
        </span>
      </Fact>
      <Fact label="Took">{formatDuration(seconds)}</Fact>
      <Fact label="Keys compared">
        {formatCount(run.compared)}
        <span className="block text-xs text-ink-3">{formatRate(run.compared / seconds)}</span>
      </Fact>
      <Fact label="Read from the servers">
        {run.bytes === 0 ? (
          <Unknown />
        ) : (
          <>
            {formatBytes(run.bytes)}
            <span className="block text-xs text-ink-3">{formatByteRate(run.bytes / seconds)}</span>
          </>
        )}
      </Fact>
      <Fact label="Compared">{depths[run.depth]}</Fact>
      <Fact label="Begun by">{run.origin === "schedule" ? "the schedule" : "a user"}</Fact>
    </dl>
  );
}
