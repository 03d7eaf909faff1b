import type { ReactNode } from "react";
import { CardSection } from "@/components/controls/card";
import { Fact, Unknown } from "@/components/controls/fact";
import { formatBytes } from "@/components/format/bytes";
import { formatCount, formatOffset, formatPercent, formatPlural } from "@/components/format/count";
import { serverName } from "@/components/format/server-name";
import type { ShardSummary } from "@/server/control/views/task-view";
import { backlogRoom, waitingBytes } from "./backlog-room";

/** What both ends said of themselves, and where in the stream the shard is. */
export function ReplicationFacts({ shard }: { shard: ShardSummary }) {
  const report = shard.report;
  const source = report?.source ?? null;
  const destination = report?.destination ?? null;
  const stream = report?.stream ?? null;
  const waiting = waitingBytes(stream);
  const room =
    source?.backlogFirstOffset === null ? null : backlogRoom(source, stream?.appliedOffset ?? null);
  return (
    <CardSection title="Replication">
      <Group title="Source">
        <Fact label="Server">{source === null ? <Unknown /> : serverName(source)}</Fact>
        <Fact label="Role">
          {source === null ? (
            <Unknown />
          ) : (
            `${source.role}, ${formatPlural(source.connectedReplicas, "replica")} connected`
          )}
        </Fact>
        <Fact label="Replication ID" className="col-span-full">
          <Mono text={source?.replid} />
        </Fact>
        <Fact label="Offset of the source">
          <Offset value={source?.masterReplOffset} />
        </Fact>
        <Fact label="Backlog room">
          {room === null ? (
            <Unknown text={source === null ? "unknown" : "the backlog is not active"} />
          ) : room.bytes < 0 ? (
            <span className="text-warn">outrun: a resume needs a new initial sync</span>
          ) : (
            `${formatBytes(room.bytes)} of ${formatBytes(source?.backlogSize ?? 0)} (${formatPercent(room.bytes, source?.backlogSize ?? 0)})`
          )}
        </Fact>
        <Fact label="Memory used">{source === null ? <Unknown /> : formatBytes(source.usedMemory)}</Fact>
      </Group>
      <Group title="Stream">
        <Fact label="Received offset">
          <Offset value={stream?.receivedOffset} />
        </Fact>
        <Fact label="Applied offset">
          <Offset value={stream?.appliedOffset} />
        </Fact>
        <Fact label="Commands applied since the engine's start">
          {stream === null ? <Unknown /> : formatCount(stream.commandsApplied)}
        </Fact>
        <Fact label="Waiting to be applied">
          {waiting === null ? <Unknown /> : <span data-fact="waiting">{formatBytes(waiting)}</span>}
        </Fact>
        <Fact label="Doubtful keys, to be copied again">
          {stream === null || stream.doubtfulKeys === null ? (
            <Unknown text={stream === null ? "unknown" : "not counted yet"} />
          ) : (
            <span data-fact="doubtful-keys" className={stream.doubtfulKeys > 0 ? "text-warn" : ""}>
              {formatCount(stream.doubtfulKeys)}
            </span>
          )}
        </Fact>
        <Fact label="Spool: memory set aside, on disk">
          {report === null ? (
            <Unknown />
          ) : (
            `${formatBytes(report.spool.memoryBytes)}, ${formatBytes(report.spool.diskBytes)}`
          )}
        </Fact>
        <Fact label="Checkpoint on the destination" className="col-span-full">
          {report?.checkpoint ? (
            <span className="font-mono text-xs break-all">
              {report.checkpoint.replid}:{formatOffset(report.checkpoint.offset)}
              <span className="text-ink-3"> db {report.checkpoint.db}</span>
            </span>
          ) : (
            <Unknown text="none yet" />
          )}
        </Fact>
      </Group>
      <Group title="Destination">
        <Fact label="Server">
          {destination === null ? <Unknown /> : `${serverName(destination)}, ${destination.role}`}
        </Fact>
        <Fact label="Memory used">
          {destination === null ? (
            <Unknown />
          ) : (
            `${formatBytes(destination.usedMemory)}${destination.maxMemory === 0 ? ", without limit" : ` of ${formatBytes(destination.maxMemory)}`}`
          )}
        </Fact>
        <Fact label="Eviction policy">
          {destination === null ? <Unknown /> : destination.maxMemoryPolicy}
        </Fact>
      </Group>
    </CardSection>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="border-t px-4 py-4 first-of-type:border-t-0 sm:px-5">
      <h3 className="mb-2.5 text-xs font-semibold text-ink-2">{title}</h3>
      <dl className="grid grid-cols-1 gap-x-4 gap-y-3 sm:grid-cols-2">{children}</dl>
    </div>
  );
}

function Mono({ text }: { text: string | undefined }) {
  return text === undefined ? <Unknown /> : <span className="font-mono text-xs break-all">{text}</span>;
}

function Offset({ value }: { value: string | undefined }) {
  return value === undefined ? (
    <Unknown />
  ) : (
    <span className="font-mono text-[0.8125rem]">{formatOffset(value)}</span>
  );
}
