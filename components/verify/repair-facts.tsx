import Link from "next/link";
import { Fact } from "@/components/controls/fact";
import { formatCount } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { Moment } from "@/components/live/moment";
import type { Outputs } from "@/components/live/trpc";

type Row = Outputs["verify"]["repairs"]["rows"][number];

/** Who asked for a repair, when, and after which verification. */
export function RepairFacts({ taskId, row }: { taskId: string; row: Row }) {
  const { verificationId, by, from, startedAt, finishedAt, keys } = row;
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3 lg:grid-cols-5">
      <Fact label="Requested by">
        {by}
        {from !== null && <span className="block text-xs text-ink-3">{from}</span>}
      </Fact>
      <Fact label="Begun">
        <Moment at={startedAt} />
      </Fact>
      <Fact label="Took">
        {finishedAt === null ? "not ended yet" : formatDuration((finishedAt - startedAt) / 1000)}
      </Fact>
      <Fact label="Keys">{formatCount(keys)}</Fact>
      <Fact label="Differences from">
        <Link
          href={`/tasks/${taskId}/verifications/${verificationId}`}
          className="text-river hover:underline"
        >
          Verification {formatCount(verificationId)}
        </Link>
      </Fact>
    </dl>
  );
}
