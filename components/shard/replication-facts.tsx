import type { ReactNode } from "react";
import { CardSection } from "@/components/controls/card";
import { Fact, Unknown } from "@/components/controls/fact";
import { formatBytes } from "@/components/format/bytes";
import { formatCount, formatOffset, formatPercent, formatPlural } from "@/components/format/count";
import { serverName } from "@/components/format/server-name";
import type { ShardSummary } from "@/server/control/views/task-view";
import { backlogRoom, waitingBytes } from "./backlog-room";

type Report = NonNullable<ShardSummary["report"]>;

/** What both ends said of themselves, and where in the stream the shard is. */
export function ReplicationFacts({ shard: { report } }: { shard: ShardSummary }) {
  return (
    <CardSection title="Replication">
      <SourceFacts report={report} />
      <StreamFacts report={report} />
      <DestinationFacts destination={report?.destination ?? null} />
    </CardSection>
  );
}

function SourceFacts({ report }: { report: Report | null }) {
  const source = report?.source ?? null;
  return (
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
        {source === null ? (
          <Unknown />
        ) : (
          <BacklogRoom source={source} appliedOffset={report?.stream?.appliedOffset ?? null} />
        )}
      </Fact>
      <Fact label="Memory used">{source === null ? <Unknown /> : formatBytes(source.usedMemory)}</Fact>
    </Group>
  );
}

type BacklogRoomProps = { source: NonNullable<Report["source"]>; appliedOffset: string | null };

function BacklogRoom({ source, appliedOffset }: BacklogRoomProps) {
  const room = source.backlogFirstOffset === null ? null : backlogRoom(source, appliedOffset);
  if (room === null) return <Unknown text="the backlog is not active" />;
  if (room.bytes < 0) return <span className="text-warn">outrun: a resume needs a new initial sync</span>;
  const size = source.backlogSize ?? 0;
  return `${formatBytes(room.bytes)} of ${formatBytes(size)} (${formatPercent(room.bytes, size)})`;
}

function StreamFacts({ report }: { report: Report | null }) {
  const stream = report?.stream ?? null;
  const waiting = waitingBytes(stream);
  return (
    <Group title="Stream">
      <Fact label="Received offset">
        <Offset value={stream?.receivedOffset} />
      </Fact>
      <Fact label="Applied offset">
        <Offset value={stream?.appliedOffset} />
      </Fact>
      <Fact label="Commands applied since the engine started">
        {stream === null ? <Unknown /> : formatCount(stream.commandsApplied)}
      </Fact>
      <Fact label="Waiting to be applied">
        {waiting === null ? <Unknown /> : <span data-fact="waiting">{formatBytes(waiting)}</span>}
      </Fact>
      <Fact label="Doubtful keys, to be copied again">
        {stream === null ? <Unknown /> : <DoubtfulKeys count={stream.doubtfulKeys} />}
      </Fact>
      <Fact label="Spool: in memory, on disk">
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
  );
}

function DoubtfulKeys({ count }: { count: number | null }) {
  if (count === null) return <Unknown text="not counted yet" />;
  return (
    <span data-fact="doubtful-keys" className={count > 0 ? "text-warn" : ""}>
      {formatCount(count)}
    </span>
  );
}

function DestinationFacts({ destination }: { destination: Report["destination"] }) {
  if (destination === null)
    return (
      <Group title="Destination">
        <Fact label="Server">
          <Unknown />
        </Fact>
      </Group>
    );
  const { usedMemory, maxMemory, maxMemoryPolicy, role } = destination;
  const limit = maxMemory === 0 ? ", without limit" : ` of ${formatBytes(maxMemory)}`;
  return (
    <Group title="Destination">
      <Fact label="Server">{`${serverName(destination)}, ${role}`}</Fact>
      <Fact label="Memory used">{`${formatBytes(usedMemory)}${limit}`}</Fact>
      <Fact label="Eviction policy">{maxMemoryPolicy}</Fact>
    </Group>
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
