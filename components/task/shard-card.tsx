import { ChevronRight } from "lucide-react";
import Link from "next/link";
import { Card } from "@/components/controls/card";
import { Fact, Unknown } from "@/components/controls/fact";
import { formatByteRate } from "@/components/format/bytes";
import { formatCount, formatRate } from "@/components/format/count";
import { serverName } from "@/components/format/server-name";
import { Ago } from "@/components/live/ago";
import { DiffersBadge } from "@/components/status/differs-badge";
import { LagValue } from "@/components/status/lag-value";
import { ReasonNote } from "@/components/status/reason-note";
import { StatusBadge } from "@/components/status/status-badge";
import type { ShardSummary, TaskView } from "@/server/control/views/task-view";
import type { PlainReason } from "@/server/errors/tributary-error";
import { BeforeInitialSync } from "./before-initial-sync";
import { InitialSync } from "./initial-sync";
import { copiedKeys, totalKeys } from "./key-totals";

type ShardCardProps = {
  taskId: string;
  databases: TaskView["databases"];
  /** Already on the page above: a shard does not repeat it. */
  taskReason: PlainReason | null;
  shard: ShardSummary;
};

/** One shard of a task: where it is in its initial sync, then how far behind it is. */
export function ShardCard({ taskId, databases, taskReason, shard }: ShardCardProps) {
  const { report, rates } = shard;
  const href = `/tasks/${taskId}/shards/${shard.id}`;
  const keys = totalKeys(copiedKeys(report?.sourceKeys ?? null, databases, "source"));
  return (
    <Card
      data-shard={shard.name}
      className="relative flex h-full flex-col p-4 transition-colors hover:border-line-strong/70 sm:p-5"
    >
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="font-semibold tracking-[-0.01em]">
            <Link href={href} className="break-words after:absolute after:inset-0 after:rounded-xl">
              {shard.name}
            </Link>
          </h2>
          <p className="mt-0.5 font-mono text-[0.6875rem] wrap-anywhere text-ink-3">
            {shard.address}
            {report?.source && <span className="whitespace-nowrap"> · {serverName(report.source)}</span>}
          </p>
        </div>
        <div className="flex shrink-0 flex-col items-end gap-1">
          <StatusBadge status={shard.status} />
          {report?.differs && <DiffersBadge title="The destination differs from this shard." />}
          <span className="num text-xs text-ink-3">
            for <Ago at={shard.since} form="for" />
          </span>
        </div>
      </div>
      {shard.reason !== null && shard.reason.message !== taskReason?.message && (
        <ReasonNote reason={shard.reason} className="mt-3" />
      )}
      {report?.initialSync ? (
        <InitialSync progress={report.initialSync} rates={rates} status={shard.status} />
      ) : (
        <BeforeInitialSync status={shard.status} />
      )}
      <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-3.5">
        <Fact label="Lag">{report === null ? <Unknown /> : <LagValue lag={report.lag} large />}</Fact>
        <Fact label="Applied">
          <div className="leading-tight">
            <div className="flex h-6 items-center text-xl font-semibold tracking-tight">
              {rates.commandsPerSecond === null ? (
                <span className="text-sm font-normal text-ink-3">
                  {shard.status === "synchronizing" ? "unknown" : "nothing now"}
                </span>
              ) : (
                formatRate(rates.commandsPerSecond)
              )}
            </div>
            <div className="mt-1 min-h-4 text-xs text-ink-3">
              {rates.bytesPerSecond !== null && formatByteRate(rates.bytesPerSecond)}
            </div>
          </div>
        </Fact>
        <Fact label="Keys on the shard">
          {keys === null ? <Unknown /> : <span data-fact="source-keys">{formatCount(keys.keys)}</span>}
          {keys !== null && keys.expires > 0 && (
            <span className="text-xs text-ink-3">
              {" "}
              {formatCount(keys.expires)} {keys.expires === 1 ? "expires" : "expire"}
            </span>
          )}
        </Fact>
        <Fact label="Not applied">
          <Refused href={href} skipped={shard.skippedTotal} rejected={shard.rejectedTotal} />
        </Fact>
      </dl>
      <ChevronRight className="absolute right-3.5 bottom-4.5 size-4 text-ink-3" aria-hidden />
    </Card>
  );
}

function Refused({ href, skipped, rejected }: { href: string; skipped: number; rejected: number }) {
  if (skipped === 0 && rejected === 0) return <span className="text-ink-3">none</span>;
  return (
    <Link href={`${href}#refused`} className="relative z-10 text-warn underline underline-offset-3">
      {[skipped > 0 && `${formatCount(skipped)} skipped`, rejected > 0 && `${formatCount(rejected)} rejected`]
        .filter(Boolean)
        .join(", ")}
    </Link>
  );
}
