import { Card } from "@/components/controls/card";
import { Fact, Unknown } from "@/components/controls/fact";
import { formatCount } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { Moment } from "@/components/live/moment";
import { totalKeys } from "@/components/task/key-totals";
import type { SharedTask } from "@/server/control/views/shared-task";
import type { KeyCount } from "@/server/sync/report/shard-report";

/** From where to where, what both sides hold, and what the last verification said. */
export function SharedFacts({ shared }: { shared: SharedTask }) {
  const { details, verdict } = shared;
  const known = details.every(({ sourceKeys }) => sourceKeys !== null);
  const onShards = known ? details.flatMap(({ sourceKeys }) => sourceKeys ?? []) : null;
  return (
    <Card className="p-4 sm:px-6">
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 lg:grid-cols-4">
        <Fact label="From">
          <span className="wrap-anywhere">{shared.sourceLabel}</span>
        </Fact>
        <Fact label="To">
          <span className="font-mono text-[0.8125rem] wrap-anywhere">{shared.destinationLabel}</span>
        </Fact>
        <Fact label="Keys on the shards">
          <Keys counts={onShards} />
        </Fact>
        <Fact label="Keys on the destination">
          <Keys counts={shared.destinationKeys} />
        </Fact>
        <Fact label="Last verification">
          {verdict === null ? (
            <span className="text-ink-3">none yet</span>
          ) : (
            <>
              {verdict.sentence}{" "}
              <span className="num text-xs text-ink-3">
                <Ago at={verdict.finishedAt} />
                {verdict.stale !== null && `, ${verdict.stale}`}
              </span>
            </>
          )}
        </Fact>
        <Fact label="This link ends">
          <Moment at={shared.until} className="num" />
        </Fact>
      </dl>
    </Card>
  );
}

function Keys({ counts }: { counts: readonly KeyCount[] | null }) {
  const keys = totalKeys(counts);
  return keys === null ? <Unknown /> : <span className="num">{formatCount(keys.keys)}</span>;
}
